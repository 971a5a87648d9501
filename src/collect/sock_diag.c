/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/sock_diag.h"

#include "collect/syn_queues.h"
#include "collect/watch_counter.h"
#include "number.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

_Static_assert(SOCKETS_LISTENING == 1U << TCP_LISTEN, "TCP_LISTEN");
_Static_assert((SOCKETS_LISTENING | SOCKETS_OTHER) == (1U << (TCP_CLOSING + 1)) - 2, "1 to 11");
_Static_assert(SOCKETS_ESTABLISHED == 1U << TCP_ESTABLISHED, "TCP_ESTABLISHED");
_Static_assert(SOCKETS_SYN_RECEIVED == 1U << TCP_SYN_RECV, "TCP_SYN_RECV");
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
	if (error != 0)
		return error;
	return state_of(read->socket->idiag_state, &read->state);
}

/* The older request type walks the tables once for both families, SOCK_DIAG_BY_FAMILY once each. */
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

/* Only messages of full sockets have a shutdown attribute (inet_diag_msg_attrs_fill). */
static bool is_full(const struct nlmsghdr *message)
{
	return mnl_attr_parse(message, sizeof(struct inet_diag_msg), find_shutdown, NULL) ==
	       MNL_CB_STOP;
}

bool sock_diag_read_cgroup(const struct nlattr *attribute, uint64_t *id)
{
	if (mnl_attr_get_type(attribute) != INET_DIAG_CGROUP_ID ||
	    mnl_attr_get_payload_len(attribute) != sizeof(*id))
		return false;
	memcpy(id, mnl_attr_get_payload(attribute), sizeof(*id));
	return true;
}

static int find_cgroup(const struct nlattr *attribute, void *id)
{
	return sock_diag_read_cgroup(attribute, id) ? MNL_CB_STOP : MNL_CB_OK;
}

uint64_t sock_diag_cgroup(const struct nlmsghdr *message)
{
	uint64_t id = 0;

	mnl_attr_parse(message, sizeof(struct inet_diag_msg), find_cgroup, &id);
	return id;
}

bool sock_diag_is_gone(const struct socket_message *read, socket_states asked)
{
	return read->state == STATE_CLOSED && !(asked & SOCKETS_BOUND_INACTIVE);
}

struct counted {
	socket_states asked;
	struct socket_counts counts;
	struct syn_queues *syn_queues; /* to add SYN_RECV requests to, or NULL */
	struct watch_counter *watches; /* to add every socket to, or NULL */
};

static int count_socket(const struct nlmsghdr *message, void *context)
{
	struct counted *counted = context;
	struct socket_message read;
	int error = sock_diag_read(message, &read);

	if (error != 0)
		return error;
	if (sock_diag_is_gone(&read, counted->asked))
		return 0;
	counted->counts.sockets[read.family][read.state]++;
	if (!is_full(message))
		counted->counts.mini[read.family][read.state]++;
	if (read.state == STATE_SYN_RECEIVED && counted->syn_queues != NULL)
		syn_queues_add(counted->syn_queues, &read);
	if (counted->watches != NULL)
		watch_counter_add(counted->watches, message, &read);
	return 0;
}

static int run_count(struct dump *dump, struct nlmsghdr *request, socket_states asked,
		     struct socket_counts *counts)
{
	struct counted counted = {.asked = asked, .watches = dump->watches};
	int error;

	if (asked & SOCKETS_SYN_RECEIVED)
		counted.syn_queues = dump->syn_queues;
	if (counted.syn_queues != NULL)
		syn_queues_clear(counted.syn_queues);
	if (counted.watches != NULL)
		watch_counter_clear(counted.watches);
	error = dump_run(dump, request, count_socket, &counted);
	if (error == 0)
		*counts = counted.counts;
	return error;
}

int sock_diag_count(struct dump *dump, socket_states states, struct socket_counts *counts)
{
	struct diag_request request;

	request.header = sock_diag_request(states, &request.body, sizeof(request));
	return run_count(dump, &request.header, states, counts);
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

	return run_count(dump, &request.header, states, counts);
}

/* Uses an address whose ports are not exhausted, and which need not be configured (IP_FREEBIND). */
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

/* Without permission to create such a socket: Linux lists them since 6.8. */
static int expect_bound_inactive(void)
{
	struct utsname system;
	const char *release = system.release;
	uint64_t major, minor;

	if (uname(&system) < 0)
		return -errno;
	if (!number_take(&release, INT_MAX, &major) || *release++ != '.' ||
	    !number_take(&release, INT_MAX, &minor))
		return -EPROTO;
	return major > 6 || (major == 6 && minor >= 8) ? 0 : -EOPNOTSUPP;
}

int sock_diag_try_bound_inactive(void)
{
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	struct socket_counts counts;
	struct dump dump;
	int error;

	if (descriptor < 0) {
		if (errno == EAFNOSUPPORT || errno == EPERM || errno == EACCES)
			return expect_bound_inactive();
		return -errno;
	}
	dump_initialise(&dump);
	error = bind_to_any_port(descriptor);
	if (error != 0)
		goto cleanup;
	error = sock_diag_count(&dump, SOCKETS_BOUND_INACTIVE, &counts);
	if (error == 0 && counts.sockets[FAMILY_IPV4][STATE_CLOSED] == 0)
		error = -EOPNOTSUPP;

cleanup:
	dump_finalise(&dump);
	close(descriptor);
	return error;
}
