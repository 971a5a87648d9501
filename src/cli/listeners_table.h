/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot's listening endpoints, as a table.
 */
#ifndef CLI_LISTENERS_TABLE_H
#define CLI_LISTENERS_TABLE_H

#include "cli/style.h"
#include "cli/view.h"
#include "model/snapshot.h"

#include <stdio.h>

/**
 * Writes the listening endpoints with their accept queues.
 * @param before an earlier snapshot, to show which drops grow, or NULL
 * @return 0 or -ENOMEM
 */
int listeners_table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
			  const struct style *style, const struct snapshot *before);

#endif
