/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/top.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An endpoint, its owner and its value. */
#define ENTRY_SIZE (ENDPOINT_TEXT_SIZE + LISTEN_OWNER_SIZE + sizeof(" 4294967295 %"))

/* ---- entries ---- */

/* Appends @p entry. @return false if there is no room for all of it */
static bool append_entry(char text[TOP_SIZE], const char *entry)
{
	const char *separator = text[0] == '\0' ? "" : ", ";

	if (strlen(text) + strlen(separator) + strlen(entry) >= TOP_SIZE)
		return false;
	strcat(text, separator);
	strcat(text, entry);
	return true;
}

/* ---- endpoints ---- */

/* How a metric ranks endpoints. */
struct ranking {
	uint32_t (*value)(const struct listener *listener);
	bool (*includes)(const struct metric *metric, const struct endpoint *endpoint);
	const char *unit;
};

static uint32_t fill_of(const struct listener *listener)
{
	return listener->fill;
}

static uint32_t syn_queue_of(const struct listener *listener)
{
	return listener->syn_queue;
}

static bool includes_all(const struct metric *metric, const struct endpoint *endpoint)
{
	(void)metric;
	(void)endpoint;
	return true;
}

/*
 * Whether requests of one of the metric's families may be in the endpoint's SYN queue. Those of
 * IPv4 are also in the queues of IPv6 endpoints with the wildcard or a mapped address.
 */
static bool takes_family(const struct metric *metric, const struct endpoint *endpoint)
{
	const struct in6_addr *address = (const struct in6_addr *)endpoint->address;

	if (metric->families[endpoint->family])
		return true;
	return endpoint->family == FAMILY_IPV6 && metric->families[FAMILY_IPV4] &&
	       (IN6_IS_ADDR_UNSPECIFIED(address) || IN6_IS_ADDR_V4MAPPED(address));
}

/* Of the owners, the first one: that of the fullest socket. */
static void format_endpoint(const struct snapshot *snapshot, const struct listener *listener,
			    const struct ranking *ranking, char entry[ENTRY_SIZE])
{
	const char *owners = snapshot_listen_owner(snapshot, listener);
	const char *end = owners == NULL ? NULL : strstr(owners, ", ");
	char endpoint[ENDPOINT_TEXT_SIZE], owner[LISTEN_OWNER_SIZE + 1] = "";

	if (owners != NULL && owners[0] != '\0')
		snprintf(owner, sizeof(owner), " %.*s",
			 (int)(end == NULL ? strlen(owners) : (size_t)(end - owners)), owners);
	endpoint_text(&listener->endpoint, endpoint);
	snprintf(entry, ENTRY_SIZE, "%s%s %u%s", endpoint, owner, ranking->value(listener),
		 ranking->unit);
}

/*
 * The listener with the largest value among those after @p last, which is NULL at first: that have
 * a lower value, or the same one and a higher endpoint. @return NULL if there is none above 0
 */
static const struct listener *next_largest(const struct metric *metric,
					   const struct snapshot *snapshot,
					   const struct ranking *ranking,
					   const struct listener *last)
{
	const struct listener *largest = NULL;

	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		const struct listener *listener = &snapshot->listeners[i];
		const uint32_t value = ranking->value(listener);

		if (value == 0 || !ranking->includes(metric, &listener->endpoint))
			continue;
		if (last != NULL && (value > ranking->value(last) ||
				     (value == ranking->value(last) && listener <= last)))
			continue;
		if (largest == NULL || value > ranking->value(largest))
			largest = listener;
	}
	return largest;
}

static void write_endpoints(const struct metric *metric, const struct snapshot *snapshot,
			    const struct ranking *ranking, char text[TOP_SIZE])
{
	const struct listener *listener = next_largest(metric, snapshot, ranking, NULL);
	char entry[ENTRY_SIZE];

	while (listener != NULL) {
		format_endpoint(snapshot, listener, ranking, entry);
		if (!append_entry(text, entry))
			return;
		listener = next_largest(metric, snapshot, ranking, listener);
	}
}

/* ---- owners ---- */

/*
 * The sockets of an owner that are part of the metric's value. For "owner any" one cgroup without a
 * name is an owner, and those in place of several are not.
 */
static uint32_t owner_sockets(const struct metric *metric, const struct snapshot *snapshot,
			      const struct owner_count *owner)
{
	uint32_t sockets = 0;

	if (metric->kind == METRIC_OWNER && !owner_is_named(owner->name))
		return strcmp(owner->name, OWNER_UNKNOWN) == 0
			       ? snapshot->unnamed_max[metric->state]
			       : 0;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		if (metric->kind == METRIC_OWNER || metric->families[family])
			sockets += owner->sockets[family][metric->state];
	}
	return sockets;
}

