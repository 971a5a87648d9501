/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpRefresh: the health of the refreshes, served even when the counts are too old.
 */
#ifndef AGENT_REFRESH_SCALARS_H
#define AGENT_REFRESH_SCALARS_H

#include "agent/mib_tree.h"

extern const struct mib_table refresh_scalars;

#endif
