/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote_reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Watches are in the order of their names. @return NULL if this one is not, or there are too many
 */
static struct watch_count *add_received_watch(struct reading *reading, const char *name)
{
	struct snapshot *snapshot = reading->snapshot;
	const size_t i = snapshot->watches_count;

	if (i == WATCHES_MAX || !watch_name_is_valid(name) ||
	    (i > 0 && watch_name_compare(snapshot->watches[i - 1].name, name) >= 0))
		return NULL;
	strcpy(snapshot->watches[i].name, name);
	reading->watches[i].sockets = snapshot->watches[i].sockets;
	snapshot->watches_count++;
	return &snapshot->watches[i];
}

/* @param more how many sub-identifiers of the index follow the name */
static struct watch_count *read_watch(struct reading *reading, const struct object *object,
				      size_t more)
{
	struct watch_count *watch;
	char name[WATCH_NAME_MAX + 1];

	if (object->length < 4 + more ||
	    !read_index_name(object->oid + 4, object->length - 4 - more, name, WATCH_NAME_MAX))
		return NULL;
	watch = snapshot_watch(reading->snapshot, name);
	if (watch == NULL && reading->request->watches)
		watch = add_received_watch(reading, name);
	return watch;
}

bool read_watch_state(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;
	const struct watch_count *watch;

	if (oid[2] != tcpWatchStateEntry || oid[3] != tcpWatchCount)
		return false;
	watch = read_watch(reading, object, 2);
	return watch != NULL && read_cell(&reading->watches[watch - reading->snapshot->watches],
					  oid[object->length - 2], oid[object->length - 1], object);
}

static bool read_port_use(struct watch_count *watch, const struct object *object)
{
	watch->port_use_known = !is_missing(object);
	return !watch->port_use_known || parse_gauge(object->value, &watch->port_use);
}

/* A watch of a port with other conditions counts other sockets. */
bool read_watch_entry(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;
	struct watch_count *watch;
	size_t i;

	if (oid[2] != tcpWatchEntry)
		return false;
	watch = read_watch(reading, object, 0);
	if (watch == NULL)
		return false;
	if (oid[3] == tcpWatchPortUse)
		return reading->request->watches && read_port_use(watch, object);
	if (oid[3] != tcpWatchFilter)
		return false;
	i = (size_t)(watch - reading->snapshot->watches);
	if (!set_received(&reading->filters_received[i]))
		return false;
	reading->filters_missing[i] = is_missing(object);
	watch->known = reading->request->watches || strcmp(watch->text, object->value) == 0;
	if (!reading->filters_missing[i])
		snprintf(watch->text, sizeof(watch->text), "%s", object->value);
	return true;
}

/* @return false if the rows that are missing are neither all nor those that a unit lacks */
static bool set_known(struct watch_count *watch, const struct cells *cells)
{
	const bool(*missing)[STATES] = cells->missing;

	watch->by_unit = missing[FAMILY_IPV4][STATE_TIME_WAIT];
	watch->known = !missing[FAMILY_IPV4][STATE_ESTABLISHED];
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++) {
			if (missing[family][state] == watch_counts(watch, state))
				return false;
		}
	}
	return true;
}

/* A watch that was removed meanwhile, or whose numbers are mixed, makes the answer incomplete. */
static int check_all_watches(const struct reading *reading)
{
	for (size_t i = 0; i < reading->snapshot->watches_count; i++) {
		if (reading->filters_missing[i] ||
		    !set_known(&reading->snapshot->watches[i], &reading->watches[i]))
			return -EPROTO;
	}
	return 0;
}

int check_watches(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE])
{
	if (reading->request->watches)
		return check_all_watches(reading);
	for (size_t i = 0; i < reading->snapshot->watches_count; i++) {
		const struct watch_count *watch = &reading->snapshot->watches[i];
		const struct cells *cells = &reading->watches[i];

		if (reading->filters_missing[i] || cells->no_object || cells->no_instance) {
			snprintf(
				problem, REMOTE_PROBLEM_SIZE,
				"port %s is not watched (tcp-state-agent.conf there: watch %s port "
				"%s)",
				watch->name, watch->name, watch->name);
			return -ENOENT;
		}
		if (reading->filters_received[i] && !watch->known) {
			snprintf(problem, REMOTE_PROBLEM_SIZE,
				 "watch %s there does not count port %s: %.255s", watch->name,
				 watch->name, watch->text);
			return -ENOENT;
		}
	}
	return 0;
}
