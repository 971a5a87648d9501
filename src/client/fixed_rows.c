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
	struct query *query = batch->query;
	const netsnmp_variable_list *variable;
	netsnmp_pdu *response;

	if (batch->pdu == NULL)
		return;
	response = query_send(query, batch->pdu, &variable);
	batch->pdu = NULL;
	if (response == NULL)
		return;
	for (; query->outcome == OUTCOME_DONE && variable != NULL;
	     variable = variable->next_variable)
		query_write(query, variable);
	snmp_free_pdu(response);
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

/* The conditions of the watch that has the port's number as its name, and its counts. */
static void add_port_watch(struct batch *batch, uint16_t port)
{
	oid filter[MAX_OID_LEN] = {tcpStateCountObjects, tcpWatchTable, tcpWatchEntry,
				   tcpWatchFilter};
	oid count[MAX_OID_LEN] = {tcpStateCountObjects, tcpWatchStateTable, tcpWatchStateEntry,
				  tcpWatchCount};
	char name[sizeof("65535")];
	size_t length;

	snprintf(name, sizeof(name), "%u", port);
	add_object(batch, filter, append_watch(filter, 4, name));
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
		add_port_watch(&batch, ports->port[i].number);
		send_batch(&batch);
	}
	if (query->outcome == OUTCOME_DONE && query->refreshes != query->first_refreshes)
		query->outcome = OUTCOME_MIXED;
}
