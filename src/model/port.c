/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int watched_port_parse(const char *text, struct watched_port *port)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	const struct servent *service;

	*port = (struct watched_port){0};
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0') {
		if (number < 1 || number > UINT16_MAX)
			return -EINVAL;
		port->number = (uint16_t)number;
		service = getservbyport(htons(port->number), "tcp");
	} else {
		service = getservbyname(text, "tcp");
		if (service == NULL)
			return -EINVAL;
		port->number = ntohs((uint16_t)service->s_port);
	}
	if (service != NULL)
		snprintf(port->service, sizeof(port->service), "%s", service->s_name);
	return 0;
}

int watched_ports_add(struct watched_ports *ports, const struct watched_port *port)
{
	size_t place = 0;

	while (place < ports->count && ports->port[place].number < port->number)
		place++;
	if (place < ports->count && ports->port[place].number == port->number)
		return 0;
	if (ports->count == WATCHED_PORTS_MAX)
		return -ENOSPC;
	memmove(&ports->port[place + 1], &ports->port[place],
		(ports->count - place) * sizeof(*port));
	ports->port[place] = *port;
	ports->count++;
	return 0;
}
