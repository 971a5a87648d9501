/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel says of the host as a whole: its own counts and the limits that they run into.
 *
 * Each object is known or it is not: the kernel may be too old for it, and /proc may be hidden.
 */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include <stdbool.h>
#include <stdint.h>

enum host_object {
	HOST_ORPHANS, /**< sockets without a descriptor, of the whole machine */
	HOST_ORPHANS_MAX,
	HOST_TIME_WAITS, /**< of this network namespace */
	HOST_TIME_WAITS_MAX,
	HOST_ALLOCATED,  /**< TCP sockets of any kind, of the whole machine */
	HOST_MEMORY,     /**< KiB, of the whole machine */
	HOST_MEMORY_MAX, /**< KiB */
	HOST_SOCKETS_USED,
	HOST_LISTEN_OVERFLOWS,
	HOST_LISTEN_DROPS,
	HOST_SYNCOOKIES_SENT,
	HOST_TIME_WAIT_OVERFLOWS,
	HOST_ACTIVE_OPENS, /**< connections opened in this network namespace */
	HOST_PASSIVE_OPENS,
	HOST_IN_USE_IPV4, /**< TCP sockets that are neither TIME_WAIT nor SYN_RECV */
	HOST_IN_USE_IPV6,
	HOST_UDP_IPV4,
	HOST_UDP_IPV6,
	HOST_RAW_IPV4,
	HOST_RAW_IPV6,
	HOST_FRAGMENTS_IPV4,
	HOST_FRAGMENTS_IPV6,
	HOST_OBJECTS,
};

struct host {
	bool known[HOST_OBJECTS];
	uint64_t value[HOST_OBJECTS]; /**< 0 where it is not known */
};

static inline void host_set(struct host *host, enum host_object object, uint64_t value)
{
	host->known[object] = true;
	host->value[object] = value;
}

#endif
