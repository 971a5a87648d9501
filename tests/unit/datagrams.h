/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel cannot be made to send on demand: datagrams that recvmsg() returns before it goes
 * on to the real ones. Linked with --wrap=recvmsg.
 */
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define BYTES_SIZE 512

/** Netlink messages, one after the other. */
struct bytes {
	_Alignas(struct nlmsghdr) unsigned char at[BYTES_SIZE];
	size_t length;
};

struct datagram {
	const struct bytes *bytes;
	uint32_t sender; /**< netlink address; the kernel's is 0 */
	int flags;       /**< that recvmsg() reports, such as MSG_TRUNC */
	int error;       /**< errno, instead of a datagram; 0 for none */
};

/** Appends a message, which may then be spoiled. */
struct nlmsghdr *bytes_add(struct bytes *bytes, struct nlmsghdr header, const void *payload,
			   size_t length);

/** Lets the next calls of recvmsg() return these @p count, which the caller keeps. */
void datagrams_script(const struct datagram *datagrams, size_t count);

/** How many have not been received. */
size_t datagrams_left(void);

#endif
