/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpListenQueueTable: a row for every listening endpoint, with its accept queue.
 */
#ifndef AGENT_LISTEN_QUEUE_TABLE_H
#define AGENT_LISTEN_QUEUE_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table listen_queue_table;

#endif
