/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/fixed_rows.h"

#include "mib_objects.h"
#include "model/tcp.h"

#include <string.h>

/* Few enough for a response to fit into an Ethernet frame, with SNMPv3 headers. */
#define PDU_OBJECTS 32

struct batch {
	struct query *query;
	netsnmp_pdu *pdu; /* NULL: empty */
	size_t objects;   /* in the PDU, including the guards */
};

static void send_batch(struct batch *batch)
{
	if (batch->pdu != NULL)
		query_send_and_write(batch->query, batch->pdu);
	batch->pdu = NULL;
}

/* Nothing more is requested if the first response had no counts. */
static void add_object(struct batch *batch, const oid *below, size_t length)
{
	oid name[MAX_OID_LEN] = {MIB_ROOT};

	if (batch->query->outcome != OUTCOME_DONE || batch->query->absent)
		return;
	if (batch->pdu == NULL) {
		batch->pdu = query_create_pdu(SNMP_MSG_GET);
		batch->objects = QUERY_GUARDS;
	}
	memcpy(name + ROOT_LENGTH, below, length * sizeof(*below));
	snmp_add_null_var(batch->pdu, name, ROOT_LENGTH + length);
	if (++batch->objects == PDU_OBJECTS)
		send_batch(batch);
}

#define ADD(batch, ...)                                                       \
	add_object((batch), (const oid[]){tcpStateCountObjects, __VA_ARGS__}, \
		   ENTRIES(((const oid[]){tcpStateCountObjects, __VA_ARGS__})))

static void add_refresh_scalars(struct batch *batch)
{
	static const oid scalars[] = {tcpRefreshAge, tcpRefreshDuration, tcpRefreshLastError,
				      tcpRefreshMethod, tcpRefreshListenersOmitted};

	for (size_t i = 0; i < ENTRIES(scalars); i++)
		ADD(batch, tcpRefresh, scalars[i], 0);
}

/* InetVersion and TcpState count from 1. */
static void add_state_counts(struct batch *batch)
{
	for (oid family = 1; family <= FAMILIES; family++) {
		for (oid state = 1; state <= STATES; state++)
			ADD(batch, tcpStateCountTable, tcpStateCountEntry, tcpStateCount, family,
			    state);
	}
}

static void add_family_counts(struct batch *batch)
{
	for (oid column = tcpFamilyUdp; column <= tcpFamilyFrag; column++) {
		for (oid family = 1; family <= FAMILIES; family++)
			ADD(batch, tcpFamilyTable, tcpFamilyEntry, column, family);
	}
}

static void add_host_scalars(struct batch *batch)
{
	for (oid scalar = tcpHostOrphans; scalar <= tcpHostSynQueueCookies; scalar++)
		ADD(batch, tcpHost, scalar, 0);
}

/* Appends the index of the watch called @p name; returns the new length. */
static size_t append_watch(oid *below, size_t length, const char *name)
{
	below[length++] = strlen(name);
	while (*name != '\0')
		below[length++] = (unsigned char)*name++;
	return length;
}

/* The conditions of a watch, its use of ports, and its counts. */
static void add_watch(struct batch *batch, const char *name, bool port_use)
{
	oid entry[MAX_OID_LEN] = {tcpStateCountObjects, tcpWatchTable, tcpWatchEntry,
				  tcpWatchFilter};
	oid count[MAX_OID_LEN] = {tcpStateCountObjects, tcpWatchStateTable, tcpWatchStateEntry,
				  tcpWatchCount};
	size_t length = append_watch(entry, 4, name);

	add_object(batch, entry, length);
	entry[3] = tcpWatchPortUse;
	if (port_use)
		add_object(batch, entry, length);
	length = append_watch(count, 4, name);
	for (oid family = 1; family <= FAMILIES; family++) {
		for (oid state = 1; state <= STATES; state++) {
			count[length] = family;
			count[length + 1] = state;
			add_object(batch, count, length + 2);
		}
	}
}

/* The first request has the counts of all sockets. */
void fixed_rows_read(struct query *query, const struct watched_ports *ports)
{
	struct batch batch = {.query = query};

	add_refresh_scalars(&batch);
	add_state_counts(&batch);
	add_family_counts(&batch);
	add_host_scalars(&batch);
	send_batch(&batch);
	for (size_t i = 0; i < ports->count; i++) {
		char name[sizeof("65535")];

		snprintf(name, sizeof(name), "%u", ports->port[i].number);
		add_watch(&batch, name, false);
		send_batch(&batch);
	}
	if (query->outcome == OUTCOME_DONE && query->refreshes != query->first_refreshes)
		query->outcome = OUTCOME_MIXED;
}

/* ---- all watches ---- */

#define WATCH_FILTER MIB_ROOT, tcpStateCountObjects, tcpWatchTable, tcpWatchEntry, tcpWatchFilter
#define FILTER_LENGTH ENTRIES(((const oid[]){WATCH_FILTER}))

/* The name of the watch that @p variable belongs to. @return false if it is another object */
static bool read_watch_name(const netsnmp_variable_list *variable, char name[WATCH_NAME_MAX + 1])
{
	static const oid column[] = {WATCH_FILTER};
	const oid *index = variable->name + FILTER_LENGTH;
	size_t length;

	if (variable->type == SNMP_ENDOFMIBVIEW || !query_is_below(variable, column, FILTER_LENGTH))
		return false;
	length = variable->name_length - FILTER_LENGTH - 1;
	if (length == 0 || length > WATCH_NAME_MAX || index[0] != length)
		return false;
	for (size_t i = 0; i < length; i++)
		name[i] = (char)index[1 + i];
	name[length] = '\0';
	return true;
}

/* Finds the watch after the one called @p name, or the first one. @return false if there is none */
static bool find_next_watch(struct query *query, char name[WATCH_NAME_MAX + 1])
{
	netsnmp_pdu *pdu = query_create_pdu(SNMP_MSG_GETNEXT);
	oid after[MAX_OID_LEN] = {WATCH_FILTER};
	const netsnmp_variable_list *variable;
	size_t length = FILTER_LENGTH;
	netsnmp_pdu *response;
	bool found;

	if (name[0] != '\0')
		length = append_watch(after, length, name);
	snmp_add_null_var(pdu, after, length);
	response = query_send(query, pdu, &variable);
	if (response == NULL)
		return false;
	found = variable != NULL && read_watch_name(variable, name);
	snmp_free_pdu(response);
	return found;
}

void fixed_rows_read_watches(struct query *query)
{
	struct batch batch = {.query = query};
	char name[WATCH_NAME_MAX + 1] = "";

	for (size_t i = 0;
	     i < WATCHES_MAX && query->outcome == OUTCOME_DONE && find_next_watch(query, name);
	     i++) {
		add_watch(&batch, name, true);
		send_batch(&batch);
	}
	if (query->outcome == OUTCOME_DONE && query->refreshes != query->first_refreshes)
		query->outcome = OUTCOME_MIXED;
}
