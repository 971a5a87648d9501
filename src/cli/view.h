/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of a snapshot that is shown.
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "model/port.h"
#include "model/tcp.h"

#include <stdbool.h>
#include <time.h>

enum view_subject {
	VIEW_COUNTS,
	VIEW_PORTS,
	VIEW_WATCHES, /**< of another machine's agent */
	VIEW_LISTENERS,
	VIEW_SUMMARY,
	VIEW_GROUPS,
	VIEW_SUBJECTS,
};

#define VIEW_HOST_SIZE 256

struct view {
	enum view_subject subject;
	bool families[FAMILIES];           /**< at least one */
	bool states[STATES];               /**< at least one; for counts, ports and watches */
	const struct watched_ports *ports; /**< and conditions */
	bool limits;                       /**< counts: also the kernel's limits */
	const char *host;                  /**< the name of the machine; may contain any octets */
	time_t time;                       /**< of the counts */
};

/** The sockets of the conditions without ports, or NULL: the view is not limited by conditions. */
static inline const struct watch_count *view_selection(const struct view *view,
						       const struct snapshot *snapshot)
{
	if (view->ports == NULL || view->ports->count > 0 || view->ports->conditions[0] == '\0')
		return NULL;
	return snapshot_watch(snapshot, SELECTION_NAME);
}

static inline bool view_has_listener(const struct view *view, const struct listener *listener)
{
	return view->families[listener->endpoint.family] &&
	       (view->ports == NULL || watched_ports_contain(view->ports, listener->endpoint.port));
}

#define VIEW_TIME_SIZE sizeof("-2147483648-12-31T23:59:59Z")

/** The time of the counts as in RFC 3339, section 5.6, in UTC. */
static inline void view_time_text(const struct view *view, char text[VIEW_TIME_SIZE])
{
	struct tm parts;

	text[0] = '\0';
	if (gmtime_r(&view->time, &parts) != NULL)
		strftime(text, VIEW_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

#endif
