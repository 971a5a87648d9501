/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/check_gauges.h"

#include <stdio.h>
#include <string.h>

static const struct listener *fullest(const struct snapshot *snapshot)
{
	const struct listener *found = NULL;

	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		if (found == NULL || snapshot->listeners[i].fill > found->fill)
			found = &snapshot->listeners[i];
	}
	return found;
}

void check_gauges_listen(const struct check *check, const struct metric *endpoint,
			 const struct snapshot *snapshot, struct check_gauges *gauges)
{
	struct check_gauge *gauge = &gauges->gauge[0];
	const struct listener *listener =
		endpoint->any ? fullest(snapshot) : metric_listener(endpoint, snapshot);

	gauges->count = 0;
	if (listener == NULL && !endpoint->any)
		return;
	*gauge = (struct check_gauge){
		.label = "fill",
		.name = "nothing listens",
		.unit = " connections",
	};
	if (listener != NULL) {
		gauge->percent = listener->fill;
		gauge->number = listener->queued;
		gauge->limit = listener->backlog;
		endpoint_text(&listener->endpoint, gauge->name);
	}
	gauge->verdict = check_judge(check, gauge->percent);
	gauges->count = 1;
}

void check_gauges_limits(const struct check *check, const struct snapshot *snapshot,
			 struct check_gauges *gauges)
{
	static const struct {
		const char *name, *object, *unit;
	} limits[CHECK_GAUGES_MAX] = {
		{"orphans", "tcpHostOrphans", ""},
		{"timeWait", "tcpHostTimeWaits", ""},
		{"memory", "tcpHostMemory", " KiB"},
		{"conntracks", "tcpHostConntracks", ""},
	};

	gauges->count = 0;
	for (size_t i = 0; i < CHECK_GAUGES_MAX; i++) {
		struct check_gauge *gauge = &gauges->gauge[gauges->count];
		char *words[] = {(char *)"host", (char *)limits[i].object, NULL};
		struct metric metric;
		const char *problem;
		uint32_t percent;

		if (metric_parse(words, &metric, &problem) < 0 ||
		    !metric_value(&metric, snapshot, NULL, &percent))
			continue;
		*gauge = (struct check_gauge){
			.label = limits[i].name,
			.percent = percent,
			.number = snapshot->host.value[metric.object],
			.limit = snapshot->host.value[metric.limit],
			.unit = limits[i].unit,
			.verdict = check_judge(check, percent),
		};
		strcpy(gauge->name, limits[i].name);
		gauges->count++;
	}
}

enum verdict check_gauges_verdict(const struct check_gauges *gauges)
{
	enum verdict worst = gauges->count == 0 ? VERDICT_UNKNOWN : VERDICT_OK;

	for (size_t i = 0; i < gauges->count; i++)
		worst = verdict_worse(worst, gauges->gauge[i].verdict);
	return worst;
}
