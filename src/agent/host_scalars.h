/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpHost: counts of the whole host, each next to its limit.
 */
#ifndef AGENT_HOST_SCALARS_H
#define AGENT_HOST_SCALARS_H

#include "agent/mib_tree.h"

extern const struct mib_table host_scalars;

#endif
