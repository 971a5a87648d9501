/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/host.h"

#include <string.h>

const enum host_object host_in_use[FAMILIES] = {HOST_IN_USE_IPV4, HOST_IN_USE_IPV6};
const enum host_object host_udp[FAMILIES] = {HOST_UDP_IPV4, HOST_UDP_IPV6};
const enum host_object host_raw[FAMILIES] = {HOST_RAW_IPV4, HOST_RAW_IPV6};
const enum host_object host_fragments[FAMILIES] = {HOST_FRAGMENTS_IPV4, HOST_FRAGMENTS_IPV6};

bool host_counter_parse(const char *name, enum host_object *counter)
{
	static const struct {
		const char *name;
		enum host_object object;
	} counters[] = {
		{"tcpHostListenOverflows", HOST_LISTEN_OVERFLOWS},
		{"tcpHostListenDrops", HOST_LISTEN_DROPS},
		{"tcpHostSyncookiesSent", HOST_SYNCOOKIES_SENT},
		{"tcpHostTimeWaitOverflows", HOST_TIME_WAIT_OVERFLOWS},
		{"tcpHostSynQueueDrops", HOST_SYN_QUEUE_DROPS},
		{"tcpHostSyncookiesReceived", HOST_SYNCOOKIES_RECEIVED},
		{"tcpHostSyncookiesFailed", HOST_SYNCOOKIES_FAILED},
		{"tcpHostSynRetransmits", HOST_SYN_RETRANSMITS},
		{"tcpHostTimeouts", HOST_TIMEOUTS},
		{"tcpHostMemoryAborts", HOST_MEMORY_ABORTS},
		{"tcpHostMemoryPressures", HOST_MEMORY_PRESSURES},
		{"tcpHostPrunes", HOST_PRUNES},
		{"tcpHostBacklogDrops", HOST_BACKLOG_DROPS},
		{"tcpHostReceiveDrops", HOST_RECEIVE_DROPS},
		{"tcpHostSynQueueCookies", HOST_SYN_QUEUE_COOKIES},
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (strcmp(name, counters[i].name) == 0) {
			*counter = counters[i].object;
			return true;
		}
	}
	return false;
}
