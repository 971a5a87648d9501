/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/state_total_table.h"

#include "agent/state_columns.h"
#include "mib_objects.h"

#include <stdio.h>

static size_t state_total_rows(const struct served *served)
{
	return served->report == NULL ? 0 : STATES;
}

static enum tcp_state state_of_total_row(size_t row)
{
	return (enum tcp_state)row;
}

static size_t state_total_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	(void)served;
	index[0] = state_of_total_row(row) + 1;
	return 1;
}

static bool state_total_number(const struct mib_cell *cell, struct mib_value *value)
{
	const struct report *report = cell->served->report;
	const enum tcp_state state = state_of_total_row(cell->row);

	value->number = state_column_number(cell->key, snapshot_total(report->snapshot, state),
					    &report->totals[state]);
	return true;
}

static bool state_total_label(const struct mib_cell *cell, struct mib_value *value)
{
	snprintf(value->text, sizeof(value->text), "%s",
		 tcp_state_name(state_of_total_row(cell->row)));
	return true;
}

static const struct mib_object columns[] = {
	STATE_COLUMN(tcpStateTotal, STATE_COLUMN_COUNT, state_total_number),
	STATE_COLUMN(tcpStateTotalMin, STATE_COLUMN_MIN, state_total_number),
	STATE_COLUMN(tcpStateTotalMax, STATE_COLUMN_MAX, state_total_number),
	{.number = tcpStateTotalLabel, .type = ASN_OCTET_STR, .get = state_total_label},
};

const struct mib_table state_total_table = {
	.at = {tcpStateCountObjects, tcpStateTotalTable, tcpStateTotalEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = state_total_rows,
	.index = state_total_index,
};
