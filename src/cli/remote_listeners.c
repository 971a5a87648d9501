/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote_reading.h"

#include "array.h"

#include <errno.h>

/* InetAddressType (RFC 4001, section 4) */
#define TYPE_IPV4 1
#define TYPE_IPV6 2
#define TYPE_IPV6Z 4
#define ZONE_SIZE 4

static bool read_octets(const uint32_t *oid, uint8_t *octets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (oid[i] > UINT8_MAX)
			return false;
		octets[i] = (uint8_t)oid[i];
	}
	return true;
}

/* The index is the type, length and octets of the address, and the port. */
static bool read_endpoint(const uint32_t *index, size_t length, struct endpoint *endpoint)
{
	const uint32_t *address = index + 2;
	size_t size;
	uint8_t zone[ZONE_SIZE];

	*endpoint = (struct endpoint){.family = FAMILY_IPV6};
	if (length < 3 || index[1] != length - 3 || index[length - 1] > UINT16_MAX)
		return false;
	size = index[1];
	endpoint->port = (uint16_t)index[length - 1];
	if (index[0] == TYPE_IPV4 && size == ADDRESS_SIZE_IPV4) {
		endpoint->family = FAMILY_IPV4;
	} else if (index[0] == TYPE_IPV6Z && size == ADDRESS_SIZE_IPV6 + ZONE_SIZE) {
		size = ADDRESS_SIZE_IPV6;
		if (!read_octets(address + size, zone, sizeof(zone)))
			return false;
		for (size_t i = 0; i < sizeof(zone); i++)
			endpoint->zone = endpoint->zone << 8 | zone[i];
		if (endpoint->zone == 0)
			return false;
	} else if (index[0] != TYPE_IPV6 || size != ADDRESS_SIZE_IPV6) {
		return false;
	}
	return read_octets(address, endpoint->address, size);
}

static struct listener *last_listener(const struct reading *reading)
{
	return &reading->snapshot->listeners[reading->snapshot->listeners_count - 1];
}

/* Rows are in the order of endpoint_compare(). @return 0, -EPROTO or -ENOMEM */
static int add_received_listener(struct reading *reading, const struct endpoint *endpoint)
{
	struct snapshot *snapshot = reading->snapshot;
	struct listener *listeners;

	if (snapshot->listeners_count > 0 &&
	    endpoint_compare(&last_listener(reading)->endpoint, endpoint) >= 0)
		return -EPROTO;
	listeners = array_with_room(snapshot->listeners, snapshot->listeners_count,
				    &reading->listeners_allocated, sizeof(*listeners));
	if (listeners == NULL)
		return -ENOMEM;
	snapshot->listeners = listeners;
	snapshot->listeners[snapshot->listeners_count++] = (struct listener){.endpoint = *endpoint};
	return 0;
}

static void set_listener(struct listener *listener, int column, uint32_t number)
{
	switch (column) {
	case tcpListenSockets:
		listener->sockets = number;
		break;
	case tcpListenQueued:
		listener->queued = number;
		break;
	case tcpListenBacklog:
		listener->backlog = number;
		break;
	case tcpListenDropped:
		listener->dropped = number;
		break;
	case tcpListenFill:
		listener->fill = number;
		break;
	case tcpListenFillMax:
		listener->fill_max = number;
		break;
	default:
		listener->syn_queue = number;
	}
}

/* The columns of a row follow one another, and then those of the next row. */
int read_listener(struct reading *reading, const struct object *object)
{
	static const int next_column[] = {
		[0] = tcpListenSockets,
		[tcpListenSockets] = tcpListenQueued,
		[tcpListenQueued] = tcpListenBacklog,
		[tcpListenBacklog] = tcpListenDropped,
		[tcpListenDropped] = tcpListenFill,
		[tcpListenFill] = tcpListenFillMax,
		[tcpListenFillMax] = tcpListenSynQueue,
	};
	const int column = next_column[reading->listener_column];
	struct endpoint endpoint;
	uint32_t number;

	if (object->length < 4 || object->oid[2] != tcpListenQueueEntry ||
	    object->oid[3] != (uint32_t)column ||
	    !read_endpoint(object->oid + 4, object->length - 4, &endpoint) ||
	    !parse_gauge(object->value, &number))
		return -EPROTO;
	if (column == tcpListenSockets) {
		int error = add_received_listener(reading, &endpoint);

		if (error != 0)
			return error;
	} else if (endpoint_compare(&last_listener(reading)->endpoint, &endpoint) != 0) {
		return -EPROTO;
	}
	set_listener(last_listener(reading), column, number);
	reading->listener_column = column == tcpListenSynQueue ? 0 : column;
	return 0;
}
