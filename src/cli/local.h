/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the sockets of this machine once, for programs that exit afterwards.
 *
 * Unlike the daemon, it does not check derived counts against a full listing, which would cost
 * three walks through the kernel's tables. Counts that cannot be derived are listed.
 */
#ifndef CLI_LOCAL_H
#define CLI_LOCAL_H

#include "collect/group_counter.h"
#include "collect/refresher.h"
#include "model/port.h"

/**
 * Counts the sockets of the caller's network namespace.
 *
 * @param options with the policy COUNT_DERIVED, all sockets are listed if counts cannot be derived
 * @param ports are counted as watches; NULL: none
 * @param snapshot owned by the caller; set only on success
 * @param problem on failure, the operation that failed, a constant string
 * @return 0 or -errno
 */
int local_count(const struct refresh_options *options, const struct watched_ports *ports,
		struct snapshot **snapshot, const char **problem);

/**
 * Groups the sockets of the caller's network namespace.
 * @param snapshot without counts; owned by the caller; set only on success
 * @param problem as for local_count()
 * @return 0; -ESRCH or -EOPNOTSUPP, which @p problem explains; another -errno
 */
int local_group(const struct grouping *grouping, struct snapshot **snapshot, const char **problem);

#endif
