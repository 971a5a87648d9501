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

/* A service's name may contain a hyphen, but not begin with a digit and be a range. */
static bool parse_port_range(const char *text, struct watched_port *port)
{
	uint64_t first, last;

	if (!number_take(&text, UINT16_MAX, &first) || first == 0 || *text != '-' ||
	    !number_parse(text + 1, first, UINT16_MAX, &last))
		return false;
	port->number = (uint16_t)first;
	port->last = last > first ? (uint16_t)last : 0;
	return true;
}

int watched_port_parse(const char *text, struct watched_port *port)
{
	const struct servent *service = NULL;
	uint64_t number;

	*port = (struct watched_port){0};
	if (number_parse(text, 1, UINT16_MAX, &number)) {
		port->number = (uint16_t)number;
	} else if (!parse_port_range(text, port)) {
		service = getservbyname(text, "tcp");
		if (service == NULL)
			return -EINVAL;
		port->number = ntohs((uint16_t)service->s_port);
	}
	if (service == NULL && port->last == 0)
		service = getservbyport(htons(port->number), "tcp");
	if (service != NULL)
		utf8_copy(port->service, sizeof(port->service), service->s_name);
	return 0;
}

void watched_port_text(const struct watched_port *port, char text[PORT_TEXT_SIZE])
{
	if (port->last == 0)
		snprintf(text, PORT_TEXT_SIZE, "%u", port->number);
	else
		snprintf(text, PORT_TEXT_SIZE, "%u-%u", port->number, port->last);
}

bool watched_ports_contain(const struct watched_ports *ports, uint16_t number)
{
	for (size_t i = 0; i < ports->count; i++) {
		const struct watched_port *port = &ports->port[i];

		if (number == port->number || (number > port->number && number <= port->last))
			return true;
	}
	return ports->count == 0;
}

static bool precedes(const struct watched_port *left, const struct watched_port *right)
{
	if (left->number != right->number)
		return left->number < right->number;
	return left->last < right->last;
}

int watched_ports_add(struct watched_ports *ports, const struct watched_port *port)
{
	size_t i = 0;

	while (i < ports->count && precedes(&ports->port[i], port))
		i++;
	if (i < ports->count && !precedes(port, &ports->port[i]))
		return 0;
	if (ports->count == WATCHED_PORTS_MAX)
		return -ENOSPC;
	memmove(&ports->port[i + 1], &ports->port[i], (ports->count - i) * sizeof(*port));
	ports->port[i] = *port;
	ports->count++;
	return 0;
}

/* Makes a watch called @p name of @p ports, a list or "", and the conditions. */
static int make_selection(const char *name, const char *ports, const char *conditions,
			  struct watch *watch, char problem[WATCH_PROBLEM_SIZE])
{
	char text[WATCH_NAME_MAX + WATCH_TEXT_MAX + WATCHED_PORTS_MAX * PORT_TEXT_SIZE + 16];

	snprintf(text, sizeof(text), "%s%s%s %s", name, ports[0] == '\0' ? "" : " port ", ports,
		 conditions);
	return watch_parse(text, watch, problem);
}

int watched_ports_join(const struct watched_ports *ports, struct watch *watch,
		       char problem[WATCH_PROBLEM_SIZE])
{
	char list[WATCHED_PORTS_MAX * PORT_TEXT_SIZE] = "";
	size_t length = 0;

	for (size_t i = 0; i < ports->count; i++) {
		char text[PORT_TEXT_SIZE];

		watched_port_text(&ports->port[i], text);
		length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s",
					   i == 0 ? "" : ",", text);
	}
	return make_selection(SELECTION_NAME, list, ports->conditions, watch, problem);
}

static int add_port_watch(struct watches **watches, const struct watched_ports *ports,
			  const struct watched_port *port)
{
	char text[PORT_TEXT_SIZE], problem[WATCH_PROBLEM_SIZE];
	struct watch watch;
	int error;

	watched_port_text(port, text);
	error = make_selection(text, text, ports->conditions, &watch, problem);
	return error == 0 ? watches_add(watches, &watch) : error;
}

static int add_watches(struct watches **watches, const struct watched_ports *ports)
{
	char problem[WATCH_PROBLEM_SIZE];
	struct watch watch;
	int error = 0;

	for (size_t i = 0; error == 0 && i < ports->count; i++)
		error = add_port_watch(watches, ports, &ports->port[i]);
	if (error != 0 || ports->count > 0 || ports->conditions[0] == '\0')
		return error;
	error = watched_ports_join(ports, &watch, problem);
	return error == 0 ? watches_add(watches, &watch) : error;
}

struct watches *watched_ports_watches(const struct watched_ports *ports)
{
	struct watches *watches = watches_new();

	if (watches == NULL || add_watches(&watches, ports) == 0)
		return watches;
	free(watches);
	return NULL;
}

struct watch_count *watched_port_count(const struct snapshot *snapshot,
				       const struct watched_port *port)
{
	char name[PORT_TEXT_SIZE];

	watched_port_text(port, name);
	return snapshot_watch(snapshot, name);
}
