/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpFamilyTable: sockets of each address family, TCP and others.
 */
#include "agent/tables.h"

static size_t rows(const struct served *served)
{
	return served->report == NULL ? 0 : FAMILIES;
}

static size_t row_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	(void)served;
	index[0] = row + 1;
	return 1;
}

static bool sockets(const struct mib_cell *cell, struct mib_value *value)
{
	const struct snapshot *snapshot = cell->served->report->snapshot;

	value->number = 0;
	for (enum tcp_state state = 0; state < STATES; state++)
		value->number += snapshot->sockets[cell->row][state];
	return true;
}

/* Key: the object of the first family; that of the second follows it. */
static bool of_host(const struct mib_cell *cell, struct mib_value *value)
{
	const struct host *host = &cell->served->report->snapshot->host;
	size_t object = (size_t)cell->key + cell->row;

	value->number = host->value[object];
	return host->known[object];
}

static const struct mib_object columns[] = {
	{.number = 2, .type = ASN_GAUGE, .get = sockets},
	{.number = 3, .type = ASN_GAUGE, .get = of_host, .key = HOST_UDP_IPV4},
	{.number = 4, .type = ASN_GAUGE, .get = of_host, .key = HOST_RAW_IPV4},
	{.number = 5, .type = ASN_GAUGE, .get = of_host, .key = HOST_FRAGMENTS_IPV4},
};

const struct mib_table family_table = {
	.at = {1, 3, 1},
	.at_length = 3,
	OBJECTS(columns),
	.rows = rows,
	.index = row_index,
};
