/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot's summary, as a table.
 */
#ifndef CLI_SUMMARY_TABLE_H
#define CLI_SUMMARY_TABLE_H

#include "cli/style.h"
#include "model/snapshot.h"

#include <stdio.h>

/** Writes the same totals as ss -s. @return 0 or -ENOMEM */
int summary_table_write(FILE *file, const struct snapshot *snapshot, const struct style *style);

#endif
