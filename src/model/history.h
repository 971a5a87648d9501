/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recent past of everything that has a minimum or a maximum.
 */
#ifndef MODEL_HISTORY_H
#define MODEL_HISTORY_H

#include "model/report.h"
#include "model/series.h"

struct history {
	struct series sockets;
	struct series totals;
	struct series ports;
	struct series listeners;
};

/** @return 0 or -ENOMEM */
int history_initialise(struct history *history);

/**
 * Adds the counts of @p report's snapshot and fills in the report's extremes over the @p span_ns
 * before it.
 * @return 0 or -ENOMEM
 */
int history_add(struct history *history, struct report *report, int64_t span_ns);

void history_finalise(struct history *history);

#endif
