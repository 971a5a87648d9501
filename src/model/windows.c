/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/windows.h"

#include <errno.h>
#include <stdlib.h>

struct port_windows {
	uint16_t number;
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

/* Both lists of ports are ordered by number, so that one walk over both finds the common ones. */
static int keep_ports(struct windows *windows, const struct snapshot *snapshot)
{
	struct port_windows *ports = NULL;
	size_t old = 0;

	if (snapshot->ports_count > 0) {
		ports = calloc(snapshot->ports_count, sizeof(*ports));
		if (ports == NULL)
			return -ENOMEM;
	}
	for (size_t i = 0; i < snapshot->ports_count; i++) {
		ports[i].number = snapshot->ports[i].port.number;
		while (old < windows->ports_count && windows->ports[old].number < ports[i].number)
			finalise_all(&windows->ports[old++].sockets[0][0], FAMILY_STATES);
		if (old < windows->ports_count && windows->ports[old].number == ports[i].number)
			ports[i] = windows->ports[old++];
	}
	while (old < windows->ports_count)
		finalise_all(&windows->ports[old++].sockets[0][0], FAMILY_STATES);
	free(windows->ports);
	windows->ports = ports;
	windows->ports_count = snapshot->ports_count;
	return 0;
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
	error = keep_ports(windows, snapshot);
	if (error != 0)
		return error;
	for (size_t i = 0; i < snapshot->ports_count; i++) {
		error = add_counts(&windows->ports[i].sockets[0][0],
				   &snapshot->ports[i].sockets[0][0], FAMILY_STATES, report,
				   &report->ports[i][0][0]);
		if (error != 0)
			return error;
	}
	return 0;
}

void windows_finalise(struct windows *windows)
{
	finalise_all(&windows->sockets[0][0], FAMILY_STATES);
	finalise_all(windows->totals, STATES);
	for (size_t i = 0; i < windows->ports_count; i++)
		finalise_all(&windows->ports[i].sockets[0][0], FAMILY_STATES);
	free(windows->ports);
	*windows = (struct windows){0};
}
