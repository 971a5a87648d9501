/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an agent reports in addition to counts: the window's extremes, and thresholds.
 */
#ifndef MODEL_AGENT_DETAILS_H
#define MODEL_AGENT_DETAILS_H

#include "model/tcp.h"
#include "model/threshold.h"
#include "model/top.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SINCE_SIZE sizeof("9999-12-31 23:59:60+14:00")

/** A threshold that is raised. Texts are UTF-8 and otherwise unchecked. */
struct raised_threshold {
	char name[THRESHOLD_NAME_MAX + 1];
	char metric[THRESHOLD_TEXT_SIZE];
	char range[THRESHOLD_TEXT_SIZE];
	bool has_value;
	uint32_t value;
	char top[TOP_SIZE];
	char since[SINCE_SIZE]; /**< local time there, "" if it is unknown */
};

struct agent_details {
	bool extremes_known[STATES]; /**< of both families together, in the window */
	uint32_t minimum[STATES], maximum[STATES];
	size_t thresholds;               /**< configured ones */
	struct raised_threshold *raised; /**< from malloc() */
	size_t raised_count;
};

#endif
