/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening sockets, merged into endpoints and tracked from one refresh to the next.
 *
 * Any user may open hundreds of thousands of them, so the number of a snapshot's endpoints is
 * limited to those that were fullest within the window. The collector therefore keeps the window,
 * for the endpoints of the last snapshot. An endpoint that was omitted and returns is new. Memory
 * is bounded by LISTENING_SOCKETS_MAX and the limit.
 */
#ifndef COLLECT_LISTENERS_H
#define COLLECT_LISTENERS_H

#include "collect/dump.h"
#include "collect/listening_sockets.h"
#include "collect/syn_queues.h"
#include "model/snapshot.h"

/** Sockets whose endpoints are known; further ones are only counted. */
#define LISTENING_SOCKETS_MAX ((size_t)1 << 19)

/** How a snapshot's endpoints are chosen and tracked. */
struct listeners_limit {
	/** The maximum number of endpoints in a snapshot; 0: no limit, and nothing is tracked. */
	size_t endpoints;
	int64_t window_ns; /**< how far fill_max and queued_max look back */
};

struct listeners {
	struct listening_sockets list; /**< the latest one, ordered by endpoint and device */
	size_t sockets_max;
	struct syn_queues syn_queues;
	struct tracked_endpoint *endpoints; /**< those of the last snapshot, in its order */
	size_t endpoints_count;
	struct tracked_socket *drops; /**< their sockets that have discarded anything, by cookie */
	size_t drops_count;
};

void listeners_initialise(struct listeners *listeners);

/**
 * Lists the listening sockets and puts the endpoints into @p snapshot, whose time is set. It must
 * outlive the counting of SYN_RECV requests, up to listeners_forget_sockets().
 * @return 0 or -errno, as sock_diag_count() says; -EPROTO also if the kernel does not report drops
 */
int listeners_list(struct listeners *listeners, struct dump *dump,
		   const struct listeners_limit *limit, struct snapshot *snapshot);

/** Forgets the latest list; endpoints stay tracked. */
void listeners_forget_sockets(struct listeners *listeners);

void listeners_finalise(struct listeners *listeners);

#endif
