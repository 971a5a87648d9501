/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpStateTotalTable: a row for every state, both families together.
 */
#ifndef AGENT_STATE_TOTAL_TABLE_H
#define AGENT_STATE_TOTAL_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table state_total_table;

#endif
