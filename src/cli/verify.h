/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the sockets of this machine by both methods, and compares the results.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "cli/style.h"
#include "model/count.h"

/**
 * Counts by both methods until they agree, up to ten times.
 * @param problem on failure, the operation that failed, a constant string
 * @return 0 or -errno; -ENODATA if counts cannot be derived
 */
int verify_count(struct verification *verification, const char **problem);

/** Writes both counts, their difference, and whether they agree. @return 0 or -ENOMEM */
int verify_print(FILE *file, const struct verification *verification, const struct style *style);

#endif
