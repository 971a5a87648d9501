/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpRefresh: the health of the refreshing itself, told even when the counts are too old to be.
 */
#include "agent/tables.h"

#include "clock.h"

#include <stdio.h>

#define NS_PER_TICK (NS_PER_SECOND / 100)

static bool interval(const struct served *served, size_t row, struct mib_value *value)
{
	(void)row;
	value->number = (uint64_t)(served->refreshes->interval_ns / NS_PER_MS);
	return true;
}

static bool age(const struct served *served, size_t row, struct mib_value *value)
{
	(void)row;
	if (served->latest == NULL)
		return false;
	value->number = (uint64_t)(report_age_ns(served->latest, served->now_ns) / NS_PER_TICK);
	return true;
}

static bool duration(const struct served *served, size_t row, struct mib_value *value)
{
	(void)row;
	if (served->latest == NULL)
		return false;
	value->number = served->latest->snapshot->duration_us;
	return true;
}

static bool succeeded(const struct served *served, size_t row, struct mib_value *value)
{
	(void)row;
	value->number = served->latest == NULL ? 0 : served->latest->number;
	return true;
}

static bool failed(const struct served *served, size_t row, struct mib_value *value)
{
	(void)row;
	value->number = served->refreshes->failed;
	return true;
}

static bool last_error(const struct served *served, size_t row, struct mib_value *value)
{
	(void)row;
	snprintf(value->text, sizeof(value->text), "%s", served->refreshes->last_error);
	return true;
}

/* TcpRefreshMethod counts from 1. */
static bool method(const struct served *served, size_t row, struct mib_value *value)
{
	(void)row;
	if (served->latest == NULL)
		return false;
	value->number = served->latest->snapshot->method + 1u;
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
};

const struct mib_table refresh_scalars = {
	.at = {1, 8},
	.at_length = 2,
	.objects = scalars,
	.objects_count = sizeof(scalars) / sizeof(scalars[0]),
	.rows = mib_scalar_rows,
	.index = mib_scalar_index,
};
