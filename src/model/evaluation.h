/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The status of all thresholds after a refresh.
 *
 * An evaluation is calculated from the previous one and a snapshot, and never changes. Thresholds
 * were raised or cleared where two evaluations differ.
 */
#ifndef MODEL_EVALUATION_H
#define MODEL_EVALUATION_H

#include "model/threshold.h"
#include "model/top.h"

enum threshold_status {
	THRESHOLD_NORMAL,
	THRESHOLD_RAISED,
};

struct threshold_state {
	enum threshold_status status;
	bool has_value;
	uint32_t value;
	uint32_t streak;  /**< consecutive refreshes that suggest the other status */
	int64_t since_ns; /**< when the status changed, by clock_now_ns(); 0: never */
	/**
	 * The same in nanoseconds since 1970, as the time of day was at that moment: setting it
	 * later does not change the date.
	 */
	int64_t since_real_ns;
	struct top *top; /**< held; of the snapshot that changed the status */
	uint32_t raises; /**< number of times it was raised, wrapping at 2^32 */
};

struct evaluation {
	unsigned int holders;
	struct thresholds *thresholds;   /**< held */
	struct threshold_state states[]; /**< in their order */
};

/**
 * The initial status of @p thresholds. Those that are also in @p before, which may be NULL, and
 * have not changed keep their status.
 * @return an evaluation, held once, or NULL if out of memory
 */
struct evaluation *evaluation_begin(struct thresholds *thresholds, const struct evaluation *before);

/**
 * The evaluation after @p snapshot.
 *
 * A threshold whose metric has no value keeps its status. When the metric has a value again, it
 * takes the full hold to change the status.
 *
 * @param rates with @p snapshot as the latest
 * @param real_ahead_ns as returned by clock_real_ahead_ns()
 * @return an evaluation, held once, or NULL if out of memory
 */
struct evaluation *evaluation_next(const struct evaluation *before, const struct snapshot *snapshot,
				   const struct rates *rates, int64_t real_ahead_ns);

/**
 * The evaluation @p before, except that raised thresholds that are missing from @p thresholds, or
 * differ there, are cleared at @p now_ns with their last value and without a top. They would never
 * be cleared otherwise.
 * @param real_ahead_ns as returned by clock_real_ahead_ns()
 * @return an evaluation, held once, or NULL if out of memory
 */
struct evaluation *evaluation_end(const struct evaluation *before,
				  const struct thresholds *thresholds, int64_t now_ns,
				  int64_t real_ahead_ns);

struct evaluation *evaluation_hold(struct evaluation *evaluation);

/** Releases @p evaluation, which may be NULL; the last holder frees it. */
void evaluation_release(struct evaluation *evaluation);

#endif
