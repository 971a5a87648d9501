/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The changes of counts since the last count and over the last minute, for tcp-states -w.
 */
#ifndef CLI_TREND_H
#define CLI_TREND_H

#include "model/tcp.h"

#include <stddef.h>
#include <stdint.h>

/** The minute is divided into steps of two seconds. Each step keeps the largest count. */
#define TREND_STEPS 30
#define TREND_STEP_NS (2 * NS_PER_SECOND)

/** Zeroed before the first count. */
struct trend {
	size_t steps;   /**< the number of filled steps */
	int64_t newest; /**< the time of the last step, in steps on the clock of clock.h */
	uint32_t latest[STATES];
	int64_t change[STATES];                /**< between the last two counts */
	uint32_t largest[STATES][TREND_STEPS]; /**< oldest first */
};

/** Adds the counts taken at @p at_ns, which must not decrease between calls. */
void trend_add(struct trend *trend, int64_t at_ns, const uint32_t counts[STATES]);

#endif
