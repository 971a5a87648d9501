/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/watch_state_table.h"

#include "agent/state_columns.h"
#include "agent/watch_table.h"
#include "mib_objects.h"

#include <stdio.h>

struct row_key {
	size_t watch; /* index in the watches of the snapshot */
	enum tcp_family family;
	enum tcp_state state;
};

static size_t watch_state_rows(const struct served *served)
{
	return watch_rows(served) * FAMILY_STATES;
}

static struct row_key row_key_of(size_t row)
{
	return (struct row_key){
		.watch = row / FAMILY_STATES,
		.family = (enum tcp_family)(row % FAMILY_STATES / STATES),
		.state = (enum tcp_state)(row % STATES),
	};
}

static const struct watch_count *watch_of(const struct served *served, const struct row_key *key)
{
	return &served->report->snapshot->watches[key->watch];
}

/* InetVersion and TcpState count from 1. */
static size_t watch_state_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	const struct row_key key = row_key_of(row);
	const size_t length = watch_index(served, key.watch, index);

	index[length] = key.family + 1;
	index[length + 1] = key.state + 1;
	return length + 2;
}

static bool watch_state_number(const struct mib_cell *cell, struct mib_value *value)
{
	const struct row_key key = row_key_of(cell->row);
	const struct watch_count *watch = watch_of(cell->served, &key);

	if (!watch_counts(watch, key.state))
		return false;
	value->number = state_column_number(
		cell->key, watch->sockets[key.family][key.state],
		&cell->served->report->watches[key.watch][key.family][key.state]);
	return true;
}

/* "db ipv4 closeWait" */
static bool watch_state_label(const struct mib_cell *cell, struct mib_value *value)
{
	const struct row_key key = row_key_of(cell->row);
	const struct watch_count *watch = watch_of(cell->served, &key);

	if (!watch_counts(watch, key.state))
		return false;
	snprintf(value->text, sizeof(value->text), "%s %s %s", watch->name,
		 tcp_family_name(key.family), tcp_state_name(key.state));
	return true;
}

static const struct mib_object columns[] = {
	STATE_COLUMN(tcpWatchCount, STATE_COLUMN_COUNT, watch_state_number),
	STATE_COLUMN(tcpWatchCountMin, STATE_COLUMN_MIN, watch_state_number),
	STATE_COLUMN(tcpWatchCountMax, STATE_COLUMN_MAX, watch_state_number),
	{.number = tcpWatchCountLabel, .type = ASN_OCTET_STR, .get = watch_state_label},
};

const struct mib_table watch_state_table = {
	.at = {tcpStateCountObjects, tcpWatchStateTable, tcpWatchStateEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = watch_state_rows,
	.index = watch_state_index,
};
