/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>

struct snapshot *snapshot_new(void)
{
	return calloc(1, sizeof(struct snapshot));
}

int snapshot_watch(struct snapshot *snapshot, const struct watched_ports *ports)
{
	if (ports->count == 0)
		return 0;
	snapshot->ports = calloc(ports->count, sizeof(*snapshot->ports));
	if (snapshot->ports == NULL)
		return -ENOMEM;
	snapshot->ports_count = ports->count;
	for (size_t port = 0; port < ports->count; port++)
		snapshot->ports[port].port = ports->port[port];
	return 0;
}

struct port_count *snapshot_port(const struct snapshot *snapshot, uint16_t number)
{
	for (size_t place = 0; place < snapshot->ports_count; place++) {
		if (snapshot->ports[place].port.number == number)
			return &snapshot->ports[place];
	}
	return NULL;
}

uint32_t snapshot_total(const struct snapshot *snapshot, enum tcp_state state)
{
	return snapshot->sockets[FAMILY_IPV4][state] + snapshot->sockets[FAMILY_IPV6][state];
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	free(snapshot->listeners);
	free(snapshot->ports);
	free(snapshot);
}
