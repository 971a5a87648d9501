/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpStateCountTable: a row for every family and every state, zeros too.
 */
#include "agent/tables.h"

#include <stdio.h>

static size_t rows(const struct served *served)
{
	return served->report == NULL ? 0 : FAMILY_STATES;
}

static enum tcp_family family_of(size_t row)
{
	return (enum tcp_family)(row / STATES);
}

static enum tcp_state state_of(size_t row)
{
	return (enum tcp_state)(row % STATES);
}

/* InetVersion and TcpState count from 1. */
static size_t row_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	(void)served;
	index[0] = family_of(row) + 1;
	index[1] = state_of(row) + 1;
	return 2;
}

static const struct extremes *extremes_of(const struct mib_cell *cell)
{
	return &cell->served->report->sockets[family_of(cell->row)][state_of(cell->row)];
}

static bool count(const struct mib_cell *cell, struct mib_value *value)
{
	const struct snapshot *snapshot = cell->served->report->snapshot;

	value->number = snapshot->sockets[family_of(cell->row)][state_of(cell->row)];
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

static bool label(const struct mib_cell *cell, struct mib_value *value)
{
	snprintf(value->text, sizeof(value->text), "%s %s", tcp_family_name(family_of(cell->row)),
		 tcp_state_name(state_of(cell->row)));
	return true;
}

static const struct mib_object columns[] = {
	{.number = 3, .type = ASN_GAUGE, .get = count},
	{.number = 4, .type = ASN_GAUGE, .get = minimum},
	{.number = 5, .type = ASN_GAUGE, .get = maximum},
	{.number = 6, .type = ASN_OCTET_STR, .get = label},
};

const struct mib_table state_count_table = {
	.at = {1, 1, 1},
	.at_length = 3,
	OBJECTS(columns),
	.rows = rows,
	.index = row_index,
};
