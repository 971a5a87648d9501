/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that one refresh learned of the host's TCP sockets.
 *
 * This type is the border of the program: the code that fills it speaks netlink and no SNMP, the
 * code that reads it speaks SNMP and no netlink. The collector fills a snapshot and hands it over;
 * from then on nobody changes it.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

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

/** How a snapshot's sockets were counted. */
enum count_method {
	METHOD_FULL, /**< every socket was listed by the kernel */
};

struct snapshot {
	int64_t taken_ns;     /**< when the refresh began, on the clock of clock.h */
	uint32_t duration_us; /**< how long it took */
	enum count_method method;
	uint32_t sockets[FAMILIES][STATES];
};

/** "ipv4" or "ipv6", InetVersion's labels. */
const char *tcp_family_name(enum tcp_family family);

/** "closed" to "timeWait", tcpConnectionState's labels. */
const char *tcp_state_name(enum tcp_state state);

#endif
