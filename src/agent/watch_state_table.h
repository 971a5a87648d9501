/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpWatchStateTable: the sockets of each watch, with a row for each family and state.
 */
#ifndef AGENT_WATCH_STATE_TABLE_H
#define AGENT_WATCH_STATE_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table watch_state_table;

#endif
