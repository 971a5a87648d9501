/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's TCP sockets, counted through sock_diag (net/ipv4/inet_diag.c).
 */
#ifndef COLLECT_SOCK_DIAG_H
#define COLLECT_SOCK_DIAG_H

#include "collect/dump.h"
#include "model/listener.h"
#include "model/port.h"

#include <linux/inet_diag.h>
#include <stdbool.h>

/** Which sockets to dump: a bit for each of the kernel's states (include/net/tcp_states.h). */
typedef uint32_t socket_states;

/** The states of sockets that listen, and of all others. */
#define SOCKETS_LISTENING ((socket_states)0x400)
#define SOCKETS_OTHER ((socket_states)0xbfe)

#define SOCKETS_ESTABLISHED ((socket_states)0x2)
#define SOCKETS_TIME_WAIT ((socket_states)0x40)

/** Bound but not connected; the kernel reports them as closed, at a third more cost (6.8). */
#define SOCKETS_BOUND_INACTIVE ((socket_states)0x2000)

/** Sockets by family and state. */
struct socket_counts {
	uint32_t sockets[FAMILIES][STATES];
	/**
	 * Those among them that are no full sockets: SYN_RECV requests, TIME_WAIT, and FIN_WAIT_2
	 * after close().
	 */
	uint32_t mini[FAMILIES][STATES];
};

/** One message of a dump, checked. */
struct socket_message {
	enum tcp_family family;
	enum tcp_state state;
	const struct inet_diag_msg *socket;
};

/**
 * Checks and reads a message of a sock_diag dump.
 * @return 0, or -EBADMSG: it is too short, or -EPROTO: its family or its state is one that this
 *         program does not know, and a count without it would be wrong
 */
int sock_diag_read(const struct nlmsghdr *message, struct socket_message *read);

/**
 * The header of a request for the sockets in @p states, both families in one walk of the kernel's
 * tables, and its body in @p body. @p length is that of the whole request.
 */
struct nlmsghdr sock_diag_request(socket_states states, struct inet_diag_req *body, size_t length);

/**
 * Counts the sockets in @p states of the network namespace. Needs no privilege.
 *
 * @param counts is written only on success
 * @return 0 or -errno, as dump_run() and sock_diag_read() say
 */
int sock_diag_count(struct dump *dump, socket_states states, struct socket_counts *counts);

/** The same for one family; the kernel's tables hold both, so it costs a walk of its own. */
int sock_diag_count_family(struct dump *dump, enum tcp_family family, socket_states states,
			   struct socket_counts *counts);

/**
 * Counts those sockets in @p states that have one of the local ports in @p ports, which the kernel
 * picks out.
 *
 * @param ports with nothing counted; in no defined state on failure
 * @return 0 or -errno, as sock_diag_count() says
 */
int sock_diag_count_ports(struct dump *dump, socket_states states, struct port_count *ports,
			  size_t count);

/**
 * Lists the listening endpoints, in endpoint_compare()'s order.
 *
 * @param listeners the caller's to free(); set only on success
 * @return 0 or -errno, as sock_diag_count() says; -EPROTO also if the kernel does not tell drops
 */
int sock_diag_list_listeners(struct dump *dump, struct listener **listeners, size_t *count);

/**
 * Finds out whether the kernel lists SOCKETS_BOUND_INACTIVE, with a socket of its own.
 * @return 0, or -EOPNOTSUPP: it does not, or -errno: that cannot be found out
 */
int sock_diag_try_bound_inactive(void);

#endif
