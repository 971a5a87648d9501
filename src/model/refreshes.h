/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the refreshes so far amount to: the report to serve, and how the refreshing itself fares.
 */
#ifndef MODEL_REFRESHES_H
#define MODEL_REFRESHES_H

#include "model/history.h"
#include "model/refresh.h"
#include "model/report.h"

#define REFRESH_ERROR_SIZE 128

struct refreshes {
	struct history history;
	int64_t window_ns; /**< how far minima and maxima look back; may be set at any time */
	struct judgement *judgement; /**< held: where the thresholds stand */
	struct report *latest; /**< of the last refresh that succeeded; NULL before the first */
	uint32_t failed;       /**< how many did not, wrapping at 2^32 */
	int64_t interval_ns;   /**< from refresh to refresh, as it really is; 0 before the first */
	char last_error[REFRESH_ERROR_SIZE]; /**< of the last that failed; "" if none has */
};

/** @return 0 or -ENOMEM */
int refreshes_initialise(struct refreshes *refreshes, int64_t window_ns,
			 struct thresholds *thresholds);

/**
 * Takes over what @p refresh learned. One that failed leaves the report of its predecessor.
 * @return 0, or @p refresh's error, or -ENOMEM; last_error has it in words
 */
int refreshes_add(struct refreshes *refreshes, const struct refresh *refresh);

/**
 * Judges by @p thresholds from now on; those that have not changed keep their standing.
 * @return 0, or -ENOMEM, and then the thresholds stay as they were
 */
int refreshes_set_thresholds(struct refreshes *refreshes, struct thresholds *thresholds);

void refreshes_finalise(struct refreshes *refreshes);

#endif
