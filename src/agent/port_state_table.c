/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/port_state_table.h"

#include "agent/state_columns.h"
#include "mib_objects.h"
#include "utf8.h"

#include <stdio.h>

struct row_key {
	enum tcp_family family;
	size_t port; /* index in the ports of the snapshot */
	enum tcp_state state;
};

static size_t port_state_rows(const struct served *served)
{
	if (served->report == NULL)
		return 0;
	return FAMILIES * served->report->snapshot->ports_count * STATES;
}

static struct row_key row_key_of(const struct served *served, size_t row)
{
	const size_t ports = served->report->snapshot->ports_count;

	return (struct row_key){
		.family = (enum tcp_family)(row / STATES / ports),
		.port = row / STATES % ports,
		.state = (enum tcp_state)(row % STATES),
	};
}

static const struct port_count *port_of(const struct served *served, const struct row_key *key)
{
	return &served->report->snapshot->ports[key->port];
}

/* InetVersion and TcpState count from 1. */
static size_t port_state_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	const struct row_key key = row_key_of(served, row);

	index[0] = key.family + 1;
	index[1] = port_of(served, &key)->port.number;
	index[2] = key.state + 1;
	return 3;
}

static bool port_state_number(const struct mib_cell *cell, struct mib_value *value)
{
	const struct row_key key = row_key_of(cell->served, cell->row);

	value->number = state_column_number(
		cell->key, port_of(cell->served, &key)->sockets[key.family][key.state],
		&cell->served->report->ports[key.port][key.family][key.state]);
	return true;
}

/* "ipv4 443/https established" */
static bool port_state_label(const struct mib_cell *cell, struct mib_value *value)
{
	const struct row_key key = row_key_of(cell->served, cell->row);
	const struct watched_port *port = &port_of(cell->served, &key)->port;
	char service[UTF8_ESCAPED_SIZE(SERVICE_NAME_SIZE)];

	utf8_escape(service, sizeof(service), port->service, UTF8_ANYWHERE);
	snprintf(value->text, sizeof(value->text), "%s %u%s%s %s", tcp_family_name(key.family),
		 port->number, service[0] == '\0' ? "" : "/", service, tcp_state_name(key.state));
	return true;
}

static const struct mib_object columns[] = {
	STATE_COLUMN(tcpPortStateCount, STATE_COLUMN_COUNT, port_state_number),
	STATE_COLUMN(tcpPortStateMin, STATE_COLUMN_MIN, port_state_number),
	STATE_COLUMN(tcpPortStateMax, STATE_COLUMN_MAX, port_state_number),
	{.number = tcpPortStateLabel, .type = ASN_OCTET_STR, .get = port_state_label},
};

const struct mib_table port_state_table = {
	.at = {tcpStateCountObjects, tcpPortStateTable, tcpPortStateEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = port_state_rows,
	.index = port_state_index,
};
