/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/tables.h"

/* clang-format off */
const struct mib_table *const mib_tables[] = {
	&state_count_table,
	&state_total_table,
	&family_table,
	&host_scalars,
	&listen_queue_table,
	&port_state_table,
	&threshold_table,
	&refresh_scalars,
	&notify_scalars,
	NULL,
};
/* clang-format on */
