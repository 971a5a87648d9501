/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the counts of a watch change: since the last one, and over the last minute.
 */
#ifndef CLI_TREND_H
#define CLI_TREND_H

#include "model/tcp.h"

#include <stddef.h>
#include <stdint.h>

/** The minute in steps of two seconds; of each step the largest count is kept. */
#define TREND_STEPS 30
#define TREND_STEP_NS (2 * NS_PER_SECOND)

/** All zero: nothing was counted yet. */
struct trend {
	size_t steps;   /**< how many are filled */
	int64_t newest; /**< the number of the last, counted on the clock of clock.h */
	uint32_t latest[STATES];
	int64_t change[STATES];                /**< from the last count but one to the last */
	uint32_t largest[STATES][TREND_STEPS]; /**< the oldest first */
};

/** Adds the counts of @p at_ns, which is not before that of the counts before. */
void trend_add(struct trend *trend, int64_t at_ns, const uint32_t counts[STATES]);

#endif
