/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpThresholdTable: a row for every threshold.
 */
#ifndef AGENT_THRESHOLD_TABLE_H
#define AGENT_THRESHOLD_TABLE_H

#include "agent/mib_tree.h"

extern const struct mib_table threshold_table;

#endif