/* The same as next_largest() for owners. */
static const struct owner_count *next_largest_owner(const struct metric *metric,
						    const struct snapshot *snapshot,
						    const struct owner_count *last)
{
	const uint32_t limit = last == NULL ? 0 : owner_sockets(metric, snapshot, last);
	const struct owner_count *largest = NULL;
	uint32_t most = 0;

	for (size_t i = 0; i < snapshot->owners_count; i++) {
		const struct owner_count *owner = &snapshot->owners[i];
		const uint32_t sockets = owner_sockets(metric, snapshot, owner);

		if (last != NULL && (sockets > limit || (sockets == limit && owner <= last)))
			continue;
		if (sockets > most) {
			largest = owner;
			most = sockets;
		}
	}
	return largest;
}

/* @return false if there is no room for all of it */
static bool append_owner(char text[TOP_SIZE], const char *name, uint32_t sockets)
{
	char entry[OWNER_NAME_MAX + sizeof(" 4294967295")];

	snprintf(entry, sizeof(entry), "%s %u", name, sockets);
	return append_entry(text, entry);
}

static void write_owners(const struct metric *metric, const struct snapshot *snapshot,
			 char text[TOP_SIZE])
{
	const struct owner_count *owner = NULL;

	if (!snapshot_has_owners(snapshot, metric->state))
		return;
	do {
		owner = next_largest_owner(metric, snapshot, owner);
	} while (owner != NULL &&
		 append_owner(text, owner->name, owner_sockets(metric, snapshot, owner)));
}

/* The snapshot has them in this order. */
static void write_watch_owners(const struct metric *metric, const struct snapshot *snapshot,
			       char text[TOP_SIZE])
{
	const struct watch_count *watch = snapshot_watch(snapshot, metric->watch);

	if (watch == NULL)
		return;
	for (size_t i = 0; i < snapshot->watch_owners_count; i++) {
		const struct watch_owner *owner = &snapshot->watch_owners[i];

		if (owner->watch == (size_t)(watch - snapshot->watches) &&
		    owner->state == metric->state &&
		    !append_owner(text, owner->name, owner->sockets))
			return;
	}
}

/* ---- metrics ---- */

/* Counters that grow because an endpoint's SYN queue is full or answered with cookies. */
static bool is_syn_counter(enum host_object object)
{
	return object == HOST_SYNCOOKIES_SENT || object == HOST_SYNCOOKIES_RECEIVED ||
	       object == HOST_SYNCOOKIES_FAILED || object == HOST_SYN_QUEUE_DROPS ||
	       object == HOST_SYN_QUEUE_COOKIES;
}

void top_write(const struct metric *metric, const struct snapshot *snapshot, char text[TOP_SIZE])
{
	static const struct ranking by_fill = {fill_of, includes_all, " %"};
	static const struct ranking by_syn_queue = {syn_queue_of, includes_all, ""};
	static const struct ranking by_syn_queue_of_family = {syn_queue_of, takes_family, ""};

	text[0] = '\0';
	switch (metric->kind) {
	case METRIC_LISTEN:
		if (metric->any)
			write_endpoints(metric, snapshot, &by_fill, text);
		break;
	case METRIC_STATE:
		if (metric->state == STATE_SYN_RECEIVED)
			write_endpoints(metric, snapshot, &by_syn_queue_of_family, text);
		else
			write_owners(metric, snapshot, text);
		break;
	case METRIC_WATCH:
		write_watch_owners(metric, snapshot, text);
		break;
	case METRIC_OWNER:
		write_owners(metric, snapshot, text);
		break;
	case METRIC_RATE:
		if (is_syn_counter(metric->object))
			write_endpoints(metric, snapshot, &by_syn_queue, text);
		break;
	default:
		break;
	}
}

/* ---- texts ---- */

struct top *top_new(const struct metric *metric, const struct snapshot *snapshot)
{
	char text[TOP_SIZE];
	struct top *top;

	top_write(metric, snapshot, text);
	if (text[0] == '\0')
		return NULL;
	top = malloc(sizeof(*top) + strlen(text) + 1);
	if (top == NULL)
		return NULL;
	top->holders = 1;
	strcpy(top->text, text);
	return top;
}

struct top *top_hold(struct top *top)
{
	if (top != NULL)
		top->holders++;
	return top;
}

void top_release(struct top *top)
{
	if (top != NULL && --top->holders == 0)
		free(top);
}

const char *top_text(const struct top *top)
{
	return top == NULL ? "" : top->text;
}
