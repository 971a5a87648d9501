/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists sockets once and groups them, for a command.
 */
#ifndef COLLECT_GROUP_COUNTER_H
#define COLLECT_GROUP_COUNTER_H

#include "model/groups.h"
#include "model/tcp.h"
#include "model/watch.h"

#include <stdbool.h>

struct grouping {
	struct group_keys keys;    /**< at least one */
	bool families[FAMILIES];   /**< those to count */
	bool states[STATES];       /**< likewise */
	bool bound_inactive;       /**< as closed; sock_diag_try_bound_inactive() has succeeded */
	const struct watch *watch; /**< counts its sockets only; NULL: all */
};

/**
 * Groups the sockets of the caller's network namespace. A socket without a value of a key is in the
 * group without it: TIME_WAIT and SYN_RECV requests have neither cgroup, user nor process, and
 * sockets that were closed have no process.
 *
 * @param groups to be freed by groups_finalise(), also on failure
 * @param problem on failure, the operation that failed, a constant string
 * @return 0 or -errno
 */
int group_counter_count(const struct grouping *grouping, struct groups *groups,
			const char **problem);

#endif
