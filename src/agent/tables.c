/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/tables.h"

const struct mib_table *const mib_tables[] = {
	&state_count_table,
	&refresh_scalars,
	NULL,
};
