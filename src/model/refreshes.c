/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/refreshes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int refreshes_initialise(struct refreshes *refreshes, int64_t window_ns,
			 struct thresholds *thresholds)
{
	int error;

	*refreshes = (struct refreshes){.window_ns = window_ns};
	error = history_initialise(&refreshes->history);
	if (error == 0)
		error = refreshes_set_thresholds(refreshes, thresholds);
	return error;
}

static void set_judgement(struct refreshes *refreshes, struct judgement *judgement)
{
	judgement_release(refreshes->judgement);
	refreshes->judgement = judgement;
}

int refreshes_set_thresholds(struct refreshes *refreshes, struct thresholds *thresholds)
{
	struct judgement *judgement = judgement_begin(thresholds, refreshes->judgement);

	if (judgement == NULL)
		return -ENOMEM;
	set_judgement(refreshes, judgement);
	return 0;
}

static int add_failure(struct refreshes *refreshes, int error, const char *failed)
{
	refreshes->failed++;
	snprintf(refreshes->last_error, sizeof(refreshes->last_error), "%s: %s", failed,
		 strerror(-error));
	return error;
}

int refreshes_add(struct refreshes *refreshes, const struct refresh *refresh)
{
	struct report *previous = refreshes->latest;
	struct report *report;
	int error;

	refreshes->interval_ns = refresh->interval_ns;
	if (refresh->error != 0)
		return add_failure(refreshes, refresh->error, refresh->failed);
	report = report_new(refresh->snapshot, previous == NULL ? 1 : previous->number + 1);
	if (report == NULL) {
		snapshot_free(refresh->snapshot);
		return add_failure(refreshes, -ENOMEM, "making a report");
	}
	error = history_add(&refreshes->history, report, refreshes->window_ns);
	if (error != 0) {
		report_release(report);
		return add_failure(refreshes, error, "keeping minima and maxima");
	}
	report->judgement = judgement_next(refreshes->judgement, report->snapshot);
	if (report->judgement == NULL) {
		report_release(report);
		return add_failure(refreshes, -ENOMEM, "judging the thresholds");
	}
	set_judgement(refreshes, judgement_hold(report->judgement));
	report_release(previous);
	refreshes->latest = report;
	return 0;
}

void refreshes_finalise(struct refreshes *refreshes)
{
	report_release(refreshes->latest);
	refreshes->latest = NULL;
	history_finalise(&refreshes->history);
	set_judgement(refreshes, NULL);
}
