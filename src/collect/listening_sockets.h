/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists the listening sockets, each once, with their accept queues and drops.
 */
#ifndef COLLECT_LISTENING_SOCKETS_H
#define COLLECT_LISTENING_SOCKETS_H

#include "collect/dump.h"
#include "collect/sock_diag.h"
#include "model/listener.h"

struct listening_socket {
	uint64_t cookie; /**< never that of another socket (net/core/sock_diag.c) */
	struct endpoint endpoint;
	uint32_t device; /**< interface that the socket is bound to, or 0 */
	uint32_t queued;
	uint32_t backlog;
	uint32_t dropped;
	uint64_t cgroup; /**< 0 before Linux 5.8 */
};

struct listening_sockets {
	struct listening_socket *sockets; /**< in no order */
	size_t count;
	size_t capacity;
	uint32_t total[FAMILIES]; /**< all sockets, including those that were only counted */
};

/**
 * Lists the sockets into @p list, which is empty; sockets beyond @p max are only counted.
 * @return 0 or -errno, as sock_diag_count() says; -EPROTO also if the kernel does not report drops
 */
int listening_sockets_list(struct listening_sockets *list, struct dump *dump, size_t max);

/** Empties @p list. */
void listening_sockets_free(struct listening_sockets *list);

/** Orders sockets by endpoint and device. */
int listening_socket_compare(const void *left, const void *right);

/** The local endpoint of a socket; it has a zone if its address is link-local. */
struct endpoint socket_endpoint(const struct socket_message *message);

#endif
