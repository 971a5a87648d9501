/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/refresh_scalars.h"

#include "clock.h"
#include "mib_objects.h"
#include "model/date.h"

#include <stdio.h>

static bool refresh_interval(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = (uint64_t)(cell->served->refreshes->interval_ns / NS_PER_MS);
	return true;
}

static bool refresh_age(const struct mib_cell *cell, struct mib_value *value)
{
	const struct served *served = cell->served;

	if (served->latest == NULL)
		return false;
	value->number = (uint64_t)(report_age_ns(served->latest, served->now_ns) / NS_PER_TICK);
	return true;
}

static bool refresh_duration(const struct mib_cell *cell, struct mib_value *value)
{
	if (cell->served->latest == NULL)
		return false;
	value->number = cell->served->latest->snapshot->duration_us;
	return true;
}

static bool refresh_successes(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->latest == NULL ? 0 : cell->served->latest->number;
	return true;
}

static bool refresh_errors(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->refreshes->failed;
	return true;
}

static bool refresh_last_error(const struct mib_cell *cell, struct mib_value *value)
{
	snprintf(value->text, sizeof(value->text), "%s", cell->served->refreshes->last_error);
	return true;
}

/* TcpRefreshMethod counts from 1. */
static bool refresh_method(const struct mib_cell *cell, struct mib_value *value)
{
	if (cell->served->latest == NULL)
		return false;
	value->number = cell->served->latest->snapshot->method + 1U;
	return true;
}

static bool refresh_window(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = (uint64_t)(cell->served->refreshes->window_ns / NS_PER_SECOND);
	return true;
}

static bool refresh_started(const struct mib_cell *cell, struct mib_value *value)
{
	date_and_time(cell->served->started_real_ns, (uint8_t *)value->text);
	return true;
}

static bool refresh_listeners_omitted(const struct mib_cell *cell, struct mib_value *value)
{
	if (cell->served->latest == NULL)
		return false;
	value->number = cell->served->latest->snapshot->listeners_omitted;
	return true;
}

static const struct mib_object scalars[] = {
	{.number = tcpRefreshInterval, .type = ASN_GAUGE, .get = refresh_interval},
	{.number = tcpRefreshAge, .type = ASN_TIMETICKS, .get = refresh_age},
	{.number = tcpRefreshDuration, .type = ASN_GAUGE, .get = refresh_duration},
	{.number = tcpRefreshes, .type = ASN_COUNTER, .get = refresh_successes},
	{.number = tcpRefreshErrors, .type = ASN_COUNTER, .get = refresh_errors},
	{.number = tcpRefreshLastError, .type = ASN_OCTET_STR, .get = refresh_last_error},
	{.number = tcpRefreshMethod, .type = ASN_INTEGER, .get = refresh_method},
	{.number = tcpRefreshWindow, .type = ASN_GAUGE, .get = refresh_window},
	{.number = tcpRefreshStarted,
	 .type = ASN_OCTET_STR,
	 .get = refresh_started,
	 .octets = DATE_OCTETS},
	{.number = tcpRefreshListenersOmitted, .type = ASN_GAUGE, .get = refresh_listeners_omitted},
};

const struct mib_table refresh_scalars = {
	.at = {tcpStateCountObjects, tcpRefresh},
	.at_length = 2,
	MIB_OBJECTS(scalars),
	.rows = mib_scalar_rows,
	.index = mib_scalar_index,
};
