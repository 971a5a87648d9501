/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/sock_diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/*
 * The kernel's states are 1 to 11 (include/net/tcp_states.h). Bits beyond them are not asked for:
 * they would add bound but unconnected sockets, at a third more cost.
 */
#define ALL_STATES (((1u << (TCP_CLOSING + 1)) - 1) & ~1u)

static int state_of(unsigned int kernel_state, enum tcp_state *state)
{
	static const enum tcp_state states[] = {
		[TCP_ESTABLISHED] = STATE_ESTABLISHED,
		[TCP_SYN_SENT] = STATE_SYN_SENT,
		[TCP_SYN_RECV] = STATE_SYN_RECEIVED,
		[TCP_FIN_WAIT1] = STATE_FIN_WAIT_1,
		[TCP_FIN_WAIT2] = STATE_FIN_WAIT_2,
		[TCP_TIME_WAIT] = STATE_TIME_WAIT,
		[TCP_CLOSE] = STATE_CLOSED,
		[TCP_CLOSE_WAIT] = STATE_CLOSE_WAIT,
		[TCP_LAST_ACK] = STATE_LAST_ACK,
		[TCP_LISTEN] = STATE_LISTEN,
		[TCP_CLOSING] = STATE_CLOSING,
	};

	if (kernel_state < TCP_ESTABLISHED || kernel_state > TCP_CLOSING)
		return -EPROTO;
	*state = states[kernel_state];
	return 0;
}

static int family_of(unsigned int kernel_family, enum tcp_family *family)
{
	switch (kernel_family) {
	case AF_INET:
		*family = FAMILY_IPV4;
		return 0;
	case AF_INET6:
		*family = FAMILY_IPV6;
		return 0;
	default:
		return -EPROTO;
	}
}

static int count_socket(const struct nlmsghdr *message, void *context)
{
	uint32_t(*sockets)[STATES] = context;
	const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(message);
	enum tcp_family family;
	enum tcp_state state;
	int error;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*socket))
		return -EBADMSG;
	error = family_of(socket->idiag_family, &family);
	if (error != 0)
		return error;
	error = state_of(socket->idiag_state, &state);
	if (error != 0)
		return error;
	sockets[family][state]++;
	return 0;
}

int sock_diag_count(struct dump *dump, uint32_t sockets[FAMILIES][STATES])
{
	uint32_t counted[FAMILIES][STATES] = {0};
	/*
	 * The request of the older type has no protocol field and walks the tables once for every
	 * family, where SOCK_DIAG_BY_FAMILY walks them once a family.
	 */
	struct {
		struct nlmsghdr header;
		struct inet_diag_req body;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = TCPDIAG_GETSOCK},
		.body = {.idiag_family = AF_UNSPEC, .idiag_states = ALL_STATES},
	};
	int error;

	error = dump_run(dump, &request.header, count_socket, counted);
	if (error == 0)
		memcpy(sockets, counted, sizeof(counted));
	return error;
}
