/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot's counts by family and state, as a table.
 */
#ifndef CLI_COUNTS_TABLE_H
#define CLI_COUNTS_TABLE_H

#include "cli/style.h"
#include "cli/trend.h"
#include "cli/view.h"
#include "model/snapshot.h"

#include <stdio.h>

/** The number of tables that a view has: one, or one for each port or watch. */
size_t counts_tables(const struct snapshot *snapshot, const struct view *view);

/**
 * The sockets in each state that a table shows, summed over the families of the view: the input of
 * a trend.
 */
void counts_table_totals(const struct snapshot *snapshot, const struct view *view, size_t table,
			 uint32_t totals[STATES]);

/**
 * Writes the counts by family and state, or those of each port.
 * @param trends one for each table, to show how the counts change, or NULL
 * @return 0 or -ENOMEM
 */
int counts_table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
		       const struct style *style, const struct trend *trends);

#endif
