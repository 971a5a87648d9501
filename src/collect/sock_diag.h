/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the kernel's TCP sockets through sock_diag (net/ipv4/inet_diag.c).
 */
#ifndef COLLECT_SOCK_DIAG_H
#define COLLECT_SOCK_DIAG_H

#include "collect/dump.h"
#include "model/tcp.h"

#include <linux/inet_diag.h>
#include <stdbool.h>

/** Which sockets to dump: a bit for each of the kernel's states (include/net/tcp_states.h). */
typedef uint32_t socket_states;

/** The states of sockets that listen, and of all others. */
#define SOCKETS_LISTENING ((socket_states)0x400)
#define SOCKETS_OTHER ((socket_states)0xbfe)

#define SOCKETS_ESTABLISHED ((socket_states)0x2)
#define SOCKETS_SYN_RECEIVED ((socket_states)0x8)
#define SOCKETS_TIME_WAIT ((socket_states)0x40)

/** Bound but not connected; the kernel reports them as closed, at a third more cost (6.8). */
#define SOCKETS_BOUND_INACTIVE ((socket_states)0x2000)

/** The sockets in the selected states, other than SOCKETS_BOUND_INACTIVE. */
socket_states sock_diag_states(const bool states[STATES]);

/** A checked message of a dump. */
struct socket_message {
	enum tcp_family family;
	enum tcp_state state;
	const struct inet_diag_msg *socket;
};

/**
 * Checks and reads a message of a sock_diag dump.
 * @return 0, or -EBADMSG: it is too short, or -EPROTO: its family or state is unknown, and a count
 *         without it would be wrong
 */
int sock_diag_read(const struct nlmsghdr *message, struct socket_message *read);

/** Reads the cgroup in an attribute of a message. @return false if @p attribute is another one */
bool sock_diag_read_cgroup(const struct nlattr *attribute, uint64_t *id);

/** The cgroup of the socket in @p message, or 0: only full sockets have one (Linux 5.8). */
uint64_t sock_diag_cgroup(const struct nlmsghdr *message);

/** Whether the kernel knows the cgroups of sockets: it is tried once. */
enum cgroup_support sock_diag_cgroup_support(struct dump *dump);

/**
 * Whether a socket that was picked for one of the states in @p asked has been closed before the
 * kernel described it. In any other state it is counted there.
 */
bool sock_diag_is_gone(const struct socket_message *read, socket_states asked);

/**
 * Returns the header of a request for the sockets of both families in @p states, which takes one
 * walk of the kernel's tables, and sets @p body. @p length is that of the whole request.
 */
struct nlmsghdr sock_diag_request(socket_states states, struct inet_diag_req *body, size_t length);

/**
 * Counts the sockets in @p states of the network namespace. Needs no privilege. SYN_RECV requests
 * among them are also added to the dump's SYN queues.
 *
 * @param counts changed only on success
 * @return 0 or -errno, as dump_run() and sock_diag_read() say
 */
int sock_diag_count(struct dump *dump, socket_states states, struct socket_counts *counts);

/** Counts one family, in a separate walk: the kernel's tables contain both. */
int sock_diag_count_family(struct dump *dump, enum tcp_family family, socket_states states,
			   struct socket_counts *counts);

/**
 * Tests with a bound socket whether the kernel lists SOCKETS_BOUND_INACTIVE. If AF_INET sockets are
 * not allowed, the kernel's release decides.
 * @return 0, or -EOPNOTSUPP: it does not, or -errno: the test failed
 */
int sock_diag_try_bound_inactive(void);

#endif
