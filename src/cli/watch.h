/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts again and again, and shows it on a terminal.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/source.h"
#include "cli/view.h"

#include <stdint.h>

/**
 * Shows what @p source counts every @p interval_ns, until the key q or SIGINT. Another signal that
 * ends the process does so when the terminal is as it was.
 * @param problem on failure a sentence without its stop
 * @return 0 or -errno: standard output is no terminal, or the first count failed
 */
int watch(const struct source *source, const struct view *view, int64_t interval_ns,
	  char problem[REMOTE_PROBLEM_SIZE]);

#endif
