/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where each threshold stands.
 *
 * A judgement is made of the one before it and a snapshot, and never changes; what was raised and
 * what was cleared is what differs between two of them.
 */
#ifndef MODEL_JUDGEMENT_H
#define MODEL_JUDGEMENT_H

#include "model/threshold.h"

enum threshold_status {
	THRESHOLD_NORMAL,
	THRESHOLD_RAISED,
};

struct standing {
	enum threshold_status status;
	bool has_value;
	uint32_t value;
	uint32_t streak;  /**< refreshes in a row that speak for the other status */
	int64_t since_ns; /**< when the status changed, on the clock of clock.h; 0: never */
	uint32_t raises;  /**< how often it was raised, wrapping at 2^32 */
};

struct judgement {
	unsigned int holders;
	struct thresholds *thresholds; /**< held */
	struct standing standing[];    /**< one for each */
};

/**
 * The standing of each of @p thresholds before anything is known of it, but for those that
 * @p before knows in the same form; it may be NULL.
 * @return a judgement, held once, or NULL without memory
 */
struct judgement *judgement_begin(struct thresholds *thresholds, const struct judgement *before);

/**
 * The judgement that follows from @p before and @p snapshot.
 *
 * A threshold whose metric the snapshot does not have keeps its status; when the metric is there
 * again, it takes a whole hold to change it.
 *
 * @return a judgement, held once, or NULL without memory
 */
struct judgement *judgement_next(const struct judgement *before, const struct snapshot *snapshot);

/**
 * The judgement @p before, but those thresholds that @p thresholds do not have in the same form,
 * and that were raised, are normal since @p now_ns, with the last value that they had: nobody would
 * ever clear them.
 * @return a judgement, held once, or NULL without memory
 */
struct judgement *judgement_end(const struct judgement *before, const struct thresholds *thresholds,
				int64_t now_ns);

struct judgement *judgement_hold(struct judgement *judgement);

/** The last holder frees it. NULL is fine. */
void judgement_release(struct judgement *judgement);

#endif
