/* SPDX-License-Identifier: BSD-2-Clause */
#include "datagrams.h"

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const struct datagram *next;
static size_t left;

struct nlmsghdr *bytes_add(struct bytes *bytes, struct nlmsghdr header, const void *payload,
			   size_t length)
{
	struct nlmsghdr *added = (struct nlmsghdr *)(bytes->at + bytes->length);

	header.nlmsg_len = (uint32_t)NLMSG_LENGTH(length);
	assert_true(bytes->length + NLMSG_SPACE(length) <= sizeof(bytes->at));
	bytes->length += NLMSG_SPACE(length);
	*added = header;
	if (length > 0)
		memcpy(NLMSG_DATA(added), payload, length);
	return added;
}

void datagrams_script(const struct datagram *datagrams, size_t count)
{
	next = datagrams;
	left = count;
}

size_t datagrams_left(void)
{
	return left;
}

ssize_t __real_recvmsg(int descriptor, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int descriptor, struct msghdr *message, int flags);

ssize_t __wrap_recvmsg(int descriptor, struct msghdr *message, int flags)
{
	const struct datagram *datagram = next;

	if (left == 0)
		return __real_recvmsg(descriptor, message, flags);
	next++;
	left--;
	if (datagram->error != 0) {
		errno = datagram->error;
		return -1;
	}
	assert_true(datagram->bytes->length <= message->msg_iov->iov_len);
	memcpy(message->msg_iov->iov_base, datagram->bytes->at, datagram->bytes->length);
	*(struct sockaddr_nl *)message->msg_name =
		(struct sockaddr_nl){.nl_family = AF_NETLINK, .nl_pid = datagram->sender};
	message->msg_namelen = sizeof(struct sockaddr_nl);
	message->msg_flags = datagram->flags;
	return (ssize_t)datagram->bytes->length;
}
