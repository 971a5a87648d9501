/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The groups of sockets of a snapshot, as a table.
 */
#ifndef CLI_GROUPS_TABLE_H
#define CLI_GROUPS_TABLE_H

#include "cli/style.h"
#include "model/groups.h"

#include <stdio.h>

/** Writes the largest groups and the sum of all others. @return 0 or -ENOMEM */
int groups_table_write(FILE *file, const struct groups *groups, const struct style *style);

#endif
