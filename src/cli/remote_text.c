/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote_text.h"

#include "build.h"
#include "cli/remote_reading.h"
#include "clock.h"
#include "number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_state_count(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;

	return object->length == 6 && oid[2] == tcpStateCountEntry && oid[3] == tcpStateCount &&
	       read_cell(&reading->states, oid[4], oid[5], object);
}

/* ---- counts of the host, known or not ---- */

static bool read_host_object(struct reading *reading, enum host_object to,
			     const struct object *object)
{
	uint64_t number;

	if (is_missing(object))
		return true;
	if (!number_parse(object->value, 0, UINT64_MAX, &number))
		return false;
	host_set(&reading->snapshot->host, to, number);
	return true;
}

static bool read_host(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;
	const uint32_t i = oid[2] - tcpHostOrphans;

	_Static_assert(tcpHostSynQueueCookies - tcpHostOrphans == HOST_SYN_QUEUE_COOKIES,
		       "enum host_object begins with the scalars of tcpHost");
	return object->length == 4 && i <= HOST_SYN_QUEUE_COOKIES && oid[3] == 0 &&
	       set_received(&reading->host_received[i]) &&
	       read_host_object(reading, (enum host_object)i, object);
}

static bool read_family(struct reading *reading, const struct object *object)
{
	static const enum host_object *const objects[] = {
		[tcpFamilyUdp] = host_udp,
		[tcpFamilyRaw] = host_raw,
		[tcpFamilyFrag] = host_fragments,
	};
	const uint32_t column = object->oid[3], family = object->oid[4] - 1;

	return object->length == 5 && object->oid[2] == tcpFamilyEntry && family < FAMILIES &&
	       column >= tcpFamilyUdp && column <= tcpFamilyFrag &&
	       set_received(&reading->family_received[family][column]) &&
	       read_host_object(reading, objects[column][family], object);
}

/* ---- health of the agent ---- */

static bool read_method(struct reading *reading, const char *value)
{
	uint32_t method;

	/* TcpRefreshMethod counts from 1. */
	if (!parse_gauge(value, &method) || --method > METHOD_DERIVED)
		return false;
	reading->snapshot->method = (enum count_method)method;
	return reading->method_known = true;
}

static bool read_refresh(struct reading *reading, const struct object *object)
{
	const uint32_t scalar = object->oid[2];

	if (object->length != 4 || object->oid[3] != 0 || scalar > tcpRefreshListenersOmitted ||
	    !set_received(&reading->refresh_received[scalar]))
		return false;
	if (is_missing(object)) {
		if (scalar == tcpRefreshAge)
			reading->age_hidden = strcmp(object->value, "noSuchObject") == 0;
		return true;
	}
	switch (scalar) {
	case tcpRefreshAge:
		return reading->age_known = parse_gauge(object->value, &reading->age);
	case tcpRefreshDuration:
		return reading->duration_known =
			       parse_gauge(object->value, &reading->snapshot->duration_us);
	case tcpRefreshLastError:
		reading->last_error = object->value;
		return true;
	case tcpRefreshMethod:
		return read_method(reading, object->value);
	case tcpRefreshListenersOmitted:
		return parse_gauge(object->value, &reading->snapshot->listeners_omitted);
	default:
		return false;
	}
}

/* ---- lines ---- */

static bool parse_oid(const char *text, struct object *object)
{
	uint64_t number;

	for (object->length = 0; object->length < ENTRIES(object->oid); text++) {
		if (!number_take(&text, UINT32_MAX, &number))
			return false;
		object->oid[object->length++] = (uint32_t)number;
		if (*text != '.')
			return *text == '\0';
	}
	return false;
}

static int read_object(struct reading *reading, const struct object *object)
{
	bool understood = false;

	if (object->length < 4 || object->oid[0] != tcpStateCountObjects)
		return -EPROTO;
	reading->any_served |= strcmp(object->value, "noSuchObject") != 0;
	switch (object->oid[1]) {
	case tcpStateCountTable:
		understood = read_state_count(reading, object);
		break;
	case tcpFamilyTable:
		understood = read_family(reading, object);
		break;
	case tcpHost:
		understood = read_host(reading, object);
		break;
	case tcpListenQueueTable:
		return read_listener(reading, object);
	case tcpWatchStateTable:
		understood = read_watch_state(reading, object);
		break;
	case tcpWatchTable:
		understood = read_watch_entry(reading, object);
		break;
	case tcpRefresh:
		understood = read_refresh(reading, object);
		break;
	case tcpStateTotalTable:
		understood = read_extreme(reading, object);
		break;
	case tcpThresholdTable:
		return read_threshold(reading, object);
	case tcpOwnerTable:
		return read_owner(reading, object);
	default:
		break;
	}
	return understood ? 0 : -EPROTO;
}

static int read_line(struct reading *reading, char *line)
{
	struct object object = {.value = strchr(line, ' ')};

	if (object.value == NULL)
		return -EPROTO;
	*object.value++ = '\0';
	return parse_oid(line, &object) ? read_object(reading, &object) : -EPROTO;
}

/* A line without an end may be incomplete. */
static int read_lines(struct reading *reading, char *text, char problem[REMOTE_PROBLEM_SIZE])
{
	int error = 0;

	while (error == 0 && *text != '\0') {
		char *line = strsep(&text, "\n");

		error = text == NULL ? -EPROTO : read_line(reading, line);
		if (error == -EPROTO)
			snprintf(problem, REMOTE_PROBLEM_SIZE, "unexpected answer: %.60s", line);
	}
	return error;
}

