/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpStateTotalTable: a row for every state, both families together.
 */
#include "agent/tables.h"

#include <stdio.h>

static size_t rows(const struct served *served)
{
	return served->report == NULL ? 0 : STATES;
}

static enum tcp_state state_of(size_t row)
{
	return (enum tcp_state)row;
}

static size_t row_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	(void)served;
	index[0] = state_of(row) + 1;
	return 1;
}

static bool total(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = snapshot_total(cell->served->report->snapshot, state_of(cell->row));
	return true;
}

static bool minimum(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->report->totals[state_of(cell->row)].min;
	return true;
}

static bool maximum(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->report->totals[state_of(cell->row)].max;
	return true;
}

static bool label(const struct mib_cell *cell, struct mib_value *value)
{
	snprintf(value->text, sizeof(value->text), "%s", tcp_state_name(state_of(cell->row)));
	return true;
}

static const struct mib_object columns[] = {
	{.number = 2, .type = ASN_GAUGE, .get = total},
	{.number = 3, .type = ASN_GAUGE, .get = minimum},
	{.number = 4, .type = ASN_GAUGE, .get = maximum},
	{.number = 5, .type = ASN_OCTET_STR, .get = label},
};

const struct mib_table state_total_table = {
	.at = {1, 2, 1},
	.at_length = 3,
	OBJECTS(columns),
	.rows = rows,
	.index = row_index,
};
