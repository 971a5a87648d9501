/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/sock_diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(SOCKETS_LISTENING == 1U << TCP_LISTEN, "TCP_LISTEN");
_Static_assert((SOCKETS_LISTENING | SOCKETS_OTHER) == (1U << (TCP_CLOSING + 1)) - 2, "1 to 11");
_Static_assert(SOCKETS_ESTABLISHED == 1U << TCP_ESTABLISHED, "TCP_ESTABLISHED");
_Static_assert(SOCKETS_TIME_WAIT == 1U << TCP_TIME_WAIT, "TCP_TIME_WAIT");

struct diag_request {
	struct nlmsghdr header;
	struct inet_diag_req body;
};

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

int sock_diag_read(const struct nlmsghdr *message, struct socket_message *read)
{
	int error;

	read->socket = mnl_nlmsg_get_payload(message);
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*read->socket))
		return -EBADMSG;
	error = family_of(read->socket->idiag_family, &read->family);
	if (error == 0)
		error = state_of(read->socket->idiag_state, &read->state);
	return error;
}

/*
 * The request of the older type has no protocol field and walks the tables once for every family,
 * where SOCK_DIAG_BY_FAMILY walks them once a family.
 */
struct nlmsghdr sock_diag_request(socket_states states, struct inet_diag_req *body, size_t length)
{
	*body = (struct inet_diag_req){.idiag_family = AF_UNSPEC, .idiag_states = states};
	return (struct nlmsghdr){.nlmsg_len = (uint32_t)length, .nlmsg_type = TCPDIAG_GETSOCK};
}

static int find_shutdown(const struct nlattr *attribute, void *context)
{
	(void)context;
	return mnl_attr_get_type(attribute) == INET_DIAG_SHUTDOWN ? MNL_CB_STOP : MNL_CB_OK;
}

/* The kernel tells of full sockets how far they are shut down (inet_diag_msg_attrs_fill). */
static bool is_full(const struct nlmsghdr *message)
{
	return mnl_attr_parse(message, sizeof(struct inet_diag_msg), find_shutdown, NULL) ==
	       MNL_CB_STOP;
}

static int count_socket(const struct nlmsghdr *message, void *context)
{
	struct socket_counts *counts = context;
	struct socket_message read;
	int error = sock_diag_read(message, &read);

	if (error != 0)
		return error;
	counts->sockets[read.family][read.state]++;
	if (!is_full(message))
		counts->mini[read.family][read.state]++;
	return 0;
}

static int count(struct dump *dump, struct nlmsghdr *request, struct socket_counts *counts)
{
	struct socket_counts counted = {0};
	int error = dump_run(dump, request, count_socket, &counted);

	if (error == 0)
		*counts = counted;
	return error;
}

int sock_diag_count(struct dump *dump, socket_states states, struct socket_counts *counts)
{
	struct diag_request request;

	request.header = sock_diag_request(states, &request.body, sizeof(request));
	return count(dump, &request.header, counts);
}

int sock_diag_count_family(struct dump *dump, enum tcp_family family, socket_states states,
			   struct socket_counts *counts)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = SOCK_DIAG_BY_FAMILY},
		.body =
			{
				.sdiag_family = family == FAMILY_IPV4 ? AF_INET : AF_INET6,
				.sdiag_protocol = IPPROTO_TCP,
				.idiag_states = states,
			},
	};

	return count(dump, &request.header, counts);
}

/* At an address of its own, where the host's ports are not used up, whatever addresses it has. */
static int bind_to_any_port(int descriptor)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 0x793),
	};
	const int yes = 1;

	if (setsockopt(descriptor, IPPROTO_IP, IP_FREEBIND, &yes, sizeof(yes)) < 0 ||
	    bind(descriptor, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

int sock_diag_try_bound_inactive(void)
{
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	struct socket_counts counts;
	struct dump dump;
	int error;

	if (descriptor < 0)
		return -errno;
	dump_initialise(&dump);
	error = bind_to_any_port(descriptor);
	if (error == 0)
		error = sock_diag_count(&dump, SOCKETS_BOUND_INACTIVE, &counts);
	if (error == 0 && counts.sockets[FAMILY_IPV4][STATE_CLOSED] == 0)
		error = -EOPNOTSUPP;
	dump_finalise(&dump);
	close(descriptor);
	return error;
}
