/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/sock_diag.h"

#include "collect/owner_counter.h"
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

static const enum tcp_state states_of_kernel[] = {
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

socket_states sock_diag_states(const bool states[STATES])
{
	socket_states picked = 0;

	for (unsigned int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++) {
		if (states[states_of_kernel[state]])
			picked |= 1U << state;
	}
	return picked;
}

static int state_of(unsigned int kernel_state, enum tcp_state *state)
{
	if (kernel_state < TCP_ESTABLISHED || kernel_state > TCP_CLOSING)
		return -EPROTO;
	*state = states_of_kernel[kernel_state];
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

static int ignore_message(const struct nlmsghdr *message, void *context)
{
	(void)message;
	(void)context;
	return 0;
}

/* Before Linux 5.8 the kernel refuses the whole filter if it compares a cgroup. */
static enum cgroup_support try_cgroup_filter(struct dump *dump)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req body;
		struct nlattr attribute;
		struct inet_diag_bc_op operation;
		unsigned char id[sizeof(uint64_t)];
	} request = {
		.attribute = {.nla_type = INET_DIAG_REQ_BYTECODE},
		.operation = {.code = INET_DIAG_BC_CGROUP_COND},
	};
	const uint16_t code = sizeof(request.operation) + sizeof(request.id);

	request.attribute.nla_len = (uint16_t)(sizeof(request.attribute) + code);
	request.operation.yes = (unsigned char)code;
	request.operation.no = (uint16_t)(code + sizeof(request.operation));
	request.header = sock_diag_request(SOCKETS_LISTENING, &request.body, sizeof(request));
	switch (dump_run(dump, &request.header, ignore_message, NULL)) {
	case 0:
		return CGROUPS_SUPPORTED;
	case -EINVAL:
		return CGROUPS_UNSUPPORTED;
	default:
		return CGROUPS_UNTRIED;
	}
}

enum cgroup_support sock_diag_cgroup_support(struct dump *dump)
{
	if (dump->cgroup_support == CGROUPS_UNTRIED)
		dump->cgroup_support = try_cgroup_filter(dump);
	return dump->cgroup_support;
}

bool sock_diag_is_gone(const struct socket_message *read, socket_states asked)
{
	return read->state == STATE_CLOSED && !(asked & SOCKETS_BOUND_INACTIVE);
}

/*
 * Only messages of full sockets have a shutdown attribute, which is the first one, and a cgroup
 * (net/ipv4/inet_diag.c, inet_diag_msg_attrs_fill).
 */
struct attributes {
	bool cgroup_wanted;
	bool full;
	uint64_t cgroup;
};

static int read_attribute(const struct nlattr *attribute, void *context)
{
	struct attributes *attributes = context;

	if (mnl_attr_get_type(attribute) == INET_DIAG_SHUTDOWN) {
		attributes->full = true;
		return attributes->cgroup_wanted ? MNL_CB_OK : MNL_CB_STOP;
	}
	return sock_diag_read_cgroup(attribute, &attributes->cgroup) ? MNL_CB_STOP : MNL_CB_OK;
}

struct counted {
	socket_states asked;
	struct socket_counts counts;
	struct syn_queues *syn_queues; /* to add SYN_RECV requests to, or NULL */
	struct watch_counter *watches; /* to add every socket to, or NULL */
	struct owner_counter *owners;  /* likewise */
};

static int count_socket(const struct nlmsghdr *message, void *context)
{
	struct counted *counted = context;
	struct attributes attributes = {.cgroup_wanted = counted->owners != NULL};
	struct socket_message read;
	int error = sock_diag_read(message, &read);

	if (error != 0)
		return error;
	if (sock_diag_is_gone(&read, counted->asked))
		return 0;
	mnl_attr_parse(message, sizeof(*read.socket), read_attribute, &attributes);
	counted->counts.sockets[read.family][read.state]++;
	if (!attributes.full)
		counted->counts.mini[read.family][read.state]++;
	if (read.state == STATE_SYN_RECEIVED && counted->syn_queues != NULL)
		syn_queues_add(counted->syn_queues, &read);
	if (counted->watches != NULL)
		error = watch_counter_add(counted->watches, message, &read);
	if (error == 0 && counted->owners != NULL)
		error = owner_counter_add(counted->owners, attributes.cgroup, read.family,
					  read.state);
	return error;
}

static int run_count(struct dump *dump, struct nlmsghdr *request, socket_states asked,
		     struct socket_counts *counts)
{
	struct counted counted = {
		.asked = asked,
		.watches = dump->watches,
		.owners = dump->owners,
	};
	int error;

	if (asked & SOCKETS_SYN_RECEIVED)
		counted.syn_queues = dump->syn_queues;
	if (counted.syn_queues != NULL)
		syn_queues_clear(counted.syn_queues);
	if (counted.watches != NULL)
		watch_counter_clear(counted.watches);
	if (counted.owners != NULL)
		owner_counter_clear(counted.owners);
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
