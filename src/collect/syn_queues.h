/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assigns SYN_RECV requests to the listening endpoints that take them, while they are counted.
 */
#ifndef COLLECT_SYN_QUEUES_H
#define COLLECT_SYN_QUEUES_H

#include "collect/listening_sockets.h"
#include "model/snapshot.h"

/** An entry of the cache of endpoints that take SYN_RECV requests. */
struct syn_queue_target {
	struct endpoint to;
	uint32_t device;
	bool known;
	struct listener *listener; /**< NULL: no endpoint of the snapshot */
};

#define SYN_QUEUE_TARGETS 64

/** All zero: requests are not assigned. */
struct syn_queues {
	const struct listening_sockets *sockets; /**< in listening_socket_compare()'s order */
	struct snapshot *snapshot;               /**< whose listeners the requests are added to */
	struct syn_queue_target targets[SYN_QUEUE_TARGETS];
};

/** Sets all SYN queues to 0: a dump of SYN_RECV requests begins. */
void syn_queues_clear(struct syn_queues *queues);

/**
 * Adds a SYN_RECV request to the most specific endpoint that takes it: its address before the
 * wildcard, its interface before others, IPv4 before IPv6.
 */
void syn_queues_add(struct syn_queues *queues, const struct socket_message *request);

#endif
