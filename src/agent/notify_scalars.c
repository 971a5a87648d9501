/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/notify_scalars.h"

#include "mib_objects.h"

static bool notify_dropped(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->served->notifications_dropped;
	return true;
}

static const struct mib_object scalars[] = {
	{.number = tcpNotifyDropped, .type = ASN_COUNTER, .get = notify_dropped},
};

const struct mib_table notify_scalars = {
	.at = {tcpStateCountObjects, tcpNotify},
	.at_length = 2,
	MIB_OBJECTS(scalars),
	.rows = mib_scalar_rows,
	.index = mib_scalar_index,
};
