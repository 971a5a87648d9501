/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of objects below the MIB's root, and how GET and GETNEXT find their way in it.
 *
 * A table describes itself: where it is, its columns, its rows. Scalars are the columns of a table
 * with one row, whose index is 0. Everything here is computed from what is handed in; nothing is
 * read, kept or sent.
 */
#ifndef AGENT_MIB_TREE_H
#define AGENT_MIB_TREE_H

#include "model/refreshes.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stddef.h>

#define MIB_AT_MAX 3
#define MIB_INDEX_MAX 40
#define MIB_NAME_MAX (MIB_AT_MAX + 1 + MIB_INDEX_MAX)
#define MIB_TEXT_SIZE 256

/** What the objects take their values from; one and the same for all objects of a request. */
struct served {
	const struct report *latest; /**< of the last refresh that succeeded; NULL before it */
	const struct report *report; /**< the same, or NULL where it is too old to be told */
	const struct judgement *judgement; /**< of the latest report, or of a notification */
	bool too_old; /**< the latest report is, and values of now are absent */
	const struct refreshes *refreshes;
	uint32_t notifications_dropped;
	int64_t now_ns;     /**< when the request came */
	int64_t up_from_ns; /**< when snmpd's sysUpTime was 0 */
};

/** A value: text for ASN_OCTET_STR, number for every other type. */
struct mib_value {
	uint64_t number;
	char text[MIB_TEXT_SIZE];
};

/** Which of an object's values is asked for. */
struct mib_cell {
	const struct served *served;
	size_t row;
	int key; /**< the object's */
};

/** A column of a table, or a scalar. */
struct mib_object {
	oid number;
	u_char type; /**< ASN_GAUGE and the like */
	/** Sets @p value; returns false where this row has none, as if the row were not there. */
	bool (*get)(const struct mib_cell *cell, struct mib_value *value);
	int key; /**< tells objects apart that share a getter */
};

struct mib_table {
	oid at[MIB_AT_MAX]; /**< of the entry or the scalars' group, below the MIB's root */
	size_t at_length;
	const struct mib_object *objects; /**< in the order of their numbers */
	size_t objects_count;
	/** How many rows there are. */
	size_t (*rows)(const struct served *served);
	/** The row's index, in the order of the rows; returns its length. */
	size_t (*index)(const struct served *served, size_t row, oid index[MIB_INDEX_MAX]);
};

/** The rows and the index of a group of scalars. */
size_t mib_scalar_rows(const struct served *served);
size_t mib_scalar_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX]);

enum mib_outcome {
	MIB_FOUND,
	MIB_NO_OBJECT,   /**< RFC 3416, section 4.2.1: no object type has this prefix */
	MIB_NO_INSTANCE, /**< the object type is known, but not this instance of it */
};

/** An instance that was found. All names are relative to the MIB's root. */
struct mib_instance {
	oid name[MIB_NAME_MAX];
	size_t name_length;
	u_char type;
	struct mib_value value;
};

/**
 * Finds the instance called @p name.
 * @param tables in the order of their places, NULL after the last
 */
enum mib_outcome mib_get(const struct mib_table *const tables[], const struct served *served,
			 const oid *name, size_t name_length, struct mib_instance *instance);

/**
 * Finds the first instance after @p name, or, if @p inclusive, not before it.
 * @return false if there is none
 */
bool mib_next(const struct mib_table *const tables[], const struct served *served, const oid *name,
	      size_t name_length, bool inclusive, struct mib_instance *instance);

#endif
