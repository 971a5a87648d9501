/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-states -w without a terminal or with a format: counts repeatedly, and prints a record with
 * the time of each count.
 */
#ifndef CLI_RECORDS_H
#define CLI_RECORDS_H

#include "cli/formats.h"
#include "cli/source.h"
#include "cli/view.h"

#include <stdint.h>

/**
 * Prints the counts of @p source every @p interval_ns until a signal ends the process: a line of
 * JSON, rows of CSV that begin with the time, or a table under a line with the time. A count that
 * fails is reported on standard error, and has no record.
 * @param format CSV, JSON, or NULL for tables
 * @param problem on failure, the reason, which must be escaped before it is printed
 *        It is "" if standard output cannot be written, which closing it reports.
 * @return -errno: the first count failed, or standard output cannot be written
 */
int records_print(const struct source *source, const struct view *view, const struct format *format,
		  int64_t interval_ns, char problem[REMOTE_PROBLEM_SIZE]);

#endif
