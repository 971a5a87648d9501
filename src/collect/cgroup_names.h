/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests the names of cgroups from a process that may read their tree.
 *
 * Both ends of a socket of type SOCK_SEQPACKET are here. A refresh never waits: it asks, and a
 * later one looks for the answer. Only one request is on the way, and an answer fits into the
 * socket's buffer, so that the other process never waits either.
 */
#ifndef COLLECT_CGROUP_NAMES_H
#define COLLECT_CGROUP_NAMES_H

#include "model/owner.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The number of cgroups in a request. */
#define CGROUP_NAMES_MAX 1024

struct named_cgroup {
	uint64_t id; /**< as in INET_DIAG_CGROUP_ID */
	char name[OWNER_NAME_MAX + 1];
};

struct cgroup_names_answer {
	int error; /**< 0, or -errno, as cgroup_tree_walk() says, and then there are no cgroups */
	uint32_t count;
	struct named_cgroup cgroups[CGROUP_NAMES_MAX]; /**< those that were found, in no order */
};

/** The collector's end. */
struct cgroup_names {
	int socket; /**< -1: nobody can be asked */
	bool asked; /**< a request is on the way */
};

/**
 * Requests the names of @p count cgroups, unless a request is on the way.
 * @param ids in any order; if @p count is 0, those of all cgroups, up to the maximum
 * @return 0; -EAGAIN: not now; -EPIPE: the process has exited
 */
int cgroup_names_request(struct cgroup_names *names, const uint64_t *ids, size_t count);

/**
 * Receives the answer if it has arrived.
 * @return 0, -EAGAIN or -EPIPE
 */
int cgroup_names_receive(struct cgroup_names *names, struct cgroup_names_answer *answer);

/** Waits for an answer, but not for long: to be used at startup only. */
void cgroup_names_wait(const struct cgroup_names *names);

void cgroup_names_finalise(struct cgroup_names *names);

/**
 * Answers a request that has arrived at @p socket. SIGPIPE must be ignored.
 * @return false if the collector has exited
 */
bool cgroup_names_answer(int socket);

#endif
