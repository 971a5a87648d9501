/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's limits and how much of each is used, as a table.
 */
#ifndef CLI_LIMITS_TABLE_H
#define CLI_LIMITS_TABLE_H

#include "cli/style.h"
#include "model/host.h"

#include <stdio.h>

/**
 * Writes the limits, and counters of refused connections.
 * @param before earlier values, to show which counters grow, or NULL
 * @return 0 or -ENOMEM
 */
int limits_table_write(FILE *file, const struct host *host, const struct host *before,
		       const struct style *style);

#endif
