/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpStateCountTable: a row for every family and state, also where the count is 0.
 */
#ifndef AGENT_STATE_COUNT_TABLE_H
#define AGENT_STATE_COUNT_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table state_count_table;

#endif
