/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/table_rows.h"

#include "array.h"
#include "mib_objects.h"
#include "model/tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 65536

#define COLUMN_LENGTH (ROOT_LENGTH + 4)

const struct table_rows listen_rows = {
	.table = tcpListenQueueTable,
	.entry = tcpListenQueueEntry,
	.columns = {tcpListenSockets, tcpListenQueued, tcpListenBacklog, tcpListenDropped,
		    tcpListenFill, tcpListenFillMax, tcpListenSynQueue},
	.columns_count = 7,
	.rows_per_pdu = 3,
};

const struct table_rows owner_rows = {
	.table = tcpOwnerTable,
	.entry = tcpOwnerEntry,
	.columns = {tcpOwnerCount},
	.columns_count = 1,
	.rows_per_pdu = 15,
};

struct row_index {
	oid oid[MAX_OID_LEN];
	size_t length;
};

struct walk {
	struct query *query;
	const struct table_rows *table;
	struct row_index last; /* of the rows read so far; empty before the first one */
	size_t rows;
};

/* Writes the name of a column. */
static void make_column(const struct table_rows *table, size_t column, oid name[MAX_OID_LEN])
{
	const oid start[COLUMN_LENGTH] = {MIB_ROOT};

	memcpy(name, start, sizeof(start));
	name[ROOT_LENGTH] = tcpStateCountObjects;
	name[ROOT_LENGTH + 1] = table->table;
	name[ROOT_LENGTH + 2] = table->entry;
	name[ROOT_LENGTH + 3] = table->columns[column];
}

static void add_columns(const struct walk *walk, netsnmp_pdu *pdu)
{
	for (size_t i = 0; i < walk->table->columns_count; i++) {
		oid name[MAX_OID_LEN];

		make_column(walk->table, i, name);
		memcpy(name + COLUMN_LENGTH, walk->last.oid, walk->last.length * sizeof(oid));
		snmp_add_null_var(pdu, name, COLUMN_LENGTH + walk->last.length);
	}
}

static bool is_in_column(const struct walk *walk, const netsnmp_variable_list *variable,
			 size_t column)
{
	oid name[MAX_OID_LEN];

	make_column(walk->table, column, name);
	return variable != NULL && variable->type != SNMP_ENDOFMIBVIEW &&
	       query_is_below(variable, name, COLUMN_LENGTH);
}

static struct row_index index_of(const netsnmp_variable_list *variable)
{
	struct row_index index = {.length = variable->name_length - COLUMN_LENGTH};

	memcpy(index.oid, variable->name + COLUMN_LENGTH, index.length * sizeof(oid));
	return index;
}

static int compare_indexes(const struct row_index *left, const struct row_index *right)
{
	return snmp_oid_compare(left->oid, left->length, right->oid, right->length);
}

/* Whether the columns from @p variable on are a complete row. */
static bool is_row(const struct walk *walk, const netsnmp_variable_list *variable)
{
	const struct row_index row = index_of(variable);

	for (size_t i = 0; i < walk->table->columns_count; i++) {
		struct row_index index;

		if (!is_in_column(walk, variable, i))
			return false;
		index = index_of(variable);
		if (compare_indexes(&index, &row) != 0)
			return false;
		variable = variable->next_variable;
	}
	return true;
}

/* Writes the rows of a response. @return whether they seem to be the last ones */
static bool write_rows(struct walk *walk, const netsnmp_variable_list *variable)
{
	while (is_in_column(walk, variable, 0)) {
		const struct row_index row = index_of(variable);

		if (compare_indexes(&row, &walk->last) <= 0) {
			query_fail_unexpected(walk->query);
			return false;
		}
		if (!is_row(walk, variable))
			return false;
		if (walk->table->visit != NULL)
			walk->table->visit(variable, walk->table->context);
		for (size_t i = 0; i < walk->table->columns_count; i++) {
			query_write(walk->query, variable);
			variable = variable->next_variable;
		}
		walk->last = row;
		walk->rows++;
	}
	return variable != NULL;
}

