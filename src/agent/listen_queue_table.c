/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/listen_queue_table.h"

#include "mib_objects.h"

#include <arpa/inet.h>
#include <stdio.h>

/* InetAddressType (RFC 4001, section 4) */
enum address_type {
	ADDRESS_IPV4 = 1,
	ADDRESS_IPV6 = 2,
	ADDRESS_IPV6Z = 4,
};

static size_t listen_queue_rows(const struct served *served)
{
	return served->report == NULL ? 0 : served->report->snapshot->listeners_count;
}

static enum address_type address_type(const struct endpoint *endpoint)
{
	if (endpoint->family == FAMILY_IPV4)
		return ADDRESS_IPV4;
	return endpoint->zone == 0 ? ADDRESS_IPV6 : ADDRESS_IPV6Z;
}

static size_t append_octets(oid *index, const uint8_t *octets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		index[i] = octets[i];
	return count;
}

/* The type, length and octets of the address, and the port, in the order of endpoint_compare(). */
static size_t listen_queue_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	const struct endpoint *endpoint = &served->report->snapshot->listeners[row].endpoint;
	const uint32_t zone = htonl(endpoint->zone);
	oid *address = &index[2];
	size_t length;

	length = append_octets(address, endpoint->address,
			       endpoint->family == FAMILY_IPV4 ? ADDRESS_SIZE_IPV4
							       : ADDRESS_SIZE_IPV6);
	if (endpoint->zone != 0)
		length += append_octets(address + length, (const uint8_t *)&zone, sizeof(zone));
	index[0] = address_type(endpoint);
	index[1] = length;
	address[length] = endpoint->port;
	return 2 + length + 1;
}

static const struct listener *listener_of(const struct mib_cell *cell)
{
	return &cell->served->report->snapshot->listeners[cell->row];
}

static bool listen_sockets(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->sockets;
	return true;
}

static bool listen_queued(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->queued;
	return true;
}

static bool listen_queued_max(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->queued_max;
	return true;
}

static bool listen_backlog(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->backlog;
	return true;
}

static bool listen_dropped(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->dropped;
	return true;
}

static bool listen_fill(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->fill;
	return true;
}

static bool listen_fill_max(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->fill_max;
	return true;
}

static bool listen_syn_queue(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->syn_queue;
	return true;
}

static bool listen_owner(const struct mib_cell *cell, struct mib_value *value)
{
	const char *owner =
		snapshot_listen_owner(cell->served->report->snapshot, listener_of(cell));

	if (owner == NULL)
		return false;
	snprintf(value->text, sizeof(value->text), "%s", owner);
	return true;
}

static bool listen_label(const struct mib_cell *cell, struct mib_value *value)
{
	endpoint_text(&listener_of(cell)->endpoint, value->text);
	return true;
}

static const struct mib_object columns[] = {
	{.number = tcpListenSockets, .type = ASN_GAUGE, .get = listen_sockets},
	{.number = tcpListenQueued, .type = ASN_GAUGE, .get = listen_queued},
	{.number = tcpListenQueuedMax, .type = ASN_GAUGE, .get = listen_queued_max},
	{.number = tcpListenBacklog, .type = ASN_GAUGE, .get = listen_backlog},
	{.number = tcpListenDropped, .type = ASN_COUNTER, .get = listen_dropped},
	{.number = tcpListenLabel, .type = ASN_OCTET_STR, .get = listen_label},
	{.number = tcpListenFill, .type = ASN_GAUGE, .get = listen_fill},
	{.number = tcpListenFillMax, .type = ASN_GAUGE, .get = listen_fill_max},
	{.number = tcpListenOwner, .type = ASN_OCTET_STR, .get = listen_owner},
	{.number = tcpListenSynQueue, .type = ASN_GAUGE, .get = listen_syn_queue},
};

const struct mib_table listen_queue_table = {
	.at = {tcpStateCountObjects, tcpListenQueueTable, tcpListenQueueEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = listen_queue_rows,
	.index = listen_queue_index,
};
