/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpWatchTable: a row for each watch.
 */
#ifndef AGENT_WATCH_TABLE_H
#define AGENT_WATCH_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table watch_table;

/** The number of watches. */
size_t watch_rows(const struct served *served);

/** Sets the index of a watch, its name after the length; returns the number of sub-identifiers. */
size_t watch_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX]);

#endif
