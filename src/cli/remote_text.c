/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote_text.h"

#include "build.h"
#include "clock.h"
#include "mib_objects.h"
#include "model/agent_details.h"
#include "number.h"
#include "utf8.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES(array) (sizeof(array) / sizeof((array)[0]))

/* More than for the longest index, an owner's name with the state. */
#define OID_MAX 64

/* InetAddressType (RFC 4001, section 4) */
#define TYPE_IPV4 1
#define TYPE_IPV6 2
#define TYPE_IPV6Z 4
#define ZONE_SIZE 4

struct object {
	uint32_t oid[OID_MAX];
	size_t length;
	char *value;
};

/* Counts by family and state. */
struct cells {
	uint32_t (*sockets)[STATES];
	bool received[FAMILIES][STATES];
	bool missing[FAMILIES][STATES];
	size_t count;
	bool no_object, no_instance; /* for at least one */
};

struct reading {
	struct snapshot *snapshot;
	struct cells states;
	struct cells watches[WATCHES_MAX];
	bool filters_received[WATCHES_MAX];
	bool filters_missing[WATCHES_MAX];
	const struct remote_request *request;
	bool host_received[HOST_SYN_QUEUE_COOKIES + 1];
	bool family_received[FAMILIES][tcpFamilyFrag + 1];
	bool refresh_received[tcpRefreshListenersOmitted + 1];
	uint32_t age; /* TimeTicks */
	bool age_known, duration_known, method_known;
	bool age_hidden; /* by a view */
	bool any_served; /* any object, even without a value */
	const char *last_error;
	size_t listeners_allocated;
	int listener_column; /* the last one received of the last listener; 0: complete */
	size_t owners_allocated, raised_allocated;
	enum tcp_state owner_state;  /* of the last row */
	uint32_t threshold[OID_MAX]; /* index of the last tcpThresholdStatus */
	size_t threshold_length;
	bool minimum_received[STATES], maximum_received[STATES];
};

/* ---- numbers ---- */

static bool parse_gauge(const char *text, uint32_t *gauge)
{
	uint64_t number;

	if (!number_parse(text, 0, UINT32_MAX, &number))
		return false;
	*gauge = (uint32_t)number;
	return true;
}

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

static bool is_missing(const struct object *object)
{
	return strcmp(object->value, "noSuchObject") == 0 ||
	       strcmp(object->value, "noSuchInstance") == 0;
}

static int compare_indexes(const uint32_t *left, size_t left_length, const uint32_t *right,
			   size_t right_length)
{
	for (size_t i = 0; i < left_length && i < right_length; i++) {
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	}
	return (left_length > right_length) - (left_length < right_length);
}

/* @return false if it was received before */
static bool set_received(bool *received)
{
	bool first = !*received;

	*received = true;
	return first;
}

/* ---- counts by family and state ---- */

static bool read_cell(struct cells *cells, uint32_t version, uint32_t number,
		      const struct object *object)
{
	const uint32_t family = version - 1, state = number - 1; /* both count from 1 */

	if (family >= FAMILIES || state >= STATES || !set_received(&cells->received[family][state]))
		return false;
	cells->count++;
	cells->missing[family][state] = is_missing(object);
	cells->no_object |= strcmp(object->value, "noSuchObject") == 0;
	cells->no_instance |= strcmp(object->value, "noSuchInstance") == 0;
	return is_missing(object) || parse_gauge(object->value, &cells->sockets[family][state]);
}

static bool read_state_count(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;

	return object->length == 6 && oid[2] == tcpStateCountEntry && oid[3] == tcpStateCount &&
	       read_cell(&reading->states, oid[4], oid[5], object);
}

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

/* The index begins with the name, after its length. */
static struct watch_count *read_watch(struct reading *reading, const struct object *object,
				      size_t more)
{
	struct watch_count *watch;
	const uint32_t *name = object->oid + 5;
	const size_t length = object->oid[4];
	char text[WATCH_NAME_MAX + 1] = "";

	if (length > WATCH_NAME_MAX || object->length != 5 + length + more)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		if (name[i] == 0 || name[i] > SCHAR_MAX)
			return NULL;
		text[i] = (char)name[i];
	}
	watch = snapshot_watch(reading->snapshot, text);
	if (watch == NULL && reading->request->watches)
		watch = add_received_watch(reading, text);
	return watch;
}

