/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts this machine by both methods, and shows whether they agree.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "cli/style.h"
#include "collect/counter.h"

/**
 * Counts by both methods, and again while they disagree, up to ten times.
 * @param problem on failure what failed, a constant string
 * @return 0 or -errno; -ENODATA if nothing can be derived
 */
int verify_count(struct comparison *comparison, const char **problem);

/** Writes both counts, how far they differ and whether they agree. @return 0 or -ENOMEM */
int verify_print(FILE *file, const struct comparison *comparison, const struct style *style);

#endif
