/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests the cgroups of units from a process that may read them.
 *
 * Both ends of a stream socket are here: the collector asks with a limit on the time, the other
 * process answers.
 */
#ifndef COLLECT_UNITS_H
#define COLLECT_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A cgroup that belongs to a unit. */
struct unit_cgroup {
	uint64_t id;   /**< as in INET_DIAG_CGROUP_ID */
	uint64_t unit; /**< index of the unit's name in the request */
};

struct unit_cgroups {
	struct unit_cgroup *cgroups; /**< from malloc() */
	size_t count;
};

/** The order of their ids, and of the units of the same one; for qsort(3). */
int unit_cgroup_compare(const void *left, const void *right);

/** Puts the cgroups in the order of unit_cgroup_compare(). */
void unit_cgroups_sort(struct unit_cgroups *cgroups);

/** Finds the cgroups of units, such as cgroups_find(). */
typedef int units_find(const char *names, size_t length, struct unit_cgroups *found);

/** The collector's end. */
struct units {
	int socket;       /**< -1: nobody can be asked */
	units_find *find; /**< called directly instead of asking; NULL: none */
	uint32_t sequence;
	char *received; /**< the beginning of an answer, from malloc() */
	size_t length;
};

/**
 * Requests the cgroups of @p names, as for cgroups_find(), and waits for the answer. A late answer
 * to an earlier request is ignored.
 * @param found from malloc(); empty on failure
 * @return 0; -ETIMEDOUT: no answer within @p timeout_ms; -ENOENT, -EOPNOTSUPP or -ENOMEM, as
 *         cgroups_find() says; -ENOENT also if nobody can be asked; -EPIPE: the process has exited
 */
int units_request(struct units *units, const char *names, size_t length, int timeout_ms,
		  struct unit_cgroups *found);

void units_finalise(struct units *units);

/**
 * Answers one request that has arrived at @p socket with the result of @p find. SIGPIPE must be
 * ignored.
 * @return false if the collector has exited
 */
bool units_answer(int socket, units_find *find);

#endif
