/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What another host's agent reports in addition to counts, as tables.
 */
#ifndef CLI_AGENT_TABLE_H
#define CLI_AGENT_TABLE_H

#include "cli/style.h"
#include "model/agent_details.h"

#include <stdio.h>

/** Writes the raised thresholds, or a line that none is. @return 0 or -ENOMEM */
int agent_table_write(FILE *file, const struct agent_details *agent, const struct style *style);

#endif
