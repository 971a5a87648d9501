/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpPortStateTable: a row for every family, watched port and state, zeros too.
 */
#include "agent/tables.h"

#include <stdio.h>

struct place {
	enum tcp_family family;
	size_t port; /* its place among the snapshot's ports */
	enum tcp_state state;
};

static size_t rows(const struct served *served)
{
	if (served->report == NULL)
		return 0;
	return FAMILIES * served->report->snapshot->ports_count * STATES;
}

static struct place place_of(const struct served *served, size_t row)
{
	const size_t ports = served->report->snapshot->ports_count;

	return (struct place){
		.family = (enum tcp_family)(row / STATES / ports),
		.port = row / STATES % ports,
		.state = (enum tcp_state)(row % STATES),
	};
}

static const struct port_count *port_of(const struct served *served, const struct place *place)
{
	return &served->report->snapshot->ports[place->port];
}

/* InetVersion and TcpState count from 1. */
static size_t row_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	struct place place = place_of(served, row);

	index[0] = place.family + 1;
	index[1] = port_of(served, &place)->port.number;
	index[2] = place.state + 1;
	return 3;
}

static const struct extremes *extremes_of(const struct mib_cell *cell)
{
	struct place place = place_of(cell->served, cell->row);

	return &cell->served->report->ports[place.port][place.family][place.state];
}

static bool count(const struct mib_cell *cell, struct mib_value *value)
{
	struct place place = place_of(cell->served, cell->row);

	value->number = port_of(cell->served, &place)->sockets[place.family][place.state];
	return true;
}

static bool minimum(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = extremes_of(cell)->min;
	return true;
}

static bool maximum(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = extremes_of(cell)->max;
	return true;
}

/* "ipv4 443/https established" */
static bool label(const struct mib_cell *cell, struct mib_value *value)
{
	struct place place = place_of(cell->served, cell->row);
	const struct watched_port *port = &port_of(cell->served, &place)->port;

	snprintf(value->text, sizeof(value->text), "%s %u%s%s %s", tcp_family_name(place.family),
		 port->number, port->service[0] == '\0' ? "" : "/", port->service,
		 tcp_state_name(place.state));
	return true;
}

static const struct mib_object columns[] = {
	{.number = 4, .type = ASN_GAUGE, .get = count},
	{.number = 5, .type = ASN_GAUGE, .get = minimum},
	{.number = 6, .type = ASN_GAUGE, .get = maximum},
	{.number = 7, .type = ASN_OCTET_STR, .get = label},
};

const struct mib_table port_state_table = {
	.at = {1, 6, 1},
	.at_length = 3,
	OBJECTS(columns),
	.rows = rows,
	.index = row_index,
};
