/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/history.h"

#include <errno.h>
#include <stdlib.h>

static const struct endpoint always = {0};

int history_initialise(struct history *history)
{
	int error;

	series_initialise(&history->sockets, FAMILY_STATES);
	series_initialise(&history->totals, STATES);
	series_initialise(&history->ports, FAMILY_STATES);
	series_initialise(&history->listeners, 1);
	error = series_follow(&history->sockets, &always, 1);
	if (error == 0)
		error = series_follow(&history->totals, &always, 1);
	return error;
}

static int add_sockets(struct history *history, struct report *report)
{
	const struct snapshot *snapshot = report->snapshot;

	return series_add(&history->sockets, 0, snapshot->taken_ns, report->window_ns,
			  &snapshot->sockets[0][0], &report->sockets[0][0]);
}

static int add_totals(struct history *history, struct report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	uint32_t totals[STATES];

	for (enum tcp_state state = 0; state < STATES; state++)
		totals[state] = snapshot_total(snapshot, state);
	return series_add(&history->totals, 0, snapshot->taken_ns, report->window_ns, totals,
			  report->totals);
}

static int add_ports(struct history *history, struct report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	struct endpoint keys[WATCHED_PORTS_MAX] = {0};
	int error;

	for (size_t row = 0; row < snapshot->ports_count; row++)
		keys[row].port = snapshot->ports[row].port.number;
	error = series_follow(&history->ports, keys, snapshot->ports_count);
	for (size_t row = 0; error == 0 && row < snapshot->ports_count; row++)
		error = series_add(&history->ports, row, snapshot->taken_ns, report->window_ns,
				   &snapshot->ports[row].sockets[0][0], &report->ports[row][0][0]);
	return error;
}

static int add_listeners(struct history *history, struct report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	struct endpoint *keys = malloc((snapshot->listeners_count + 1) * sizeof(*keys));
	int error;

	if (keys == NULL)
		return -ENOMEM;
	for (size_t row = 0; row < snapshot->listeners_count; row++)
		keys[row] = snapshot->listeners[row].endpoint;
	error = series_follow(&history->listeners, keys, snapshot->listeners_count);
	for (size_t row = 0; error == 0 && row < snapshot->listeners_count; row++)
		error = series_add(&history->listeners, row, snapshot->taken_ns, report->window_ns,
				   &snapshot->listeners[row].queued, &report->queued[row]);
	free(keys);
	return error;
}

int history_add(struct history *history, struct report *report, int64_t span_ns)
{
	int error;

	report->window_ns = span_ns;
	error = add_sockets(history, report);
	if (error == 0)
		error = add_totals(history, report);
	if (error == 0)
		error = add_ports(history, report);
	if (error == 0)
		error = add_listeners(history, report);
	return error;
}

void history_finalise(struct history *history)
{
	series_finalise(&history->sockets);
	series_finalise(&history->totals);
	series_finalise(&history->ports);
	series_finalise(&history->listeners);
}
