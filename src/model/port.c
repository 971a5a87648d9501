/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/port.h"

#include <errno.h>
#include <string.h>

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
