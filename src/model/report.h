/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is served of one refresh: its snapshot, and what follows from it and its predecessors.
 *
 * A report never changes once it is handed out, and lives as long as somebody holds it: an SNMP
 * request that was begun on one report is finished on it, whatever is refreshed meanwhile.
 */
#ifndef MODEL_REPORT_H
#define MODEL_REPORT_H

#include "model/judgement.h"
#include "model/snapshot.h"
#include "model/window.h"

struct report {
	unsigned int holders;
	uint32_t number; /**< of the refresh: 1 for the first that succeeded, wrapping at 2^32 */
	struct snapshot *snapshot;
	int64_t window_ns; /**< how far the extremes look back */
	struct extremes sockets[FAMILIES][STATES];
	struct extremes totals[STATES];
	struct extremes (*ports)[FAMILIES][STATES]; /**< one for each of the snapshot's ports */
	struct extremes *queued;                    /**< one for each of its listeners */
	struct judgement *judgement;                /**< held */
};

/**
 * Makes a report, held once, that owns @p snapshot from then on; its extremes are all zero, and
 * it has no judgement yet.
 * @return the report, or NULL without memory, and then the snapshot is still the caller's
 */
struct report *report_new(struct snapshot *snapshot, uint32_t number);

/** Holds @p report once more; NULL is fine. */
struct report *report_hold(struct report *report);

/** How old @p report's counts are at @p now_ns, on the clock of clock.h. */
int64_t report_age_ns(const struct report *report, int64_t now_ns);

/** Lets go of @p report; the last holder frees it. NULL is fine. */
void report_release(struct report *report);

#endif
