/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/watch_table.h"

#include "mib_objects.h"
#include "utf8.h"

#include <string.h>

static const struct watch_count *watch_at(const struct served *served, size_t row)
{
	return &served->report->snapshot->watches[row];
}

size_t watch_rows(const struct served *served)
{
	return served->report == NULL ? 0 : served->report->snapshot->watches_count;
}

size_t watch_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	const char *name = watch_at(served, row)->name;
	const size_t length = strlen(name);

	index[0] = length;
	for (size_t i = 0; i < length; i++)
		index[1 + i] = (unsigned char)name[i];
	return 1 + length;
}

static bool watch_filter_text(const struct mib_cell *cell, struct mib_value *value)
{
	utf8_escape(value->text, sizeof(value->text), watch_at(cell->served, cell->row)->text,
		    UTF8_ANYWHERE);
	return true;
}

static bool watch_sockets(const struct mib_cell *cell, struct mib_value *value)
{
	const struct watch_count *watch = watch_at(cell->served, cell->row);

	value->number = 0;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			value->number +=
				watch_counts(watch, state) ? watch->sockets[family][state] : 0;
	}
	return watch->known;
}

static bool watch_port_use(const struct mib_cell *cell, struct mib_value *value)
{
	const struct watch_count *watch = watch_at(cell->served, cell->row);

	value->number = watch->port_use;
	return watch->port_use_known;
}

static const struct mib_object columns[] = {
	{.number = tcpWatchFilter, .type = ASN_OCTET_STR, .get = watch_filter_text},
	{.number = tcpWatchSockets, .type = ASN_GAUGE, .get = watch_sockets},
	{.number = tcpWatchPortUse, .type = ASN_GAUGE, .get = watch_port_use},
};

const struct mib_table watch_table = {
	.at = {tcpStateCountObjects, tcpWatchTable, tcpWatchEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = watch_rows,
	.index = watch_index,
};
