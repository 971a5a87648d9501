/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpOwnerTable: the sockets of each owner, with a row for each state in which sockets have owners.
 */
#ifndef AGENT_OWNER_TABLE_H
#define AGENT_OWNER_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table owner_table;

#endif
