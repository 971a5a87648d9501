/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpPortStateTable: a row for every family, watched port and state.
 */
#ifndef AGENT_PORT_STATE_TABLE_H
#define AGENT_PORT_STATE_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table port_state_table;

#endif
