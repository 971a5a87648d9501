/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/state_count_table.h"

#include "agent/state_columns.h"
#include "mib_objects.h"

#include <stdio.h>

static size_t state_count_rows(const struct served *served)
{
	return served->report == NULL ? 0 : FAMILY_STATES;
}

static enum tcp_family row_family(size_t row)
{
	return (enum tcp_family)(row / STATES);
}

static enum tcp_state state_of_count_row(size_t row)
{
	return (enum tcp_state)(row % STATES);
}

/* InetVersion and TcpState count from 1. */
static size_t state_count_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	(void)served;
	index[0] = row_family(row) + 1;
	index[1] = state_of_count_row(row) + 1;
	return 2;
}

static bool state_count_number(const struct mib_cell *cell, struct mib_value *value)
{
	const struct report *report = cell->served->report;
	const enum tcp_family family = row_family(cell->row);
	const enum tcp_state state = state_of_count_row(cell->row);

	value->number = state_column_number(cell->key, report->snapshot->sockets[family][state],
					    &report->sockets[family][state]);
	return true;
}

static bool state_count_label(const struct mib_cell *cell, struct mib_value *value)
{
	snprintf(value->text, sizeof(value->text), "%s %s", tcp_family_name(row_family(cell->row)),
		 tcp_state_name(state_of_count_row(cell->row)));
	return true;
}

static const struct mib_object columns[] = {
	STATE_COLUMN(tcpStateCount, STATE_COLUMN_COUNT, state_count_number),
	STATE_COLUMN(tcpStateCountMin, STATE_COLUMN_MIN, state_count_number),
	STATE_COLUMN(tcpStateCountMax, STATE_COLUMN_MAX, state_count_number),
	{.number = tcpStateCountLabel, .type = ASN_OCTET_STR, .get = state_count_label},
};

const struct mib_table state_count_table = {
	.at = {tcpStateCountObjects, tcpStateCountTable, tcpStateCountEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = state_count_rows,
	.index = state_count_index,
};
