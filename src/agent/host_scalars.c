/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/host_scalars.h"

#include "mib_objects.h"

static bool host_count(const struct mib_cell *cell, struct mib_value *value)
{
	const struct report *report = cell->served->report;

	if (report == NULL || !report->snapshot->host.known[cell->key])
		return false;
	value->number = report->snapshot->host.value[cell->key];
	return true;
}

#define GAUGE(object) .type = ASN_GAUGE, .get = host_count, .key = (object)
#define COUNTER64(object) .type = ASN_COUNTER64, .get = host_count, .key = (object)

static const struct mib_object scalars[] = {
	{.number = tcpHostOrphans, GAUGE(HOST_ORPHANS)},
	{.number = tcpHostOrphansMax, GAUGE(HOST_ORPHANS_MAX)},
	{.number = tcpHostTimeWaits, GAUGE(HOST_TIME_WAITS)},
	{.number = tcpHostTimeWaitsMax, GAUGE(HOST_TIME_WAITS_MAX)},
	{.number = tcpHostAllocated, GAUGE(HOST_ALLOCATED)},
	{.number = tcpHostMemory, GAUGE(HOST_MEMORY)},
	{.number = tcpHostMemoryMax, GAUGE(HOST_MEMORY_MAX)},
	{.number = tcpHostSocketsUsed, GAUGE(HOST_SOCKETS_USED)},
	{.number = tcpHostListenOverflows, COUNTER64(HOST_LISTEN_OVERFLOWS)},
	{.number = tcpHostListenDrops, COUNTER64(HOST_LISTEN_DROPS)},
	{.number = tcpHostSyncookiesSent, COUNTER64(HOST_SYNCOOKIES_SENT)},
	{.number = tcpHostTimeWaitOverflows, COUNTER64(HOST_TIME_WAIT_OVERFLOWS)},
	{.number = tcpHostLocalPorts, GAUGE(HOST_LOCAL_PORTS)},
	{.number = tcpHostSynQueueDrops, COUNTER64(HOST_SYN_QUEUE_DROPS)},
	{.number = tcpHostSyncookiesReceived, COUNTER64(HOST_SYNCOOKIES_RECEIVED)},
	{.number = tcpHostSyncookiesFailed, COUNTER64(HOST_SYNCOOKIES_FAILED)},
	{.number = tcpHostSynRetransmits, COUNTER64(HOST_SYN_RETRANSMITS)},
	{.number = tcpHostTimeouts, COUNTER64(HOST_TIMEOUTS)},
	{.number = tcpHostMemoryAborts, COUNTER64(HOST_MEMORY_ABORTS)},
	{.number = tcpHostMemoryPressures, COUNTER64(HOST_MEMORY_PRESSURES)},
	{.number = tcpHostPrunes, COUNTER64(HOST_PRUNES)},
	{.number = tcpHostBacklogDrops, COUNTER64(HOST_BACKLOG_DROPS)},
	{.number = tcpHostReceiveDrops, COUNTER64(HOST_RECEIVE_DROPS)},
	{.number = tcpHostConntracks, GAUGE(HOST_CONNTRACKS)},
	{.number = tcpHostConntracksMax, GAUGE(HOST_CONNTRACKS_MAX)},
	{.number = tcpHostSynQueueCookies, COUNTER64(HOST_SYN_QUEUE_COOKIES)},
};

const struct mib_table host_scalars = {
	.at = {tcpStateCountObjects, tcpHost},
	.at_length = 2,
	MIB_OBJECTS(scalars),
	.rows = mib_scalar_rows,
	.index = mib_scalar_index,
};
