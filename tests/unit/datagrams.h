/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripted datagrams, which recvmsg() returns before real ones. Linked with --wrap=recvmsg.
 */
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define BYTES_SIZE 512

/** A sequence of netlink messages. */
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

/** Appends a message, which may then be modified. */
struct nlmsghdr *bytes_add(struct bytes *bytes, struct nlmsghdr header, const void *payload,
			   size_t length);

/** Makes the next calls of recvmsg() return these @p count datagrams, which must stay valid. */
void datagrams_script(const struct datagram *datagrams, size_t count);

/** The number of datagrams that have not been received. */
size_t datagrams_left(void);

#endif