static bool read_watch_state(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;
	const struct watch_count *watch;

	if (object->length < 7 || oid[2] != tcpWatchStateEntry || oid[3] != tcpWatchCount)
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
static bool read_watch_entry(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;
	struct watch_count *watch;
	size_t i;

	if (object->length < 5 || oid[2] != tcpWatchEntry)
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

/* ---- listeners, row by row ---- */

static bool read_octets(const uint32_t *oid, uint8_t *octets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (oid[i] > UINT8_MAX)
			return false;
		octets[i] = (uint8_t)oid[i];
	}
	return true;
}

/* The index is the type, length and octets of the address, and the port. */
static bool read_endpoint(const uint32_t *index, size_t length, struct endpoint *endpoint)
{
	const uint32_t *address = index + 2;
	size_t size;
	uint8_t zone[ZONE_SIZE];

	*endpoint = (struct endpoint){.family = FAMILY_IPV6};
	if (length < 3 || index[1] != length - 3 || index[length - 1] > UINT16_MAX)
		return false;
	size = index[1];
	endpoint->port = (uint16_t)index[length - 1];
	if (index[0] == TYPE_IPV4 && size == ADDRESS_SIZE_IPV4) {
		endpoint->family = FAMILY_IPV4;
	} else if (index[0] == TYPE_IPV6Z && size == ADDRESS_SIZE_IPV6 + ZONE_SIZE) {
		size = ADDRESS_SIZE_IPV6;
		if (!read_octets(address + size, zone, sizeof(zone)))
			return false;
		for (size_t i = 0; i < sizeof(zone); i++)
			endpoint->zone = endpoint->zone << 8 | zone[i];
		if (endpoint->zone == 0)
			return false;
	} else if (index[0] != TYPE_IPV6 || size != ADDRESS_SIZE_IPV6) {
		return false;
	}
	return read_octets(address, endpoint->address, size);
}

static struct listener *last_listener(const struct reading *reading)
{
	return &reading->snapshot->listeners[reading->snapshot->listeners_count - 1];
}

/* Rows are in the order of endpoint_compare(). @return 0, -EPROTO or -ENOMEM */
static int add_received_listener(struct reading *reading, const struct endpoint *endpoint)
{
	struct snapshot *snapshot = reading->snapshot;
	struct listener *listeners;

	if (snapshot->listeners_count > 0 &&
	    endpoint_compare(&last_listener(reading)->endpoint, endpoint) >= 0)
		return -EPROTO;
	if (snapshot->listeners_count == reading->listeners_allocated) {
		reading->listeners_allocated = 2 * reading->listeners_allocated + 16;
		listeners = reallocarray(snapshot->listeners, reading->listeners_allocated,
					 sizeof(*listeners));
		if (listeners == NULL)
			return -ENOMEM;
		snapshot->listeners = listeners;
	}
	snapshot->listeners[snapshot->listeners_count++] = (struct listener){.endpoint = *endpoint};
	return 0;
}

static void set_listener(struct listener *listener, int column, uint32_t number)
{
	switch (column) {
	case tcpListenSockets:
		listener->sockets = number;
		break;
	case tcpListenQueued:
		listener->queued = number;
		break;
	case tcpListenBacklog:
		listener->backlog = number;
		break;
	case tcpListenDropped:
		listener->dropped = number;
		break;
	case tcpListenFill:
		listener->fill = number;
		break;
	case tcpListenFillMax:
		listener->fill_max = number;
		break;
	default:
		listener->syn_queue = number;
	}
}

/* The columns of a row follow one another, and then those of the next row. */
static int read_listener(struct reading *reading, const struct object *object)
{
	static const int next_column[] = {
		[0] = tcpListenSockets,
		[tcpListenSockets] = tcpListenQueued,
		[tcpListenQueued] = tcpListenBacklog,
		[tcpListenBacklog] = tcpListenDropped,
		[tcpListenDropped] = tcpListenFill,
		[tcpListenFill] = tcpListenFillMax,
		[tcpListenFillMax] = tcpListenSynQueue,
	};
	const int column = next_column[reading->listener_column];
	struct endpoint endpoint;
	uint32_t number;

	if (object->length < 4 || object->oid[2] != tcpListenQueueEntry ||
	    object->oid[3] != (uint32_t)column ||
	    !read_endpoint(object->oid + 4, object->length - 4, &endpoint) ||
	    !parse_gauge(object->value, &number))
		return -EPROTO;
	if (column == tcpListenSockets) {
		int error = add_received_listener(reading, &endpoint);

		if (error != 0)
			return error;
	} else if (endpoint_compare(&last_listener(reading)->endpoint, &endpoint) != 0) {
		return -EPROTO;
	}
	set_listener(last_listener(reading), column, number);
	reading->listener_column = column == tcpListenSynQueue ? 0 : column;
	return 0;
}

/* ---- owners, row by row ---- */

/* Reads a name that follows its length in an index. @return false if it is not one */
static bool read_index_name(const uint32_t *index, size_t length, char *name, size_t maximum)
{
	if (length == 0 || index[0] == 0 || index[0] > maximum || index[0] != length - 1)
		return false;
	for (size_t i = 0; i < index[0]; i++) {
		if (index[1 + i] == 0 || index[1 + i] > UINT8_MAX)
			return false;
		name[i] = (char)(unsigned char)index[1 + i];
	}
	name[index[0]] = '\0';
	return true;
}

static struct owner_count *last_owner(const struct reading *reading)
{
	return &reading->snapshot->owners[reading->snapshot->owners_count - 1];
}

static int add_received_owner(struct reading *reading, const char *name)
{
	struct snapshot *snapshot = reading->snapshot;

	if (snapshot->owners_count == reading->owners_allocated) {
		const size_t allocated = 2 * reading->owners_allocated + 16;
		struct owner_count *owners =
			reallocarray(snapshot->owners, allocated, sizeof(*owners));

		if (owners == NULL)
			return -ENOMEM;
		snapshot->owners = owners;
		reading->owners_allocated = allocated;
	}
	snapshot->owners[snapshot->owners_count] = (struct owner_count){0};
	strcpy(snapshot->owners[snapshot->owners_count++].name, name);
	return 0;
}

/* Rows are in the order of owner_name_compare() and states. Their numbers are of both families. */
static int read_owner(struct reading *reading, const struct object *object)
{
	struct snapshot *snapshot = reading->snapshot;
	char name[OWNER_NAME_MAX + 1];
	uint32_t state, sockets;
	int order;

	if (!reading->request->owners || object->length < 7 || object->oid[2] != tcpOwnerEntry ||
	    object->oid[3] != tcpOwnerCount || !parse_gauge(object->value, &sockets) ||
	    !read_index_name(object->oid + 4, object->length - 5, name, OWNER_NAME_MAX))
		return -EPROTO;
	state = object->oid[object->length - 1] - 1;
	if (state >= STATES)
		return -EPROTO;
	order = snapshot->owners_count == 0 ? -1
					    : owner_name_compare(last_owner(reading)->name, name);
	if (order > 0 || (order == 0 && state <= (uint32_t)reading->owner_state))
		return -EPROTO;
	if (order < 0) {
		int error = add_received_owner(reading, name);

		if (error != 0)
			return error;
	}
	reading->owner_state = (enum tcp_state)state;
	last_owner(reading)->sockets[FAMILY_IPV4][state] = sockets;
	snapshot->owners_known = true;
	snapshot->owner_states |= 1U << state;
	return 0;
}

/* ---- the window's extremes and thresholds ---- */

static bool read_extreme(struct reading *reading, const struct object *object)
{
	struct agent_details *agent = reading->snapshot->agent;
	const uint32_t column = object->oid[3], state = object->oid[4] - 1;
	const bool minimum = column == tcpStateTotalMin;

	if (agent == NULL || object->length != 5 || object->oid[2] != tcpStateTotalEntry ||
	    state >= STATES || (!minimum && column != tcpStateTotalMax) ||
	    !set_received(
		    &(minimum ? reading->minimum_received : reading->maximum_received)[state]))
		return false;
	agent->extremes_known[state] = !is_missing(object);
	return is_missing(object) ||
	       parse_gauge(object->value, &(minimum ? agent->minimum : agent->maximum)[state]);
}

/* A status, in ascending order of the names. */
static int read_threshold_status(struct reading *reading, const struct object *object)
{
	struct agent_details *agent = reading->snapshot->agent;
	const size_t length = object->length - 4;
	char name[THRESHOLD_NAME_MAX + 1];
	uint32_t status;

	if (!parse_gauge(object->value, &status) || status < 1 || status > 2 ||
	    !read_index_name(object->oid + 4, length, name, THRESHOLD_NAME_MAX) ||
	    (reading->threshold_length > 0 &&
	     compare_indexes(reading->threshold, reading->threshold_length, object->oid + 4,
			     length) >= 0))
		return -EPROTO;
	memcpy(reading->threshold, object->oid + 4, length * sizeof(*reading->threshold));
	reading->threshold_length = length;
	agent->thresholds++;
	return 0;
}

static int add_raised(struct reading *reading, const char *name)
{
	struct agent_details *agent = reading->snapshot->agent;

	if (agent->raised_count == reading->raised_allocated) {
		const size_t allocated = 2 * reading->raised_allocated + 4;
		struct raised_threshold *raised =
			reallocarray(agent->raised, allocated, sizeof(*raised));

		if (raised == NULL)
			return -ENOMEM;
		agent->raised = raised;
		reading->raised_allocated = allocated;
	}
	agent->raised[agent->raised_count] = (struct raised_threshold){0};
	strcpy(agent->raised[agent->raised_count++].name, name);
	return 0;
}

static bool set_raised(struct raised_threshold *raised, uint32_t column,
		       const struct object *object)
{
	const char *text = is_missing(object) ? "" : object->value;

	switch (column) {
	case tcpThresholdMetric:
		utf8_copy(raised->metric, sizeof(raised->metric), text);
		return true;
	case tcpThresholdRange:
		utf8_copy(raised->range, sizeof(raised->range), text);
		return true;
	case tcpThresholdValue:
		raised->has_value = !is_missing(object);
		return !raised->has_value || parse_gauge(object->value, &raised->value);
	case tcpThresholdTop:
		utf8_copy(raised->top, sizeof(raised->top), text);
		return true;
	case tcpThresholdSinceDate:
		utf8_copy(raised->since, sizeof(raised->since), text);
		return true;
	default:
		return false;
	}
}

/* The columns of a raised threshold follow one another, the metric first. */
static int read_threshold(struct reading *reading, const struct object *object)
{
	struct agent_details *agent = reading->snapshot->agent;
	char name[THRESHOLD_NAME_MAX + 1];
	int error = 0;

	if (agent == NULL || object->length < 6 || object->oid[2] != tcpThresholdEntry)
		return -EPROTO;
	if (object->oid[3] == tcpThresholdStatus)
		return read_threshold_status(reading, object);
	if (!read_index_name(object->oid + 4, object->length - 4, name, THRESHOLD_NAME_MAX))
		return -EPROTO;
	if (object->oid[3] == tcpThresholdMetric)
		error = add_raised(reading, name);
	if (error != 0)
		return error;
	if (agent->raised_count == 0 ||
	    strcmp(agent->raised[agent->raised_count - 1].name, name) != 0)
		return -EPROTO;
	return set_raised(&agent->raised[agent->raised_count - 1], object->oid[3], object)
		       ? 0
		       : -EPROTO;
}

/* ---- lines ---- */

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

static int check_watches(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE])
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
