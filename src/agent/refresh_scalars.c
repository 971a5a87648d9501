/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpRefresh: the health of the refreshing itself, told even when the counts are too old to be.
 */
#include "agent/tables.h"

#include "clock.h"

#include <stdio.h>

static bool interval(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = (uint64_t)(cell->served->refreshes->interval_ns / NS_PER_MS);
	return true;
}

static bool age(const struct mib_cell *cell, struct mib_value *value)
{
	const struct served *served = cell->served;

	if (served->latest == NULL)
		return false;
	value->number = (uint64_t)(report_age_ns(served->latest, served->now_ns) / NS_PER_TICK);
	return true;
}

static bool duration(const struct mib_cell *cell, struct mib_value *value)
{
	if (cell->served->latest == NULL)
		return false;
	value->number = cell->served->latest->snapshot->duration_us;
	return true;
}

static bool succeeded(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->latest == NULL ? 0 : cell->served->latest->number;
	return true;
}

static bool failed(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->refreshes->failed;
	return true;
}

static bool last_error(const struct mib_cell *cell, struct mib_value *value)
{
	snprintf(value->text, sizeof(value->text), "%s", cell->served->refreshes->last_error);
	return true;
}

/* TcpRefreshMethod counts from 1. */
static bool method(const struct mib_cell *cell, struct mib_value *value)
{
	if (cell->served->latest == NULL)
		return false;
	value->number = cell->served->latest->snapshot->method + 1U;
	return true;
}

static bool window(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = (uint64_t)(cell->served->refreshes->window_ns / NS_PER_SECOND);
	return true;
}

static const struct mib_object scalars[] = {
	{.number = 1, .type = ASN_GAUGE, .get = interval},
	{.number = 2, .type = ASN_TIMETICKS, .get = age},
	{.number = 3, .type = ASN_GAUGE, .get = duration},
	{.number = 4, .type = ASN_COUNTER, .get = succeeded},
	{.number = 5, .type = ASN_COUNTER, .get = failed},
	{.number = 6, .type = ASN_OCTET_STR, .get = last_error},
	{.number = 7, .type = ASN_INTEGER, .get = method},
	{.number = 8, .type = ASN_GAUGE, .get = window},
};

const struct mib_table refresh_scalars = {
	.at = {1, 8},
	.at_length = 2,
	OBJECTS(scalars),
	.rows = mib_scalar_rows,
	.index = mib_scalar_index,
};
