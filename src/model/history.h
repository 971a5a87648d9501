/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The refreshes so far: the latest report, what later ones need of earlier ones, and errors.
 */
#ifndef MODEL_HISTORY_H
#define MODEL_HISTORY_H

#include "model/owners.h"
#include "model/rate.h"
#include "model/refresh.h"
#include "model/report.h"
#include "model/windows.h"

#define REFRESH_ERROR_SIZE 128

struct history {
	struct windows windows;
	struct owner_windows owner_windows;
	struct rates rates;
	int64_t window_ns; /**< how far minima and maxima look back; may be set at any time */
	struct evaluation *evaluation; /**< of the thresholds, held */
	struct report *latest; /**< of the last refresh that succeeded; NULL before the first */
	uint32_t failed;       /**< refreshes that did not, wrapping at 2^32 */
	int64_t interval_ns;   /**< the current one between refreshes; 0 before the first */
	char last_error[REFRESH_ERROR_SIZE]; /**< of the last that failed; "" if none has */
};

/** @return 0 or -ENOMEM */
int history_initialise(struct history *history, int64_t window_ns, struct thresholds *thresholds);

/**
 * Adds @p refresh and takes its snapshot. If it failed, the latest report stays.
 * @return 0, or @p refresh's error, or -ENOMEM; last_error contains its text
 */
int history_add(struct history *history, const struct refresh *refresh, int64_t real_ahead_ns);

/**
 * Uses @p thresholds from now on; those that have not changed keep their status.
 * @return 0, or -ENOMEM, and then the thresholds are unchanged
 */
int history_set_thresholds(struct history *history, struct thresholds *thresholds);

void history_finalise(struct history *history);

#endif
