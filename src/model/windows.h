/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The windows of all counts that have a minimum and a maximum, except those of the listening
 * endpoints: collect/listeners keeps these, because they decide which endpoints a snapshot has.
 */
#ifndef MODEL_WINDOWS_H
#define MODEL_WINDOWS_H

#include "model/report.h"
#include "model/window.h"

/** All zero: no count was added yet. */
struct windows {
	struct window sockets[FAMILIES][STATES];
	struct window totals[STATES];
	struct watch_windows *watches; /**< those of the last snapshot, in its order */
	size_t watches_count;
};

/**
 * Adds the counts of @p report's snapshot and sets the report's extremes over the @p span_ns before
 * it. A watch keeps its windows as long as it is in every snapshot with the same conditions, and
 * refreshes in which its numbers are unknown are skipped.
 * @return 0 or -ENOMEM
 */
int windows_add(struct windows *windows, struct report *report, int64_t span_ns);

/** Frees the windows; they are then empty. */
void windows_finalise(struct windows *windows);

#endif
