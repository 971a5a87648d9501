/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote_text.h"

#include "cli/remote_objects.h"
#include "clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES(array) (sizeof(array) / sizeof((array)[0]))

/* The longest is a listener's: table, entry, column, type, length, IPv6 address, zone and port. */
#define OID_MAX 28

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

/* Counts by family and state: each comes once. */
struct cells {
	uint32_t (*sockets)[STATES];
	bool come[FAMILIES][STATES];
	size_t count;
	bool no_object, no_instance; /* of one of them at least */
};

struct reading {
	struct snapshot *snapshot;
	struct cells states;
	struct cells ports[WATCHED_PORTS_MAX];
	bool host_come[MIB_HOST_SCALARS];
	bool family_come[FAMILIES][MIB_COLUMN_FAMILY_FRAGMENTS + 1];
	bool refresh_come[MIB_REFRESH_METHOD + 1];
	uint32_t age; /* TimeTicks */
	bool age_known, duration_known, method_known;
	const char *last_error;
	size_t listeners_allocated;
	int listener_column; /* of the last listener, the last that came; 0: all did */
};

/* ---- numbers ---- */

/* Reads a number of decimal digits, as many as there are. */
static bool parse_digits(const char **text, uint64_t most, uint64_t *number)
{
	const char *digit = *text;

	for (*number = 0; *digit >= '0' && *digit <= '9'; digit++) {
		const unsigned int value = (unsigned int)(*digit - '0');

		if (*number > (most - value) / 10)
			return false;
		*number = *number * 10 + value;
	}
	if (digit == *text)
		return false;
	*text = digit;
	return true;
}

static bool parse_number(const char *text, uint64_t most, uint64_t *number)
{
	return parse_digits(&text, most, number) && *text == '\0';
}

static bool parse_gauge(const char *text, uint32_t *gauge)
{
	uint64_t number;

	if (!parse_number(text, UINT32_MAX, &number))
		return false;
	*gauge = (uint32_t)number;
	return true;
}

