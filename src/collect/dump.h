/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One netlink dump of sock_diag, whole or not at all.
 *
 * The kernel has many ways to end a dump that a careless reader takes for success: an error inside
 * NLMSG_DONE, an interrupted walk, a lost datagram, a leftover of an earlier dump. Here each of
 * them is an error, and after an error the socket is thrown away, because a dump that was broken
 * off half way leaves its rest in it (net/netlink/af_netlink.c, netlink_dump).
 */
#ifndef COLLECT_DUMP_H
#define COLLECT_DUMP_H

#include <linux/netlink.h>
#include <stdint.h>

/** The kernel never fills more in one datagram (NLMSG_GOODSIZE and netlink_dump's limit). */
#define DUMP_BUFFER_SIZE 32768

struct mnl_socket;

struct dump {
	struct mnl_socket *socket; /**< NULL until a dump needs it, and after an error */
	unsigned int port;         /**< the socket's netlink address */
	uint32_t sequence;         /**< of the dump that runs, new for each */
	uint16_t type;             /**< of the request and of each answer */
	uint32_t pieces;           /**< datagrams in which the latest dump's messages came */
	_Alignas(struct nlmsghdr) unsigned char buffer[DUMP_BUFFER_SIZE];
};

/**
 * Is called for each message of a dump, with its header checked and its payload not.
 * @return 0, or -errno, which ends the dump with that error
 */
typedef int dump_visit(const struct nlmsghdr *message, void *context);

/** Prepares @p dump; nothing is opened yet. */
void dump_initialise(struct dump *dump);

/**
 * Sends @p request, whose type, length and payload the caller has filled in, and visits every
 * message of the answer. What was visited counts only if 0 is returned: the dump was complete.
 *
 * @return 0 or -errno: what the kernel answered, or
 *         -EBADMSG a truncated message, -EPROTO a message that does not belong here,
 *         -EINTR the kernel says that the walk was inconsistent (NLM_F_DUMP_INTR),
 *         -ENOBUFS a datagram was lost, -ENOSPC one was longer than the buffer
 */
int dump_run(struct dump *dump, struct nlmsghdr *request, dump_visit *visit, void *context);

/** Closes what @p dump has open; it may be run again afterwards. */
void dump_finalise(struct dump *dump);

#endif
