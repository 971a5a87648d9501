/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/owner_table.h"

#include "mib_objects.h"

#include <stdio.h>
#include <string.h>

struct row_key {
	const struct report_owner *owner;
	enum tcp_state state;
};

static size_t owner_rows(const struct served *served)
{
	return served->report == NULL
		       ? 0
		       : served->report->owners_count * served->report->owner_states_count;
}

static struct row_key row_key_of(const struct served *served, size_t row)
{
	const struct report *report = served->report;

	return (struct row_key){
		.owner = &report->owners[row / report->owner_states_count],
		.state = report->owner_states[row % report->owner_states_count],
	};
}

/* TcpState counts from 1. */
static size_t owner_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	const struct row_key key = row_key_of(served, row);
	const size_t length = strlen(key.owner->name);

	index[0] = length;
	for (size_t i = 0; i < length; i++)
		index[1 + i] = (unsigned char)key.owner->name[i];
	index[1 + length] = key.state + 1;
	return length + 2;
}

static bool owner_count(const struct mib_cell *cell, struct mib_value *value)
{
	const struct row_key key = row_key_of(cell->served, cell->row);

	value->number = key.owner->sockets[key.state];
	return true;
}

static bool owner_count_max(const struct mib_cell *cell, struct mib_value *value)
{
	const struct row_key key = row_key_of(cell->served, cell->row);

	value->number = key.owner->max[key.state];
	return true;
}

/* "nginx.service closeWait" */
static bool owner_label(const struct mib_cell *cell, struct mib_value *value)
{
	const struct row_key key = row_key_of(cell->served, cell->row);

	snprintf(value->text, sizeof(value->text), "%s %s", key.owner->name,
		 tcp_state_name(key.state));
	return true;
}

static const struct mib_object columns[] = {
	{.number = tcpOwnerCount, .type = ASN_GAUGE, .get = owner_count},
	{.number = tcpOwnerCountMax, .type = ASN_GAUGE, .get = owner_count_max},
	{.number = tcpOwnerLabel, .type = ASN_OCTET_STR, .get = owner_label},
};

const struct mib_table owner_table = {
	.at = {tcpStateCountObjects, tcpOwnerTable, tcpOwnerEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = owner_rows,
	.index = owner_index,
};
