/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The families and the states of TCP sockets, and their names.
 */
#ifndef MODEL_TCP_H
#define MODEL_TCP_H

#include <stddef.h>

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

/** How many pairs of a family and a state there are. */
#define FAMILY_STATES ((size_t)FAMILIES * STATES)

/** "ipv4" or "ipv6", InetVersion's labels. */
const char *tcp_family_name(enum tcp_family family);

/** "closed" to "timeWait", tcpConnectionState's labels. */
const char *tcp_state_name(enum tcp_state state);

/** Reads a family's name. @return 0 or -EINVAL */
int tcp_family_parse(const char *text, enum tcp_family *family);

/**
 * Reads a state as SNMP, the kernel, ss or netstat write it: timeWait, TIME_WAIT, time-wait; case
 * does not matter. @return 0 or -EINVAL
 */
int tcp_state_parse(const char *text, enum tcp_state *state);

#endif
