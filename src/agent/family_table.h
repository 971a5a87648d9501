/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpFamilyTable: the sockets of each address family, TCP and others.
 */
#ifndef AGENT_FAMILY_TABLE_H
#define AGENT_FAMILY_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table family_table;

#endif
