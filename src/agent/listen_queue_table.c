/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpListenQueueTable: a row for every listening endpoint, and how full its accept queue is.
 */
#include "agent/tables.h"

#include <arpa/inet.h>

/* InetAddressType (RFC 4001, section 4) */
enum address_type {
	ADDRESS_IPV4 = 1,
	ADDRESS_IPV6 = 2,
	ADDRESS_IPV6Z = 4,
};

static size_t rows(const struct served *served)
{
	return served->report == NULL ? 0 : served->report->snapshot->listeners_count;
}

static enum address_type address_type(const struct endpoint *endpoint)
{
	if (endpoint->family == FAMILY_IPV4)
		return ADDRESS_IPV4;
	return endpoint->zone == 0 ? ADDRESS_IPV6 : ADDRESS_IPV6Z;
}

static size_t append(oid *index, const uint8_t *octets, size_t count)
{
	for (size_t octet = 0; octet < count; octet++)
		index[octet] = octets[octet];
	return count;
}

/* Type, the address's length and octets, port; the order is endpoint_compare()'s. */
static size_t row_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	const struct endpoint *endpoint = &served->report->snapshot->listeners[row].endpoint;
	const uint32_t zone = htonl(endpoint->zone);
	oid *address = &index[2];
	size_t length;

	length = append(address, endpoint->address,
			endpoint->family == FAMILY_IPV4 ? ADDRESS_SIZE_IPV4 : ADDRESS_SIZE_IPV6);
	if (endpoint->zone != 0)
		length += append(address + length, (const uint8_t *)&zone, sizeof(zone));
	index[0] = address_type(endpoint);
	index[1] = length;
	address[length] = endpoint->port;
	return 2 + length + 1;
}

static const struct listener *listener_of(const struct mib_cell *cell)
{
	return &cell->served->report->snapshot->listeners[cell->row];
}

static bool sockets(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->sockets;
	return true;
}

static bool queued(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->queued;
	return true;
}

static bool queued_maximum(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->report->queued[cell->row].max;
	return true;
}

static bool backlog(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->backlog;
	return true;
}

static bool dropped(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = listener_of(cell)->dropped;
	return true;
}

static bool label(const struct mib_cell *cell, struct mib_value *value)
{
	endpoint_text(&listener_of(cell)->endpoint, value->text);
	return true;
}

static const struct mib_object columns[] = {
	{.number = 1, .type = ASN_GAUGE, .get = sockets},
	{.number = 2, .type = ASN_GAUGE, .get = queued},
	{.number = 3, .type = ASN_GAUGE, .get = queued_maximum},
	{.number = 4, .type = ASN_GAUGE, .get = backlog},
	{.number = 5, .type = ASN_COUNTER, .get = dropped},
	{.number = 6, .type = ASN_OCTET_STR, .get = label},
};

const struct mib_table listen_queue_table = {
	.at = {1, 5, 1},
	.at_length = 3,
	OBJECTS(columns),
	.rows = rows,
	.index = row_index,
};
