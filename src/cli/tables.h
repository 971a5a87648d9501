/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table that shows the subject of a view.
 */
#ifndef CLI_TABLES_H
#define CLI_TABLES_H

#include "cli/style.h"
#include "cli/trend.h"
#include "cli/view.h"
#include "model/snapshot.h"

#include <stdio.h>

/** "web1, counted 3 s ago": the heading of another host's counts. */
void table_write_origin(FILE *file, const struct snapshot *snapshot, const struct view *view,
			const struct style *style);

/** Earlier counts, to show changes. */
struct table_history {
	const struct trend *trends;    /**< as for counts_table_write() */
	const struct snapshot *before; /**< the previous one, or NULL */
};

/**
 * Writes the table for the subject of @p view.
 * @param history NULL: counted once
 * @return 0 or -ENOMEM
 */
int table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
		const struct style *style, const struct table_history *history);

#endif
