/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpNotify: the delivery of notifications.
 */
#ifndef AGENT_NOTIFY_SCALARS_H
#define AGENT_NOTIFY_SCALARS_H

#include "agent/mib_tree.h"

extern const struct mib_table notify_scalars;

#endif
