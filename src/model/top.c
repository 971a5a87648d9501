/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/top.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An endpoint and its value; owners will need more. */
#define ENTRY_SIZE (ENDPOINT_TEXT_SIZE + sizeof(" 4294967295 %"))

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

static void format_endpoint(const struct listener *listener, const struct ranking *ranking,
			    char entry[ENTRY_SIZE])
{
	char endpoint[ENDPOINT_TEXT_SIZE];

	endpoint_text(&listener->endpoint, endpoint);
	snprintf(entry, ENTRY_SIZE, "%s %u%s", endpoint, ranking->value(listener), ranking->unit);
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
		format_endpoint(listener, ranking, entry);
		if (!append_entry(text, entry))
			return;
		listener = next_largest(metric, snapshot, ranking, listener);
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
