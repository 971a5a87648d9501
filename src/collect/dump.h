/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One netlink dump of sock_diag, whole or not at all.
 *
 * A dump can fail in ways that look like success: an error inside NLMSG_DONE, an interrupted walk,
 * a lost datagram, a leftover of an earlier dump. Each of them is an error here. After an error the
 * socket is closed, because an aborted dump leaves its remainder in it (net/netlink/af_netlink.c,
 * netlink_dump).
 */
#ifndef COLLECT_DUMP_H
#define COLLECT_DUMP_H

#include <linux/netlink.h>
#include <stdint.h>

/** The kernel never fills more in one datagram (NLMSG_GOODSIZE and netlink_dump's limit). */
#define DUMP_BUFFER_SIZE 32768

struct mnl_socket;
struct owner_counter;
struct syn_queues;
struct watch_counter;

/** Whether the kernel knows the cgroups of sockets (Linux 5.8). */
enum cgroup_support {
	CGROUPS_UNTRIED,
	CGROUPS_SUPPORTED,
	CGROUPS_UNSUPPORTED,
};

struct dump {
	struct mnl_socket *socket;     /**< NULL until a dump needs it, and after an error */
	unsigned int port;             /**< the socket's netlink address */
	uint32_t sequence;             /**< of the current dump, new for each */
	uint16_t type;                 /**< of the request and of each answer */
	uint32_t pieces;               /**< datagrams with messages in the latest dump */
	struct syn_queues *syn_queues; /**< for sock_diag_count(); may be NULL */
	struct watch_counter *watches; /**< likewise, while every socket is listed */
	struct owner_counter *owners;  /**< likewise, while sockets are listed for a snapshot */
	enum cgroup_support cgroup_support; /**< for sock_diag_cgroup_support() */
	_Alignas(struct nlmsghdr) unsigned char buffer[DUMP_BUFFER_SIZE];
};

/**
 * Called for each message of a dump, whose header is checked and whose payload is not.
 * @return 0, or -errno, which ends the dump with that error
 */
typedef int dump_visit(const struct nlmsghdr *message, void *context);

/** Prepares @p dump; nothing is opened yet. */
void dump_initialise(struct dump *dump);

/**
 * Sends @p request, whose type, length and payload the caller has filled in, and visits every
 * message of the answer. Only if 0 is returned was the dump complete.
 *
 * @return 0 or -errno: the kernel's error, or
 *         -EBADMSG a truncated message, -EPROTO a message that does not belong here,
 *         -EINTR the walk was inconsistent (NLM_F_DUMP_INTR),
 *         -ENOBUFS a datagram was lost, -ENOSPC one was longer than the buffer
 */
int dump_run(struct dump *dump, struct nlmsghdr *request, dump_visit *visit, void *context);

/** Closes the socket; @p dump can be reused afterwards. */
void dump_finalise(struct dump *dump);

#endif