/* ---- the complete answer ---- */

/*
 * snmpd returns the same for objects that nobody serves and for those that a view excludes. Other
 * objects show that the agent is running, unless the view excludes these too.
 */
static int describe_absence(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE])
{
	static const unsigned int root[] = {MIB_ROOT};
	int length = snprintf(
		problem, REMOTE_PROBLEM_SIZE, "%s; snmpd.conf there: view NAME included ",
		reading->any_served ? "the view of this community or user hides the counts"
				    : "tcp-state-agent is not running, or the view of this "
				      "community or user hides its counts");

	for (size_t i = 0; i < ENTRIES(root); i++)
		length += snprintf(problem + length, REMOTE_PROBLEM_SIZE - (size_t)length, ".%u",
				   root[i]);
	return -ENOENT;
}

static int describe_too_old(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE])
{
	const char *last_error = reading->last_error;
	const bool has_failed = last_error != NULL && last_error[0] != '\0';
	int length;

	if (reading->age_known)
		length = snprintf(problem, REMOTE_PROBLEM_SIZE,
				  "the last counts are %u s old and no longer served (maxAge)",
				  (unsigned int)(reading->age * NS_PER_TICK / NS_PER_SECOND));
	else if (reading->age_hidden)
		length = snprintf(problem, REMOTE_PROBLEM_SIZE,
				  "no counts are served, and the view hides why (tcpRefresh)");
	else
		length = snprintf(problem, REMOTE_PROBLEM_SIZE,
				  "tcp-state-agent has not counted anything yet");
	if (has_failed)
		snprintf(problem + length, REMOTE_PROBLEM_SIZE - (size_t)length, ": %.255s",
			 last_error);
	return -ESTALE;
}

static bool is_complete_answer(const struct reading *reading)
{
	if (reading->states.count != FAMILY_STATES)
		return false;
	for (size_t i = 0; i < reading->snapshot->watches_count; i++) {
		if (reading->watches[i].count != FAMILY_STATES || !reading->filters_received[i])
			return false;
	}
	return reading->age_known && reading->duration_known && reading->method_known &&
	       reading->listener_column == 0;
}

static int check_answer(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE])
{
	int error;

	if (reading->states.no_object)
		return describe_absence(reading, problem);
	if (reading->states.no_instance)
		return describe_too_old(reading, problem);
	error = check_watches(reading, problem);
	if (error == 0 && !is_complete_answer(reading))
		error = -EPROTO;
	if (error == -EPROTO)
		snprintf(problem, REMOTE_PROBLEM_SIZE, "incomplete answer");
	return error;
}

/*
 * 0 sockets in closed may also mean that the agent does not count them (countBoundInactive). Any
 * other number is a count.
 */
static bool closed_is_counted(const struct snapshot *snapshot)
{
	uint32_t closed = snapshot_total(snapshot, STATE_CLOSED);

	for (size_t i = 0; i < snapshot->watches_count; i++)
		closed |= snapshot->watches[i].sockets[FAMILY_IPV4][STATE_CLOSED] |
			  snapshot->watches[i].sockets[FAMILY_IPV6][STATE_CLOSED];
	return closed != 0;
}

static int prepare_snapshot(struct reading *reading)
{
	const struct watched_ports *ports = reading->request->ports;
	struct snapshot *snapshot = reading->snapshot;
	const size_t count = ports == NULL ? 0 : ports->count;
	int error = snapshot_add_watches(snapshot, reading->request->watches ? WATCHES_MAX : count);

	if (reading->request->watches)
		snapshot->watches_count = 0;
	if (error == 0 && reading->request->thresholds) {
		snapshot->agent = calloc(1, sizeof(*snapshot->agent));
		if (snapshot->agent == NULL)
			return -ENOMEM;
	}
	snapshot->listeners_tracked = true;
	reading->states.sockets = snapshot->sockets;
	for (size_t i = 0; error == 0 && i < count; i++) {
		struct watch_count *watch = &snapshot->watches[i];

		snprintf(watch->name, sizeof(watch->name), "%u", ports->port[i].number);
		snprintf(watch->text, sizeof(watch->text), "port %s", watch->name);
		reading->watches[i].sockets = watch->sockets;
	}
	return error;
}

int remote_text_parse(char *text, const struct remote_request *request, int64_t now_ns,
		      struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE])
{
	struct reading reading = {.snapshot = snapshot_new(), .request = request};
	int error = -ENOMEM;

	if (reading.snapshot == NULL)
		goto cleanup;
	error = prepare_snapshot(&reading);
	if (error != 0)
		goto cleanup;
	error = read_lines(&reading, text, problem);
	if (error != 0)
		goto cleanup;
	error = check_answer(&reading, problem);
	if (error != 0)
		goto cleanup;
	reading.snapshot->closed_counted = closed_is_counted(reading.snapshot);
	reading.snapshot->taken_ns = now_ns - reading.age * NS_PER_TICK;
	*snapshot = reading.snapshot;
	return 0;

cleanup:
	if (error == -ENOMEM)
		snprintf(problem, REMOTE_PROBLEM_SIZE, "%s", strerror(ENOMEM));
	snapshot_free(reading.snapshot);
	return error;
}
