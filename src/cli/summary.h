/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The totals by transport and family that ss -s prints (iproute2, misc/ss.c, print_summary).
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "model/snapshot.h"

enum summary_total {
	SUMMARY_SOCKETS, /**< sockets of all kinds in the network namespace */
	SUMMARY_TCP_TOTAL,
	SUMMARY_ESTABLISHED, /**< includes closeWait */
	SUMMARY_CLOSED,      /**< includes timeWait */
	SUMMARY_ORPHANED,
	SUMMARY_TIME_WAIT,
	SUMMARY_TOTALS,
};

enum summary_transport {
	SUMMARY_RAW,
	SUMMARY_UDP,
	SUMMARY_TCP, /**< without timeWait and synReceived */
	SUMMARY_FRAGMENTS,
	SUMMARY_TRANSPORTS,
};

struct summary_number {
	bool known;
	int64_t value;
};

struct summary {
	struct summary_number totals[SUMMARY_TOTALS];
	struct summary_number in_use[SUMMARY_TRANSPORTS][FAMILIES];
};

struct summary summary_of(const struct snapshot *snapshot);

/** "sockets" to "tcpTimeWait" */
const char *summary_total_name(enum summary_total total);

/** "raw" to "fragments" */
const char *summary_transport_name(enum summary_transport transport);

/** The sum of two counts, which is known if both are. */
struct summary_number summary_add(struct summary_number left, struct summary_number right);

#endif
