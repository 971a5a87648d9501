/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/report.h"

#include <stdlib.h>

static void report_free(struct report *report)
{
	free(report->watches);
	free(report->owners);
	evaluation_release(report->evaluation);
	free(report);
}

struct report *report_new(struct snapshot *snapshot, uint32_t number)
{
	struct report *report = calloc(1, sizeof(*report));

	if (report == NULL)
		return NULL;
	report->watches = calloc(snapshot->watches_count, sizeof(*report->watches));
	if (report->watches == NULL && snapshot->watches_count > 0) {
		report_free(report);
		return NULL;
	}
	report->holders = 1;
	report->number = number;
	report->snapshot = snapshot;
	return report;
}

struct report *report_hold(struct report *report)
{
	if (report != NULL)
		report->holders++;
	return report;
}

int64_t report_age_ns(const struct report *report, int64_t now_ns)
{
	return now_ns - report->snapshot->taken_ns;
}

void report_release(struct report *report)
{
	if (report == NULL || --report->holders > 0)
		return;
	snapshot_free(report->snapshot);
	report_free(report);
}
