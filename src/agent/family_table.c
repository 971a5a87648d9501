/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/family_table.h"

#include "mib_objects.h"

static size_t family_rows(const struct served *served)
{
	return served->report == NULL ? 0 : FAMILIES;
}

static size_t family_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	(void)served;
	index[0] = row + 1;
	return 1;
}

static bool family_sockets(const struct mib_cell *cell, struct mib_value *value)
{
	const struct snapshot *snapshot = cell->served->report->snapshot;

	value->number = 0;
	for (enum tcp_state state = 0; state < STATES; state++)
		value->number += snapshot->sockets[cell->row][state];
	return true;
}

static bool family_host_number(const struct mib_cell *cell,
			       const enum host_object objects[FAMILIES], struct mib_value *value)
{
	const struct host *host = &cell->served->report->snapshot->host;
	const enum host_object object = objects[cell->row];

	value->number = host->value[object];
	return host->known[object];
}

static bool family_udp(const struct mib_cell *cell, struct mib_value *value)
{
	return family_host_number(cell, host_udp, value);
}

static bool family_raw(const struct mib_cell *cell, struct mib_value *value)
{
	return family_host_number(cell, host_raw, value);
}

static bool family_frag(const struct mib_cell *cell, struct mib_value *value)
{
	return family_host_number(cell, host_fragments, value);
}

static const struct mib_object columns[] = {
	{.number = tcpFamilySockets, .type = ASN_GAUGE, .get = family_sockets},
	{.number = tcpFamilyUdp, .type = ASN_GAUGE, .get = family_udp},
	{.number = tcpFamilyRaw, .type = ASN_GAUGE, .get = family_raw},
	{.number = tcpFamilyFrag, .type = ASN_GAUGE, .get = family_frag},
};

const struct mib_table family_table = {
	.at = {tcpStateCountObjects, tcpFamilyTable, tcpFamilyEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = family_rows,
	.index = family_index,
};
