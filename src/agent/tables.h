/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All tables and groups of scalars of TCP-STATE-COUNT-MIB.
 */
#ifndef AGENT_TABLES_H
#define AGENT_TABLES_H

#include "agent/mib_tree.h"

/** In the order of their OIDs, NULL after the last. */
extern const struct mib_table *const mib_tables[];

#endif
