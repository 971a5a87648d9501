/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpNotify: the delivery of notifications.
 */
#include "agent/tables.h"

static bool dropped(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->notifications_dropped;
	return true;
}

static const struct mib_object scalars[] = {
	{.number = 1, .type = ASN_COUNTER, .get = dropped},
};

const struct mib_table notify_scalars = {
	.at = {1, 9},
	.at_length = 2,
	OBJECTS(scalars),
	.rows = mib_scalar_rows,
	.index = mib_scalar_index,
};
