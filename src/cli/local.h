/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts this machine once, for programs that end afterwards.
 *
 * Unlike the daemon, they do not check derived counts by a full list, which would cost three walks
 * of the kernel's tables; what cannot be derived is listed.
 */
#ifndef CLI_LOCAL_H
#define CLI_LOCAL_H

#include "collect/gatherer.h"

/**
 * Counts the sockets of the network namespace that the caller is in.
 *
 * @param wanted policy COUNT_DERIVED lists every socket where the counts cannot be derived
 * @param snapshot the caller's to free; set only on success
 * @param problem on failure what failed, a constant string
 * @return 0 or -errno
 */
int local_count(const struct wanted *wanted, struct snapshot **snapshot, const char **problem);

#endif
