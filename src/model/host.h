/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's counters and limits for the whole host.
 *
 * Each of them may be unknown: the kernel may be too old for it, and /proc may be hidden.
 */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include "model/tcp.h"

#include <stdbool.h>
#include <stdint.h>

/** The scalars of tcpHost come first, in the order of the MIB. */
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
	HOST_LOCAL_PORTS,
	HOST_SYN_QUEUE_DROPS,
	HOST_SYNCOOKIES_RECEIVED,
	HOST_SYNCOOKIES_FAILED,
	HOST_SYN_RETRANSMITS,
	HOST_TIMEOUTS,
	HOST_MEMORY_ABORTS,
	HOST_MEMORY_PRESSURES,
	HOST_PRUNES,
	HOST_BACKLOG_DROPS,
	HOST_RECEIVE_DROPS,
	HOST_CONNTRACKS, /**< of this network namespace */
	HOST_CONNTRACKS_MAX,
	HOST_SYN_QUEUE_COOKIES,
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

/** The objects that count sockets of a family. */
extern const enum host_object host_in_use[FAMILIES];
extern const enum host_object host_udp[FAMILIES];
extern const enum host_object host_raw[FAMILIES];
extern const enum host_object host_fragments[FAMILIES];

struct host {
	bool known[HOST_OBJECTS];
	uint64_t value[HOST_OBJECTS]; /**< 0 if unknown */
};

static inline void host_set(struct host *host, enum host_object object, uint64_t value)
{
	host->known[object] = true;
	host->value[object] = value;
}

/** Finds the Counter64 of tcpHost named @p name in the MIB. @return false if it is unknown */
bool host_counter_parse(const char *name, enum host_object *counter);

#endif
