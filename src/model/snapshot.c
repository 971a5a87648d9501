/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	for (size_t i = 0; i < ports->count; i++)
		snapshot->ports[i].port = ports->port[i];
	return 0;
}

struct port_count *snapshot_port(const struct snapshot *snapshot, uint16_t number)
{
	for (size_t i = 0; i < snapshot->ports_count; i++) {
		if (snapshot->ports[i].port.number == number)
			return &snapshot->ports[i];
	}
	return NULL;
}

static int compare_endpoint(const void *endpoint, const void *listener)
{
	return endpoint_compare(endpoint, &((const struct listener *)listener)->endpoint);
}

struct listener *snapshot_listener(const struct snapshot *snapshot, const struct endpoint *endpoint)
{
	if (snapshot->listeners_count == 0)
		return NULL;
	return bsearch(endpoint, snapshot->listeners, snapshot->listeners_count,
		       sizeof(*snapshot->listeners), compare_endpoint);
}

uint32_t snapshot_zone(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->zones_count; i++) {
		if (strcmp(snapshot->zones[i].name, name) == 0)
			return snapshot->zones[i].index;
	}
	return 0;
}

uint32_t snapshot_total(const struct snapshot *snapshot, enum tcp_state state)
{
	return snapshot->sockets[FAMILY_IPV4][state] + snapshot->sockets[FAMILY_IPV6][state];
}

bool snapshot_counts(const struct snapshot *snapshot, enum tcp_state state)
{
	return state != STATE_CLOSED || snapshot->closed_counted;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	free(snapshot->listeners);
	free(snapshot->zones);
	free(snapshot->ports);
	free(snapshot);
}