static bool parse_oid(const char *text, struct object *object)
{
	uint64_t number;

	for (object->length = 0; object->length < ENTRIES(object->oid); text++) {
		if (!parse_digits(&text, UINT32_MAX, &number))
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

/* @return false if it has come before */
static bool come_first(bool *come)
{
	bool before = *come;

	*come = true;
	return !before;
}

/* ---- counts by family and state ---- */

static bool read_cell(struct cells *cells, uint32_t version, uint32_t number,
		      const struct object *object)
{
	const uint32_t family = version - 1, state = number - 1; /* both count from 1 */

	if (family >= FAMILIES || state >= STATES || !come_first(&cells->come[family][state]))
		return false;
	cells->count++;
	cells->no_object |= strcmp(object->value, "noSuchObject") == 0;
	cells->no_instance |= strcmp(object->value, "noSuchInstance") == 0;
	return is_missing(object) || parse_gauge(object->value, &cells->sockets[family][state]);
}

static bool read_state_count(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;

	return object->length == 6 && oid[2] == MIB_ENTRY && oid[3] == MIB_COLUMN_STATE_COUNT &&
	       read_cell(&reading->states, oid[4], oid[5], object);
}

static bool read_port_state(struct reading *reading, const struct object *object)
{
	const struct snapshot *snapshot = reading->snapshot;
	const uint32_t *oid = object->oid;
	const struct port_count *port;

	if (object->length != 7 || oid[2] != MIB_ENTRY || oid[3] != MIB_COLUMN_PORT_STATE_COUNT)
		return false;
	port = oid[5] <= UINT16_MAX ? snapshot_port(snapshot, (uint16_t)oid[5]) : NULL;
	return port != NULL &&
	       read_cell(&reading->ports[port - snapshot->ports], oid[4], oid[6], object);
}

/* ---- the host's own counts, known or not ---- */

static bool read_host_object(struct reading *reading, enum host_object to,
			     const struct object *object)
{
	uint64_t number;

	if (is_missing(object))
		return true;
	if (!parse_number(object->value, UINT64_MAX, &number))
		return false;
	host_set(&reading->snapshot->host, to, number);
	return true;
}

static bool read_host(struct reading *reading, const struct object *object)
{
	const uint32_t *oid = object->oid;
	const uint32_t place = oid[2] - 1;

	return object->length == 4 && place < MIB_HOST_SCALARS && oid[3] == 0 &&
	       come_first(&reading->host_come[place]) &&
	       read_host_object(reading, (enum host_object)place, object);
}

static bool read_family(struct reading *reading, const struct object *object)
{
	static const enum host_object of_ipv4[] = {
		[MIB_COLUMN_FAMILY_UDP] = HOST_UDP_IPV4,
		[MIB_COLUMN_FAMILY_RAW] = HOST_RAW_IPV4,
		[MIB_COLUMN_FAMILY_FRAGMENTS] = HOST_FRAGMENTS_IPV4,
	};
	const uint32_t column = object->oid[3], family = object->oid[4] - 1;

	return object->length == 5 && object->oid[2] == MIB_ENTRY && family < FAMILIES &&
	       column >= MIB_COLUMN_FAMILY_UDP && column <= MIB_COLUMN_FAMILY_FRAGMENTS &&
	       come_first(&reading->family_come[family][column]) &&
	       read_host_object(reading, of_ipv4[column] + family, object);
}

/* ---- the refreshing ---- */

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

	if (object->length != 4 || object->oid[3] != 0 || scalar > MIB_REFRESH_METHOD ||
	    !come_first(&reading->refresh_come[scalar]))
		return false;
	if (is_missing(object))
		return true;
	switch (scalar) {
	case MIB_REFRESH_AGE:
		return reading->age_known = parse_gauge(object->value, &reading->age);
	case MIB_REFRESH_DURATION:
		return reading->duration_known =
			       parse_gauge(object->value, &reading->snapshot->duration_us);
	case MIB_REFRESH_LAST_ERROR:
		reading->last_error = object->value;
		return true;
	case MIB_REFRESH_METHOD:
		return read_method(reading, object->value);
	default:
		return false;
	}
}

/* ---- listeners, a row after the other ---- */

static bool read_octets(const uint32_t *oid, uint8_t *octets, size_t count)
{
	for (size_t octet = 0; octet < count; octet++) {
		if (oid[octet] > UINT8_MAX)
			return false;
		octets[octet] = (uint8_t)oid[octet];
	}
	return true;
}

/* The index: type, the address's length and octets, port. */
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
		for (size_t octet = 0; octet < sizeof(zone); octet++)
			endpoint->zone = endpoint->zone << 8 | zone[octet];
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

/* Rows come in endpoint_compare()'s order. @return 0, -EPROTO or -ENOMEM */
static int add_listener(struct reading *reading, const struct endpoint *endpoint)
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

/* Of each row the columns come one after the other, and then those of the next row. */
static int read_listener(struct reading *reading, const struct object *object)
{
	static const int next_column[] = {
		[0] = MIB_COLUMN_LISTEN_SOCKETS,
		[MIB_COLUMN_LISTEN_SOCKETS] = MIB_COLUMN_LISTEN_QUEUED,
		[MIB_COLUMN_LISTEN_QUEUED] = MIB_COLUMN_LISTEN_BACKLOG,
		[MIB_COLUMN_LISTEN_BACKLOG] = MIB_COLUMN_LISTEN_DROPPED,
	};
	const int column = next_column[reading->listener_column];
	struct endpoint endpoint;
	uint32_t number;

	if (object->length < 4 || object->oid[2] != MIB_ENTRY ||
	    object->oid[3] != (uint32_t)column ||
	    !read_endpoint(object->oid + 4, object->length - 4, &endpoint) ||
	    !parse_gauge(object->value, &number))
		return -EPROTO;
	if (column == MIB_COLUMN_LISTEN_SOCKETS) {
		int error = add_listener(reading, &endpoint);

		if (error != 0)
			return error;
	} else if (endpoint_compare(&last_listener(reading)->endpoint, &endpoint) != 0) {
		return -EPROTO;
	}
	reading->listener_column = column;
	switch (column) {
	case MIB_COLUMN_LISTEN_SOCKETS:
		last_listener(reading)->sockets = number;
		break;
	case MIB_COLUMN_LISTEN_QUEUED:
		last_listener(reading)->queued = number;
		break;
	case MIB_COLUMN_LISTEN_BACKLOG:
		last_listener(reading)->backlog = number;
		break;
	default:
		last_listener(reading)->dropped = number;
		reading->listener_column = 0;
	}
	return 0;
}

/* ---- lines ---- */

static int read_object(struct reading *reading, const struct object *object)
{
	bool understood = false;

	if (object->length < 4 || object->oid[0] != MIB_OBJECTS)
		return -EPROTO;
	switch (object->oid[1]) {
	case MIB_STATE_COUNT:
		understood = read_state_count(reading, object);
		break;
	case MIB_FAMILY:
		understood = read_family(reading, object);
		break;
	case MIB_HOST:
		understood = read_host(reading, object);
		break;
	case MIB_LISTEN_QUEUE:
		return read_listener(reading, object);
	case MIB_PORT_STATE:
		understood = read_port_state(reading, object);
		break;
	case MIB_REFRESH:
		understood = read_refresh(reading, object);
		break;
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

/* A line that does not end may be a part of one. */
static int read_lines(struct reading *reading, char *text, char problem[REMOTE_PROBLEM_SIZE])
{
	int error = 0;

	while (error == 0 && *text != '\0') {
		char *line = strsep(&text, "\n");

		error = text == NULL ? -EPROTO : read_line(reading, line);
		if (error == -EPROTO) {
			remote_text_clean(line);
			snprintf(problem, REMOTE_PROBLEM_SIZE,
				 "this is not what tcp-state-agent says: %.60s", line);
		}
	}
	return error;
}

/* ---- the whole ---- */

static int tell_too_old(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE])
{
	const char *last_error = reading->last_error;
	const bool has_failed = last_error != NULL && last_error[0] != '\0';
	int length;

	if (!reading->age_known)
		length = snprintf(problem, REMOTE_PROBLEM_SIZE,
				  "tcp-state-agent has not counted anything there yet");
	else
		length = snprintf(problem, REMOTE_PROBLEM_SIZE,
				  "the counts there are %u s old, too old to be served",
				  (unsigned int)(reading->age * NS_PER_TICK / NS_PER_SECOND));
	if (has_failed)
		snprintf(problem + length, REMOTE_PROBLEM_SIZE - (size_t)length, ": %.255s",
			 last_error);
	remote_text_clean(problem);
	return -ESTALE;
}

static int check_ports(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE])
{
	const struct snapshot *snapshot = reading->snapshot;

	for (size_t port = 0; port < snapshot->ports_count; port++) {
		const struct cells *cells = &reading->ports[port];

		if (cells->no_object || cells->no_instance) {
			snprintf(problem, REMOTE_PROBLEM_SIZE,
				 "tcp-state-agent does not watch port %u there: watchPort",
				 snapshot->ports[port].port.number);
			return -ENOENT;
		}
	}
	return 0;
}

static bool is_complete(const struct reading *reading)
{
	if (reading->states.count != FAMILY_STATES)
		return false;
	for (size_t port = 0; port < reading->snapshot->ports_count; port++) {
		if (reading->ports[port].count != FAMILY_STATES)
			return false;
	}
	return reading->age_known && reading->duration_known && reading->method_known &&
	       reading->listener_column == 0;
}

static int check(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE])
{
	int error;

	if (reading->states.no_object) {
		snprintf(
			problem, REMOTE_PROBLEM_SIZE,
			"TCP-STATE-COUNT-MIB is not served there: tcp-state-agent does not run, or "
			"snmpd's view leaves it out");
		return -ENOENT;
	}
	if (reading->states.no_instance)
		return tell_too_old(reading, problem);
	error = check_ports(reading, problem);
	if (error == 0 && !is_complete(reading)) {
		snprintf(problem, REMOTE_PROBLEM_SIZE, "the answer is not complete");
		error = -EPROTO;
	}
	return error;
}

static int prepare(struct reading *reading, const struct watched_ports *ports)
{
	struct snapshot *snapshot = reading->snapshot;
	int error = snapshot_watch(snapshot, ports);

	reading->states.sockets = snapshot->sockets;
	for (size_t port = 0; port < snapshot->ports_count; port++)
		reading->ports[port].sockets = snapshot->ports[port].sockets;
	return error;
}

int remote_text_parse(char *text, const struct watched_ports *ports, int64_t now_ns,
		      struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE])
{
	struct reading reading = {.snapshot = snapshot_new()};
	int error = reading.snapshot == NULL ? -ENOMEM : prepare(&reading, ports);

	if (error == 0)
		error = read_lines(&reading, text, problem);
	if (error == 0)
		error = check(&reading, problem);
	if (error == 0) {
		reading.snapshot->taken_ns = now_ns - reading.age * NS_PER_TICK;
		*snapshot = reading.snapshot;
		return 0;
	}
	if (error == -ENOMEM)
		snprintf(problem, REMOTE_PROBLEM_SIZE, "%s", strerror(ENOMEM));
	snapshot_free(reading.snapshot);
	return error;
}

void remote_text_clean(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~' || *text == '|')
			*text = '?';
	}
}
