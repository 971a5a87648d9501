/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/metric.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* ---- parsing ---- */

static bool parse_number(const char *text, unsigned long maximum, unsigned long *number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return *end == '\0' && errno == 0 && *number <= maximum;
}

static bool parse_port_number(const char *text, uint16_t *port)
{
	unsigned long number;

	if (!parse_number(text, UINT16_MAX, &number) || number == 0)
		return false;
	*port = (uint16_t)number;
	return true;
}

static const char *parse_state_metric(char *const words[], struct metric *metric)
{
	enum tcp_family family;
	bool any = strcmp(words[0], "any") == 0;

	if (!any && tcp_family_parse(words[0], &family) != 0)
		return "the family is not ipv4, ipv6 or any";
	if (tcp_state_parse(words[1], &metric->state) != 0)
		return "there is no such TCP state";
	metric->families[FAMILY_IPV4] = any || family == FAMILY_IPV4;
	metric->families[FAMILY_IPV6] = any || family == FAMILY_IPV6;
	return NULL;
}

static const char *parse_port_metric(char *const words[], struct metric *metric)
{
	if (!parse_port_number(words[0], &metric->port))
		return "the port is not a number from 1 to 65535";
	if (tcp_state_parse(words[1], &metric->state) != 0)
		return "there is no such TCP state";
	return NULL;
}

static uint32_t parse_zone(const char *text)
{
	unsigned long number;

	if (parse_number(text, UINT32_MAX, &number))
		return (uint32_t)number;
	return if_nametoindex(text);
}

/*
 * The address of "[fe80::1%eth0]:80", between the brackets. A link-local one needs its zone, and no
 * other one has any (RFC 4007, section 6).
 */
static bool parse_ipv6_address(char *text, struct endpoint *endpoint)
{
	char *zone = strchr(text, '%');

	endpoint->family = FAMILY_IPV6;
	if (zone != NULL) {
		*zone++ = '\0';
		endpoint->zone = parse_zone(zone);
		if (endpoint->zone == 0)
			return false;
	}
	return inet_pton(AF_INET6, text, endpoint->address) == 1 &&
	       IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)endpoint->address) ==
		       (endpoint->zone != 0);
}

static bool parse_address(const char *text, size_t length, struct endpoint *endpoint)
{
	char address[INET6_ADDRSTRLEN + IF_NAMESIZE];

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (length > 1 && address[0] == '[' && address[length - 1] == ']') {
		address[length - 1] = '\0';
		return parse_ipv6_address(address + 1, endpoint);
	}
	endpoint->family = FAMILY_IPV4;
	return inet_pton(AF_INET, address, endpoint->address) == 1;
}

static const char *parse_listen_metric(char *const words[], struct metric *metric)
{
	const char *colon = strrchr(words[0], ':');

	if (colon == NULL ||
	    !parse_address(words[0], (size_t)(colon - words[0]), &metric->endpoint) ||
	    !parse_port_number(colon + 1, &metric->endpoint.port))
		return "the endpoint is not like 192.0.2.1:80, 0.0.0.0:80 or [::]:80";
	return NULL;
}

static const char *parse_host_metric(char *const words[], struct metric *metric)
{
	static const struct {
		const char *name;
		enum host_object object, limit;
	} objects[] = {
		{"tcpOrphans", HOST_ORPHANS, HOST_ORPHANS_MAX},
		{"tcpTimeWaits", HOST_TIME_WAITS, HOST_TIME_WAITS_MAX},
		{"tcpMemory", HOST_MEMORY, HOST_MEMORY_MAX},
	};

	for (size_t place = 0; place < sizeof(objects) / sizeof(objects[0]); place++) {
		if (strcmp(words[0], objects[place].name) != 0)
			continue;
		metric->object = objects[place].object;
		metric->limit = objects[place].limit;
		return NULL;
	}
	return "the object is not tcpOrphans, tcpTimeWaits or tcpMemory";
}

int metric_parse(char *const words[], struct metric *metric, const char **problem)
{
	static const struct {
		const char *word;
		int arguments;
		const char *(*parse)(char *const words[], struct metric *metric);
	} kinds[] = {
		[METRIC_STATE] = {"state", 2, parse_state_metric},
		[METRIC_PORT] = {"port", 2, parse_port_metric},
		[METRIC_LISTEN] = {"listen", 1, parse_listen_metric},
		[METRIC_HOST] = {"host", 1, parse_host_metric},
	};

	*problem = "the metric does not begin with state, port, listen or host";
	for (enum metric_kind kind = 0; words[0] != NULL && kind <= METRIC_HOST; kind++) {
		if (strcmp(words[0], kinds[kind].word) != 0)
			continue;
		*metric = (struct metric){.kind = kind};
		*problem = "the metric is not complete";
		for (int argument = 1; argument <= kinds[kind].arguments; argument++) {
			if (words[argument] == NULL)
				return -EINVAL;
		}
		*problem = kinds[kind].parse(&words[1], metric);
		return *problem == NULL ? 1 + kinds[kind].arguments : -EINVAL;
	}
	return -EINVAL;
}

/* ---- reading ---- */

static uint32_t percent(uint64_t part, uint64_t whole)
{
	/* An accept queue with a backlog of 0 holds one connection (sk_acceptq_is_full). */
	uint64_t value = part * 100 / (whole == 0 ? 1 : whole);

	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static bool state_value(const struct metric *metric, const struct snapshot *snapshot,
			uint32_t *value)
{
	*value = 0;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		if (metric->families[family])
			*value += snapshot->sockets[family][metric->state];
	}
	return true;
}

static bool port_value(const struct metric *metric, const struct snapshot *snapshot,
		       uint32_t *value)
{
	const struct port_count *port = snapshot_port(snapshot, metric->port);

	if (port == NULL)
		return false;
	*value = port->sockets[FAMILY_IPV4][metric->state] +
		 port->sockets[FAMILY_IPV6][metric->state];
	return true;
}

static int compare_endpoint(const void *endpoint, const void *listener)
{
	return endpoint_compare(endpoint, &((const struct listener *)listener)->endpoint);
}

static bool listen_value(const struct metric *metric, const struct snapshot *snapshot,
			 uint32_t *value)
{
	const struct listener *listener = NULL;

	if (snapshot->listeners_count > 0)
		listener = bsearch(&metric->endpoint, snapshot->listeners,
				   snapshot->listeners_count, sizeof(*listener), compare_endpoint);
	if (listener == NULL)
		return false;
	*value = percent(listener->queued, listener->backlog);
	return true;
}

static bool host_value(const struct metric *metric, const struct snapshot *snapshot,
		       uint32_t *value)
{
	const struct host *host = &snapshot->host;

	if (!host->known[metric->object] || !host->known[metric->limit])
		return false;
	*value = percent(host->value[metric->object], host->value[metric->limit]);
	return true;
}

bool metric_value(const struct metric *metric, const struct snapshot *snapshot, uint32_t *value)
{
	switch (metric->kind) {
	case METRIC_STATE:
		return state_value(metric, snapshot, value);
	case METRIC_PORT:
		return port_value(metric, snapshot, value);
	case METRIC_LISTEN:
		return listen_value(metric, snapshot, value);
	case METRIC_HOST:
		return host_value(metric, snapshot, value);
	}
	return false;
}
