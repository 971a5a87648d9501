/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/listen_rows.h"

#include "mib_objects.h"

#include <string.h>

#define ROWS_PER_PDU 3
#define ROWS_MAX 65536

#define LISTEN_QUEUE MIB_ROOT, tcpStateCountObjects, tcpListenQueueTable, tcpListenQueueEntry
#define COLUMN_LENGTH (ENTRIES(((const oid[]){LISTEN_QUEUE})) + 1)
#define COLUMNS ENTRIES(columns)

static const oid columns[] = {
	tcpListenSockets, tcpListenQueued,  tcpListenBacklog,  tcpListenDropped,
	tcpListenFill,    tcpListenFillMax, tcpListenSynQueue,
};

struct row_index {
	oid oid[MAX_OID_LEN];
	size_t length;
};

struct walk {
	struct query *query;
	struct row_index last; /* of the rows read so far; empty before the first one */
	size_t rows;
};

static void add_columns(netsnmp_pdu *pdu, const struct row_index *index)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		oid name[MAX_OID_LEN] = {LISTEN_QUEUE, columns[i]};

		memcpy(name + COLUMN_LENGTH, index->oid, index->length * sizeof(oid));
		snmp_add_null_var(pdu, name, COLUMN_LENGTH + index->length);
	}
}

static bool is_in_column(const netsnmp_variable_list *variable, oid column)
{
	const oid name[] = {LISTEN_QUEUE, column};

	return variable != NULL && variable->type != SNMP_ENDOFMIBVIEW &&
	       query_is_below(variable, name, ENTRIES(name));
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
static bool is_row(const netsnmp_variable_list *variable)
{
	const struct row_index row = index_of(variable);

	for (size_t i = 0; i < COLUMNS; i++) {
		struct row_index index;

		if (!is_in_column(variable, columns[i]))
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
	while (is_in_column(variable, columns[0])) {
		const struct row_index row = index_of(variable);

		if (compare_indexes(&row, &walk->last) <= 0) {
			query_fail_unexpected(walk->query);
			return false;
		}
		if (!is_row(variable))
			return false;
		for (size_t i = 0; i < COLUMNS; i++) {
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
	pdu->max_repetitions = ROWS_PER_PDU;
	add_columns(pdu, &walk->last);
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

	add_columns(pdu, &walk->last);
	response = query_send(walk->query, pdu, &variable);
	if (response == NULL)
		return false;
	ended = !is_in_column(variable, columns[0]);
	snmp_free_pdu(response);
	return ended;
}

void listen_rows_read(struct query *query)
{
	struct walk walk = {.query = query};
	bool ended = false;

	while (query->outcome == OUTCOME_DONE && !ended)
		ended = read_rows(&walk) && has_ended(&walk);
}
