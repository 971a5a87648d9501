/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int history_initialise(struct history *history, int64_t window_ns, struct thresholds *thresholds)
{
	*history = (struct history){.window_ns = window_ns};
	return history_set_thresholds(history, thresholds);
}

static void set_evaluation(struct history *history, struct evaluation *evaluation)
{
	evaluation_release(history->evaluation);
	history->evaluation = evaluation;
}

int history_set_thresholds(struct history *history, struct thresholds *thresholds)
{
	struct evaluation *evaluation = evaluation_begin(thresholds, history->evaluation);

	if (evaluation == NULL)
		return -ENOMEM;
	set_evaluation(history, evaluation);
	return 0;
}

static int add_failure(struct history *history, int error, const char *failed)
{
	history->failed++;
	snprintf(history->last_error, sizeof(history->last_error), "%s: %s", failed,
		 strerror(-error));
	return error;
}

int history_add(struct history *history, const struct refresh *refresh, int64_t real_ahead_ns)
{
	struct report *previous = history->latest;
	struct report *report;
	int error;

	history->interval_ns = refresh->interval_ns;
	if (refresh->error != 0)
		return add_failure(history, refresh->error, refresh->failed);
	report = report_new(refresh->snapshot, previous == NULL ? 1 : previous->number + 1);
	if (report == NULL) {
		snapshot_free(refresh->snapshot);
		return add_failure(history, -ENOMEM, "cannot create report");
	}
	error = windows_add(&history->windows, report, history->window_ns);
	if (error == 0)
		error = owner_windows_add(&history->owner_windows, report);
	if (error != 0) {
		report_release(report);
		return add_failure(history, error, "cannot update minima and maxima");
	}
	rates_add(&history->rates, report->snapshot);
	report->evaluation = evaluation_next(history->evaluation, report->snapshot, &history->rates,
					     real_ahead_ns);
	if (report->evaluation == NULL) {
		report_release(report);
		return add_failure(history, -ENOMEM, "cannot evaluate thresholds");
	}
	set_evaluation(history, evaluation_hold(report->evaluation));
	report_release(previous);
	history->latest = report;
	return 0;
}

void history_finalise(struct history *history)
{
	report_release(history->latest);
	history->latest = NULL;
	windows_finalise(&history->windows);
	owner_windows_finalise(&history->owner_windows);
	set_evaluation(history, NULL);
}
