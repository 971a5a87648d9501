/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address families and states of TCP sockets, and their names.
 */
#ifndef MODEL_TCP_H
#define MODEL_TCP_H

#include <stddef.h>
#include <stdint.h>

/** The socket's own address family, in the order of InetVersion (RFC 4001, section 4). */
enum tcp_family {
	FAMILY_IPV4,
	FAMILY_IPV6,
	FAMILIES,
};

/** The states of RFC 793, section 3.2, in the order of tcpConnectionState (RFC 4022, section 3). */
enum tcp_state {
	STATE_CLOSED,
	STATE_LISTEN,
	STATE_SYN_SENT,
	STATE_SYN_RECEIVED,
	STATE_ESTABLISHED,
	STATE_FIN_WAIT_1,
	STATE_FIN_WAIT_2,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_CLOSING,
	STATE_TIME_WAIT,
	STATES,
};

/** The number of pairs of a family and a state. */
#define FAMILY_STATES ((size_t)FAMILIES * STATES)

/** Sockets by family and state. */
struct socket_counts {
	uint32_t sockets[FAMILIES][STATES];
	/**
	 * Those that are not full sockets: SYN_RECV requests, TIME_WAIT, and FIN_WAIT_2 after
	 * close().
	 */
	uint32_t mini[FAMILIES][STATES];
};

/** "ipv4" or "ipv6", InetVersion's labels. */
const char *tcp_family_name(enum tcp_family family);

/** "closed" to "timeWait", tcpConnectionState's labels. */
const char *tcp_state_name(enum tcp_state state);

/** Reads a family's name. @return 0 or -EINVAL */
int tcp_family_parse(const char *text, enum tcp_family *family);

/**
 * Reads a state as written by SNMP, the kernel, ss or netstat: timeWait, TIME_WAIT, time-wait, in
 * upper or lower case. @return 0 or -EINVAL
 */
int tcp_state_parse(const char *text, enum tcp_state *state);

#endif
