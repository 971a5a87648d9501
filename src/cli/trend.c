/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/trend.h"

#include "clock.h"

#include <stdbool.h>
#include <string.h>

/* A new step starts with the last count, because no change is known while nothing is counted. */
static void begin_step(struct trend *trend)
{
	bool full = trend->steps == TREND_STEPS;

	for (enum tcp_state state = 0; state < STATES; state++) {
		uint32_t *steps = trend->largest[state];

		if (full)
			memmove(steps, steps + 1, (TREND_STEPS - 1) * sizeof(*steps));
		steps[full ? TREND_STEPS - 1 : trend->steps] = trend->latest[state];
	}
	trend->steps += !full;
}

void trend_add(struct trend *trend, int64_t at_ns, const uint32_t counts[STATES])
{
	int64_t step = at_ns / TREND_STEP_NS;
	int64_t behind = trend->steps == 0 ? 1 : step - trend->newest;
	bool first = trend->steps == 0;

	for (int64_t begun = 0; begun < behind && begun < TREND_STEPS; begun++)
		begin_step(trend);
	trend->newest = step;
	for (enum tcp_state state = 0; state < STATES; state++) {
		uint32_t *largest = &trend->largest[state][trend->steps - 1];

		/* A step that has just begun has only the new counts. */
		if (behind > 0 || counts[state] > *largest)
			*largest = counts[state];
		trend->change[state] = first ? 0 : (int64_t)counts[state] - trend->latest[state];
		trend->latest[state] = counts[state];
	}
}
