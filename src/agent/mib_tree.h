/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of objects below the root of the MIB, and the lookups of GET and GETNEXT.
 *
 * A table describes itself: its OID, its columns, its rows. Scalars are the columns of a table with
 * one row, whose index is 0. Everything is computed from the arguments, without I/O or state.
 */
#ifndef AGENT_MIB_TREE_H
#define AGENT_MIB_TREE_H

#include "model/history.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stddef.h>

#define MIB_ENTRY_OID_MAX 3
#define MIB_INDEX_MAX 50
#define MIB_NAME_MAX (MIB_ENTRY_OID_MAX + 1 + MIB_INDEX_MAX)
#define MIB_TEXT_SIZE 256

/** The data that values are taken from, the same for all objects of a request. */
struct served {
	const struct report *latest; /**< of the last refresh that succeeded; NULL before it */
	const struct report *report; /**< the same, or NULL if it is too old to serve */
	const struct evaluation *evaluation; /**< of the latest report, or of a notification */
	bool too_old;                        /**< the latest report: current values are absent */
	const struct history *refreshes;
	uint32_t notifications_dropped;
	int64_t now_ns;          /**< when the request arrived */
	int64_t up_from_ns;      /**< when snmpd's sysUpTime was 0 */
	int64_t started_real_ns; /**< when the agent was started, since 1970 */
};

/** A value: text for ASN_OCTET_STR, number for every other type. */
struct mib_value {
	uint64_t number;
	char text[MIB_TEXT_SIZE];
	size_t length; /**< of the text, set by mib_get() and mib_next() */
};

/** Selects one value of an object. */
struct mib_cell {
	const struct served *served;
	size_t row;
	int key; /**< that of the object */
};

/** A column of a table, or a scalar. */
struct mib_object {
	oid number;
	u_char type; /**< ASN_GAUGE and the like */
	/** Sets @p value; returns false if there is none in this row. */
	bool (*get)(const struct mib_cell *cell, struct mib_value *value);
	int key;       /**< distinguishes objects that share a getter */
	size_t octets; /**< the constant length of texts with null characters; 0: they have none */
};

struct mib_table {
	oid at[MIB_ENTRY_OID_MAX]; /**< OID of the entry or scalar group, relative to the root */
	size_t at_length;
	const struct mib_object *objects; /**< sorted by number */
	size_t objects_count;
	/** The number of rows. */
	size_t (*rows)(const struct served *served);
	/** Sets the index of a row, ascending with @p row; returns its length. */
	size_t (*index)(const struct served *served, size_t row, oid index[MIB_INDEX_MAX]);
};

/** Initialises a table's objects. */
#define MIB_OBJECTS(array) .objects = (array), .objects_count = sizeof(array) / sizeof((array)[0])

/** The rows and the index of a group of scalars. */
size_t mib_scalar_rows(const struct served *served);
size_t mib_scalar_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX]);

enum mib_outcome {
	MIB_FOUND,
	MIB_NO_OBJECT,   /**< RFC 3416, section 4.2.1: no object type has this prefix */
	MIB_NO_INSTANCE, /**< the object type is known, but not this instance of it */
};

/** An instance. Names are relative to the root of the MIB. */
struct mib_instance {
	oid name[MIB_NAME_MAX];
	size_t name_length;
	u_char type;
	struct mib_value value;
};

/**
 * Finds the instance called @p name.
 * @param tables sorted by OID, NULL after the last
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
