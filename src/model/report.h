/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data that is served after a refresh: its snapshot, and the minima, maxima and thresholds that
 * also depend on earlier ones.
 *
 * A report is immutable and reference-counted: an SNMP request is answered from a single report,
 * even if the next refresh happens meanwhile.
 */
#ifndef MODEL_REPORT_H
#define MODEL_REPORT_H

#include "model/evaluation.h"
#include "model/snapshot.h"
#include "model/window.h"

/** An owner that is served. */
struct report_owner {
	char name[OWNER_NAME_MAX + 1];
	uint32_t sockets[STATES];
	uint32_t max[STATES]; /**< within the window */
};

struct report {
	unsigned int holders;
	uint32_t number; /**< of the refresh: 1 for the first success, wrapping at 2^32 */
	struct snapshot *snapshot;
	int64_t window_ns; /**< period of the extremes */
	struct extremes sockets[FAMILIES][STATES];
	struct extremes totals[STATES];
	struct extremes (*watches)[FAMILIES][STATES]; /**< in the order of the snapshot's */
	struct report_owner *owners;                  /**< in the order of owner_name_compare() */
	size_t owners_count;
	enum tcp_state owner_states[STATES]; /**< those in which sockets have owners, ascending */
	size_t owner_states_count;
	struct evaluation *evaluation; /**< held */
};

/**
 * Creates a report, held once, that owns @p snapshot. Its extremes are all zero, and it has no
 * evaluation yet.
 * @return the report, or NULL if out of memory, and then the caller still owns the snapshot
 */
struct report *report_new(struct snapshot *snapshot, uint32_t number);

/** Holds @p report once more; it may be NULL. */
struct report *report_hold(struct report *report);

/** The age of @p report's counts at @p now_ns, by clock_now_ns(). */
int64_t report_age_ns(const struct report *report, int64_t now_ns);

/** Releases @p report, which may be NULL; the last holder frees it. */
void report_release(struct report *report);

#endif
