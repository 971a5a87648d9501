/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The percentages that check_tcp_states tests and prints: the fill level of an accept queue, and
 * the use of the host's limits.
 */
#ifndef CLI_CHECK_GAUGES_H
#define CLI_CHECK_GAUGES_H

#include "cli/check_rows.h"
#include "model/metric.h"

#define CHECK_GAUGES_MAX 4

struct check_gauge {
	const char *label; /**< of the performance data, a constant string */
	char name[ENDPOINT_TEXT_SIZE];
	uint32_t percent;
	uint64_t number, limit; /**< that the percentage is of */
	const char *unit;       /**< of both, a constant string */
	enum verdict verdict;
};

struct check_gauges {
	size_t count;
	struct check_gauge gauge[CHECK_GAUGES_MAX];
};

/**
 * Makes the gauge of an accept queue, or none if nothing listens there. Without any listening
 * socket, the fullest queue has 0 %.
 * @param endpoint a metric listen
 */
void check_gauges_listen(const struct check *check, const struct metric *endpoint,
			 const struct snapshot *snapshot, struct check_gauges *gauges);

/** Makes the gauges of all limits, except those that the kernel does not report. */
void check_gauges_limits(const struct check *check, const struct snapshot *snapshot,
			 struct check_gauges *gauges);

/** The worst status of all gauges; unknown without any. */
enum verdict check_gauges_verdict(const struct check_gauges *gauges);

#endif
