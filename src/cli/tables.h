/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots as tables for people: what is shown by default.
 */
#ifndef CLI_TABLES_H
#define CLI_TABLES_H

#include "cli/style.h"
#include "cli/trend.h"
#include "cli/view.h"
#include "model/snapshot.h"

/** How many tables of counts a view has: one, or one for each port. */
size_t tables_of_counts(const struct snapshot *snapshot, const struct view *view);

/**
 * The sockets in each state that a table of counts shows, of the view's families together: what a
 * trend is made of.
 */
void table_totals(const struct snapshot *snapshot, const struct view *view, size_t table,
		  uint32_t totals[STATES]);

/**
 * Writes the counts by family and state, or those of each port; and how they change, if @p trends,
 * one for each table, is not NULL.
 * @return 0 or -ENOMEM
 */
int table_counts(FILE *file, const struct snapshot *snapshot, const struct view *view,
		 const struct style *style, const struct trend *trends);

/** Writes the listening endpoints and how full their queues are. @return 0 or -ENOMEM */
int table_listeners(FILE *file, const struct snapshot *snapshot, const struct view *view,
		    const struct style *style);

/** Writes what ss -s prints. @return 0 or -ENOMEM */
int table_summary(FILE *file, const struct snapshot *snapshot, const struct style *style);

/**
 * Writes the table that @p view is about.
 * @param trends as of table_counts()
 * @return 0 or -ENOMEM
 */
int table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
		const struct style *style, const struct trend *trends);

#endif
