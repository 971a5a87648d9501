/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpHost: the host's own counts, each beside the limit that it runs into.
 */
#include "agent/tables.h"

static bool of_host(const struct mib_cell *cell, struct mib_value *value)
{
	const struct report *report = cell->served->report;

	if (report == NULL || !report->snapshot->host.known[cell->key])
		return false;
	value->number = report->snapshot->host.value[cell->key];
	return true;
}

static const struct mib_object scalars[] = {
	{.number = 1, .type = ASN_GAUGE, .get = of_host, .key = HOST_ORPHANS},
	{.number = 2, .type = ASN_GAUGE, .get = of_host, .key = HOST_ORPHANS_MAX},
	{.number = 3, .type = ASN_GAUGE, .get = of_host, .key = HOST_TIME_WAITS},
	{.number = 4, .type = ASN_GAUGE, .get = of_host, .key = HOST_TIME_WAITS_MAX},
	{.number = 5, .type = ASN_GAUGE, .get = of_host, .key = HOST_ALLOCATED},
	{.number = 6, .type = ASN_GAUGE, .get = of_host, .key = HOST_MEMORY},
	{.number = 7, .type = ASN_GAUGE, .get = of_host, .key = HOST_MEMORY_MAX},
	{.number = 8, .type = ASN_GAUGE, .get = of_host, .key = HOST_SOCKETS_USED},
	{.number = 9, .type = ASN_COUNTER64, .get = of_host, .key = HOST_LISTEN_OVERFLOWS},
	{.number = 10, .type = ASN_COUNTER64, .get = of_host, .key = HOST_LISTEN_DROPS},
	{.number = 11, .type = ASN_COUNTER64, .get = of_host, .key = HOST_SYNCOOKIES_SENT},
	{.number = 12, .type = ASN_COUNTER64, .get = of_host, .key = HOST_TIME_WAIT_OVERFLOWS},
};

const struct mib_table host_scalars = {
	.at = {1, 4},
	.at_length = 2,
	OBJECTS(scalars),
	.rows = mib_scalar_rows,
	.index = mib_scalar_index,
};
