/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/port.h"

#include "number.h"
#include "utf8.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int watched_port_parse(const char *text, struct watched_port *port)
{
	const struct servent *service;
	uint64_t number;

	*port = (struct watched_port){0};
	if (number_parse(text, 1, UINT16_MAX, &number)) {
		port->number = (uint16_t)number;
		service = getservbyport(htons(port->number), "tcp");
	} else {
		service = getservbyname(text, "tcp");
		if (service == NULL)
			return -EINVAL;
		port->number = ntohs((uint16_t)service->s_port);
	}
	if (service != NULL)
		utf8_copy(port->service, sizeof(port->service), service->s_name);
	return 0;
}

int watched_ports_add(struct watched_ports *ports, const struct watched_port *port)
{
	size_t i = 0;

	while (i < ports->count && ports->port[i].number < port->number)
		i++;
	if (i < ports->count && ports->port[i].number == port->number)
		return 0;
	if (ports->count == WATCHED_PORTS_MAX)
		return -ENOSPC;
	memmove(&ports->port[i + 1], &ports->port[i], (ports->count - i) * sizeof(*port));
	ports->port[i] = *port;
	ports->count++;
	return 0;
}

struct watches *watched_ports_watches(const struct watched_ports *ports)
{
	struct watches *watches = watches_new();
	struct watch watch;

	for (size_t i = 0; watches != NULL && i < ports->count; i++) {
		watch_of_port(ports->port[i].number, &watch);
		if (watches_add(&watches, &watch) == 0)
			continue;
		free(watches);
		watches = NULL;
	}
	return watches;
}

struct watch_count *watched_port_count(const struct snapshot *snapshot,
				       const struct watched_port *port)
{
	char name[WATCH_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%u", port->number);
	return snapshot_watch(snapshot, name);
}
