/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/refreshes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void refreshes_initialise(struct refreshes *refreshes)
{
	*refreshes = (struct refreshes){0};
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

	refreshes->interval_ns = refresh->interval_ns;
	if (refresh->error != 0)
		return add_failure(refreshes, refresh->error, refresh->failed);
	report = report_new(refresh->snapshot, previous == NULL ? 1 : previous->number + 1);
	if (report == NULL) {
		free(refresh->snapshot);
		return add_failure(refreshes, -ENOMEM, "making a report");
	}
	report_release(previous);
	refreshes->latest = report;
	return 0;
}

void refreshes_finalise(struct refreshes *refreshes)
{
	report_release(refreshes->latest);
	refreshes->latest = NULL;
}
