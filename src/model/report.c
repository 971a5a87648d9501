/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/report.h"

#include <stdlib.h>

struct report *report_new(struct snapshot *snapshot, uint32_t number)
{
	struct report *report = malloc(sizeof(*report));

	if (report == NULL)
		return NULL;
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
	free(report->snapshot);
	free(report);
}
