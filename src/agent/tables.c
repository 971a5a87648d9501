/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/tables.h"

#include "agent/family_table.h"
#include "agent/host_scalars.h"
#include "agent/listen_queue_table.h"
#include "agent/notify_scalars.h"
#include "agent/owner_table.h"
#include "agent/refresh_scalars.h"
#include "agent/state_count_table.h"
#include "agent/state_total_table.h"
#include "agent/threshold_table.h"
#include "agent/watch_state_table.h"
#include "agent/watch_table.h"

/* clang-format off */
const struct mib_table *const mib_tables[] = {
	&state_count_table,
	&state_total_table,
	&family_table,
	&host_scalars,
	&listen_queue_table,
	&watch_state_table,
	&threshold_table,
	&refresh_scalars,
	&notify_scalars,
	&watch_table,
	&owner_table,
	NULL,
};
/* clang-format on */