/* Requests the next rows. @return whether they seem to be the last ones */
static bool read_rows(struct walk *walk)
{
	struct query *query = walk->query;
	netsnmp_pdu *pdu = query_create_pdu(SNMP_MSG_GETBULK);
	const netsnmp_variable_list *variable;
	const size_t rows_before = walk->rows;
	netsnmp_pdu *response;
	bool ended;

	pdu->non_repeaters = QUERY_GUARDS;
	pdu->max_repetitions = walk->table->rows_per_pdu;
	add_columns(walk, pdu);
	response = query_send(query, pdu, &variable);
	if (response == NULL)
		return false;
	ended = write_rows(walk, variable);
	snmp_free_pdu(response);
	if (walk->rows > ROWS_MAX)
		query_fail_unexpected(query);
	/* Only part of a row: the agent has just exited. */
	if (query->outcome == OUTCOME_DONE && !ended && walk->rows == rows_before)
		query->outcome = OUTCOME_INTERRUPTED;
	return ended;
}

/*
 * snmpd assembles the response to a GETBULK from several responses of the agent, which may exit in
 * between. The response to a GETNEXT is one response of the agent, including the guards.
 */
static bool has_ended(struct walk *walk)
{
	netsnmp_pdu *pdu = query_create_pdu(SNMP_MSG_GETNEXT);
	const netsnmp_variable_list *variable;
	netsnmp_pdu *response;
	bool ended;

	add_columns(walk, pdu);
	response = query_send(walk->query, pdu, &variable);
	if (response == NULL)
		return false;
	ended = !is_in_column(walk, variable, 0);
	snmp_free_pdu(response);
	return ended;
}

void table_rows_read(struct query *query, const struct table_rows *table)
{
	struct walk walk = {.query = query, .table = table};
	bool ended = false;

	while (query->outcome == OUTCOME_DONE && !ended)
		ended = read_rows(&walk) && has_ended(&walk);
}

/* ---- thresholds ---- */

#define RAISED 2

struct raised_rows {
	struct row_index *indexes;
	size_t count, allocated;
	bool failed; /* out of memory */
};

static void add_raised(const netsnmp_variable_list *variable, void *context)
{
	struct raised_rows *raised = context;
	struct row_index *indexes;

	if (variable->type != ASN_INTEGER || *variable->val.integer != RAISED || raised->failed)
		return;
	indexes = array_with_room(raised->indexes, raised->count, &raised->allocated,
				  sizeof(*indexes));
	raised->failed = indexes == NULL;
	if (indexes == NULL)
		return;
	raised->indexes = indexes;
	raised->indexes[raised->count++] = index_of(variable);
}

static void read_raised(struct query *query, const struct row_index *index)
{
	static const struct table_rows details = {
		.table = tcpThresholdTable,
		.entry = tcpThresholdEntry,
		.columns = {tcpThresholdMetric, tcpThresholdRange, tcpThresholdValue,
			    tcpThresholdTop, tcpThresholdSinceDate},
		.columns_count = 5,
	};
	const struct walk walk = {.table = &details, .last = *index};
	netsnmp_pdu *pdu = query_create_pdu(SNMP_MSG_GET);

	add_columns(&walk, pdu);
	query_send_and_write(query, pdu);
}

static void read_extremes(struct query *query)
{
	netsnmp_pdu *pdu = query_create_pdu(SNMP_MSG_GET);

	for (oid column = tcpStateTotalMin; column <= tcpStateTotalMax; column++) {
		for (oid state = 1; state <= STATES; state++) {
			const oid name[] = {MIB_ROOT,
					    tcpStateCountObjects,
					    tcpStateTotalTable,
					    tcpStateTotalEntry,
					    column,
					    state};

			snmp_add_null_var(pdu, name, ENTRIES(name));
		}
	}
	query_send_and_write(query, pdu);
}

void threshold_rows_read(struct query *query)
{
	struct raised_rows raised = {0};
	const struct table_rows statuses = {
		.table = tcpThresholdTable,
		.entry = tcpThresholdEntry,
		.columns = {tcpThresholdStatus},
		.columns_count = 1,
		.rows_per_pdu = 15,
		.visit = add_raised,
		.context = &raised,
	};

	read_extremes(query);
	if (query->outcome == OUTCOME_DONE)
		table_rows_read(query, &statuses);
	for (size_t i = 0; query->outcome == OUTCOME_DONE && i < raised.count; i++)
		read_raised(query, &raised.indexes[i]);
	if (raised.failed) {
		fprintf(stderr, "%s\n", strerror(ENOMEM));
		query->outcome = OUTCOME_FAILED;
	}
	free(raised.indexes);
}
