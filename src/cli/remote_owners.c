/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote_reading.h"

#include "array.h"

#include <errno.h>
#include <string.h>

static struct owner_count *last_owner(const struct reading *reading)
{
	return &reading->snapshot->owners[reading->snapshot->owners_count - 1];
}

static int add_received_owner(struct reading *reading, const char *name)
{
	struct snapshot *snapshot = reading->snapshot;
	struct owner_count *owners = array_with_room(snapshot->owners, snapshot->owners_count,
						     &reading->owners_allocated, sizeof(*owners));

	if (owners == NULL)
		return -ENOMEM;
	snapshot->owners = owners;
	snapshot->owners[snapshot->owners_count] = (struct owner_count){0};
	strcpy(snapshot->owners[snapshot->owners_count++].name, name);
	return 0;
}

/* Rows are in the order of owner_name_compare() and states. Their numbers are of both families. */
int read_owner(struct reading *reading, const struct object *object)
{
	struct snapshot *snapshot = reading->snapshot;
	char name[OWNER_NAME_MAX + 1];
	uint32_t state, sockets;
	int order;

	if (!reading->request->owners || object->length < 7 || object->oid[2] != tcpOwnerEntry ||
	    object->oid[3] != tcpOwnerCount || !parse_gauge(object->value, &sockets) ||
	    !read_index_name(object->oid + 4, object->length - 5, name, OWNER_NAME_MAX))
		return -EPROTO;
	state = object->oid[object->length - 1] - 1;
	if (state >= STATES)
		return -EPROTO;
	order = snapshot->owners_count == 0 ? -1
					    : owner_name_compare(last_owner(reading)->name, name);
	if (order > 0 || (order == 0 && state <= (uint32_t)reading->owner_state))
		return -EPROTO;
	if (order < 0) {
		int error = add_received_owner(reading, name);

		if (error != 0)
			return error;
	}
	reading->owner_state = (enum tcp_state)state;
	last_owner(reading)->sockets[FAMILY_IPV4][state] = sockets;
	snapshot->owners_known = true;
	snapshot->owner_states |= 1U << state;
	return 0;
}
