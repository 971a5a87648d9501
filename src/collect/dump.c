/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <sys/socket.h>

enum progress {
	DUMP_DONE,
	DUMP_CONTINUES,
};

void dump_initialise(struct dump *dump)
{
	dump->socket = NULL;
	dump->sequence = 0;
	dump->syn_queues = NULL;
	dump->watches = NULL;
	dump->owners = NULL;
	dump->cgroup_support = CGROUPS_UNTRIED;
}

void dump_finalise(struct dump *dump)
{
	if (dump->socket != NULL)
		mnl_socket_close(dump->socket);
	dump->socket = NULL;
}

static int open_socket(struct dump *dump)
{
	if (dump->socket != NULL)
		return 0;
	dump->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (dump->socket == NULL)
		return -errno;
	if (mnl_socket_bind(dump->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	dump->port = mnl_socket_get_portid(dump->socket);
	return 0;
}

static int send_dump_request(struct dump *dump, struct nlmsghdr *request)
{
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++dump->sequence;
	dump->type = request->nlmsg_type;
	dump->pieces = 0;
	if (mnl_socket_sendto(dump->socket, request, request->nlmsg_len) < 0)
		return -errno;
	return 0;
}

/* Any process of the host may address our socket; only the kernel has port 0. */
static bool from_kernel(const struct msghdr *datagram)
{
	const struct sockaddr_nl *sender = datagram->msg_name;

	return datagram->msg_namelen == sizeof(*sender) && sender->nl_pid == 0;
}

static ssize_t receive(struct dump *dump)
{
	struct sockaddr_nl sender;
	struct iovec buffer = {.iov_base = dump->buffer, .iov_len = sizeof(dump->buffer)};
	struct msghdr datagram = {.msg_iov = &buffer, .msg_iovlen = 1, .msg_name = &sender};
	ssize_t length;

	do {
		datagram.msg_namelen = sizeof(sender);
		length = recvmsg(mnl_socket_get_fd(dump->socket), &datagram, 0);
	} while ((length < 0 && errno == EINTR) || (length >= 0 && !from_kernel(&datagram)));
	if (length < 0)
		return -errno;
	if (datagram.msg_flags & MSG_TRUNC)
		return -ENOSPC;
	return length;
}

static int check_header(const struct dump *dump, const struct nlmsghdr *message)
{
	if (message->nlmsg_seq != dump->sequence || message->nlmsg_pid != dump->port)
		return -EPROTO;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	return 0;
}

/*
 * NLMSG_DONE holds the dump's result and NLMSG_ERROR begins with one. Success is DONE alone: an
 * acknowledgement would mean that nothing was dumped.
 */
static int dump_result(const struct nlmsghdr *message)
{
	int result;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(result))
		return -EBADMSG;
	result = *(const int *)mnl_nlmsg_get_payload(message);
	if (result < 0)
		return result;
	return message->nlmsg_type == NLMSG_DONE ? DUMP_DONE : -EPROTO;
}

/*
 * Padding is included, because libmnl relies on it when it looks for attributes. libmnl also
 * compares lengths as int, so that one of 2 GiB would pass.
 */
static bool is_whole(const struct nlmsghdr *message, size_t remaining)
{
	return remaining >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= remaining &&
	       (size_t)NLMSG_ALIGN(message->nlmsg_len) <= remaining;
}

static int decode_datagram(struct dump *dump, size_t length, dump_visit *visit, void *context)
{
	size_t offset = 0;

	while (offset < length) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(dump->buffer + offset);
		int error;

		if (!is_whole(message, length - offset))
			return -EBADMSG;
		error = check_header(dump, message);
		if (error != 0)
			return error;
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			return dump_result(message);
		if (message->nlmsg_type != dump->type)
			return -EPROTO;
		error = visit(message, context);
		if (error != 0)
			return error;
		if (offset == 0)
			dump->pieces++;
		offset += NLMSG_ALIGN(message->nlmsg_len);
	}
	return DUMP_CONTINUES;
}

int dump_run(struct dump *dump, struct nlmsghdr *request, dump_visit *visit, void *context)
{
	ssize_t length;
	int progress;

	progress = open_socket(dump);
	if (progress != 0)
		goto cleanup;
	progress = send_dump_request(dump, request);
	if (progress != 0)
		goto cleanup;
	do {
		length = receive(dump);
		progress = length < 0 ? (int)length
				      : decode_datagram(dump, (size_t)length, visit, context);
	} while (progress == DUMP_CONTINUES);

cleanup:
	if (progress < 0)
		dump_finalise(dump);
	return progress;
}
