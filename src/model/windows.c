/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct watch_windows {
	char name[WATCH_NAME_MAX + 1];
	char text[WATCH_TEXT_MAX + 1];
	struct window sockets[FAMILIES][STATES];
};

static int add_counts(struct window *windows, const uint32_t *counts, size_t length,
		      const struct report *report, struct extremes *extremes)
{
	for (size_t i = 0; i < length; i++) {
		int error = window_add(&windows[i], report->snapshot->taken_ns, counts[i],
				       report->window_ns, &extremes[i]);

		if (error != 0)
			return error;
	}
	return 0;
}

static void finalise_all(struct window *windows, size_t length)
{
	for (size_t i = 0; i < length; i++)
		window_finalise(&windows[i]);
}

static void finalise_watch(struct watch_windows *watch)
{
	finalise_all(&watch->sockets[0][0], FAMILY_STATES);
}

/* Both lists are in the same order, so that one walk over both finds the common ones. */
static int keep_watches(struct windows *windows, const struct snapshot *snapshot)
{
	struct watch_windows *watches = NULL;
	size_t old = 0;

	if (snapshot->watches_count > 0) {
		watches = calloc(snapshot->watches_count, sizeof(*watches));
		if (watches == NULL)
			return -ENOMEM;
	}
	for (size_t i = 0; i < snapshot->watches_count; i++) {
		const struct watch_count *watch = &snapshot->watches[i];

		while (old < windows->watches_count &&
		       watch_name_compare(windows->watches[old].name, watch->name) < 0)
			finalise_watch(&windows->watches[old++]);
		if (old < windows->watches_count &&
		    strcmp(windows->watches[old].name, watch->name) == 0 &&
		    strcmp(windows->watches[old].text, watch->text) == 0)
			watches[i] = windows->watches[old++];
		strcpy(watches[i].name, watch->name);
		strcpy(watches[i].text, watch->text);
	}
	while (old < windows->watches_count)
		finalise_watch(&windows->watches[old++]);
	free(windows->watches);
	windows->watches = watches;
	windows->watches_count = snapshot->watches_count;
	return 0;
}

static int add_watches(struct windows *windows, struct report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	int error = keep_watches(windows, snapshot);

	for (size_t i = 0; error == 0 && i < snapshot->watches_count; i++) {
		if (snapshot->watches[i].known)
			error = add_counts(&windows->watches[i].sockets[0][0],
					   &snapshot->watches[i].sockets[0][0], FAMILY_STATES,
					   report, &report->watches[i][0][0]);
	}
	return error;
}

int windows_add(struct windows *windows, struct report *report, int64_t span_ns)
{
	const struct snapshot *snapshot = report->snapshot;
	uint32_t totals[STATES];
	int error;

	report->window_ns = span_ns;
	for (enum tcp_state state = 0; state < STATES; state++)
		totals[state] = snapshot_total(snapshot, state);
	error = add_counts(&windows->sockets[0][0], &snapshot->sockets[0][0], FAMILY_STATES, report,
			   &report->sockets[0][0]);
	if (error != 0)
		return error;
	error = add_counts(windows->totals, totals, STATES, report, report->totals);
	if (error != 0)
		return error;
	return add_watches(windows, report);
}

void windows_finalise(struct windows *windows)
{
	finalise_all(&windows->sockets[0][0], FAMILY_STATES);
	finalise_all(windows->totals, STATES);
	for (size_t i = 0; i < windows->watches_count; i++)
		finalise_watch(&windows->watches[i]);
	free(windows->watches);
	*windows = (struct windows){0};
}
