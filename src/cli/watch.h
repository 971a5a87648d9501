/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-states -w: counts repeatedly, and shows the counts on a terminal.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/source.h"
#include "cli/view.h"

#include <stdint.h>

/**
 * Shows the counts of @p source on the terminal at standard output every @p interval_ns until the
 * key q or SIGINT. Other signals that terminate the process take effect after the terminal has been
 * restored.
 * @param problem on failure, the reason, which must be escaped before it is printed
 * @return 0 or -errno: the first count failed
 */
int watch(const struct source *source, const struct view *view, int64_t interval_ns,
	  char problem[REMOTE_PROBLEM_SIZE]);

#endif
