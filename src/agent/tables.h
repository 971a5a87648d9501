/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables and the scalars' groups of TCP-STATE-COUNT-MIB, each in a file of its own.
 */
#ifndef AGENT_TABLES_H
#define AGENT_TABLES_H

#include "agent/mib_tree.h"

#define OBJECTS(array) .objects = (array), .objects_count = sizeof(array) / sizeof((array)[0])

extern const struct mib_table state_count_table;
extern const struct mib_table state_total_table;
extern const struct mib_table family_table;
extern const struct mib_table host_scalars;
extern const struct mib_table listen_queue_table;
extern const struct mib_table port_state_table;
extern const struct mib_table threshold_table;
extern const struct mib_table refresh_scalars;
extern const struct mib_table notify_scalars;

/** All of them in the order of their places, NULL after the last. */
extern const struct mib_table *const mib_tables[];

#endif
