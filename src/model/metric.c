/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/metric.h"

#include "number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* The default period of a rate. */
#define RATE_SECONDS 60

/* ---- parsing ---- */

static bool parse_port_number(const char *text, uint16_t *port)
{
	uint64_t number;

	if (!number_parse(text, 1, UINT16_MAX, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

static const char *parse_state_metric(char *const words[], struct metric *metric)
{
	enum tcp_family family;
	bool any = strcmp(words[0], "any") == 0;

	if (!any && tcp_family_parse(words[0], &family) != 0)
		return "unknown family, expected ipv4, ipv6 or any";
	if (tcp_state_parse(words[1], &metric->state) != 0)
		return "unknown TCP state";
	metric->families[FAMILY_IPV4] = any || family == FAMILY_IPV4;
	metric->families[FAMILY_IPV6] = any || family == FAMILY_IPV6;
	return NULL;
}

static const char *parse_ports_metric(char *const words[], struct metric *metric)
{
	if (!watch_name_is_valid(words[0]))
		return "invalid name of a watch";
	strcpy(metric->watch, words[0]);
	return NULL;
}

static const char *parse_watch_metric(char *const words[], struct metric *metric)
{
	if (tcp_state_parse(words[1], &metric->state) != 0)
		return "unknown TCP state";
	return parse_ports_metric(words, metric);
}

/* For one unit there are watches. */
static const char *parse_owner_metric(char *const words[], struct metric *metric)
{
	if (strcmp(words[0], "any") != 0)
		return "invalid owner, expected any; for one unit, use watch WATCH STATE with a "
		       "line watch WATCH unit UNIT";
	if (tcp_state_parse(words[1], &metric->state) != 0)
		return "unknown TCP state";
	return NULL;
}

static const char *parse_replaced_metric(char *const words[], struct metric *metric)
{
	(void)words;
	(void)metric;
	return "the metric port was replaced by watch WATCH STATE, with a line watch WATCH port "
	       "PORT";
}

/* net/core/dev.c, dev_valid_name; a percent sign would begin another zone. */
static bool is_interface_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length < IF_NAMESIZE && strpbrk(text, "/:% \t") == NULL;
}

/* An index, or a name that is looked up in each snapshot: an interface may be recreated. */
static bool parse_zone(const char *text, struct metric *metric)
{
	uint64_t index;

	if (strspn(text, "0123456789") < strlen(text)) {
		if (!is_interface_name(text))
			return false;
		strcpy(metric->zone_name, text);
		return true;
	}
	if (!number_parse(text, 1, UINT32_MAX, &index))
		return false;
	metric->endpoint.zone = (uint32_t)index;
	return true;
}

/*
 * Parses the part of "[fe80::1%eth0]:80" between the brackets. Link-local addresses have a zone,
 * and others do not (RFC 4007, section 6).
 */
static bool parse_ipv6_address(char *text, struct metric *metric)
{
	char *zone = strchr(text, '%');

	metric->endpoint.family = FAMILY_IPV6;
	if (zone != NULL) {
		*zone++ = '\0';
		if (!parse_zone(zone, metric))
			return false;
	}
	return inet_pton(AF_INET6, text, metric->endpoint.address) == 1 &&
	       IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)metric->endpoint.address) ==
		       (zone != NULL);
}

static bool parse_endpoint_address(const char *text, size_t length, struct metric *metric)
{
	char address[sizeof("[%]") + INET6_ADDRSTRLEN + IF_NAMESIZE];

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (length > 1 && address[0] == '[' && address[length - 1] == ']') {
		address[length - 1] = '\0';
		return parse_ipv6_address(address + 1, metric);
	}
	metric->endpoint.family = FAMILY_IPV4;
	return inet_pton(AF_INET, address, metric->endpoint.address) == 1;
}

static const char *parse_listen_metric(char *const words[], struct metric *metric)
{
	const char *colon = strrchr(words[0], ':');

	metric->any = strcmp(words[0], "any") == 0;
	if (metric->any)
		return NULL;
	if (colon == NULL ||
	    !parse_endpoint_address(words[0], (size_t)(colon - words[0]), metric) ||
	    !parse_port_number(colon + 1, &metric->endpoint.port))
		return "invalid endpoint, expected any, 192.0.2.1:80, 0.0.0.0:80 or [::]:80";
	return NULL;
}

/* Former names of the objects of tcpHost. */
static const char *object_problem(const char *name, const char *otherwise)
{
	static const struct {
		const char *name;
		const char *problem;
	} renamed[] = {
#define RENAMED(old, new) {old, old " was renamed to " new}
		RENAMED("tcpOrphans", "tcpHostOrphans"),
		RENAMED("tcpOrphansMax", "tcpHostOrphansMax"),
		RENAMED("tcpTimeWaits", "tcpHostTimeWaits"),
		RENAMED("tcpTimeWaitsMax", "tcpHostTimeWaitsMax"),
		RENAMED("tcpAllocated", "tcpHostAllocated"),
		RENAMED("tcpMemory", "tcpHostMemory"),
		RENAMED("tcpMemoryMax", "tcpHostMemoryMax"),
		RENAMED("socketsUsed", "tcpHostSocketsUsed"),
		RENAMED("tcpListenOverflows", "tcpHostListenOverflows"),
		RENAMED("tcpListenDrops", "tcpHostListenDrops"),
		RENAMED("tcpSyncookiesSent", "tcpHostSyncookiesSent"),
		RENAMED("tcpTimeWaitOverflows", "tcpHostTimeWaitOverflows"),
#undef RENAMED
	};

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
		if (strcmp(name, renamed[i].name) == 0)
			return renamed[i].problem;
	}
	return otherwise;
}

static const char *parse_host_metric(char *const words[], struct metric *metric)
{
	static const struct {
		const char *name;
		enum host_object object, limit;
	} objects[] = {
		{"tcpHostOrphans", HOST_ORPHANS, HOST_ORPHANS_MAX},
		{"tcpHostTimeWaits", HOST_TIME_WAITS, HOST_TIME_WAITS_MAX},
		{"tcpHostMemory", HOST_MEMORY, HOST_MEMORY_MAX},
		{"tcpHostConntracks", HOST_CONNTRACKS, HOST_CONNTRACKS_MAX},
	};

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (strcmp(words[0], objects[i].name) != 0)
			continue;
		metric->object = objects[i].object;
		metric->limit = objects[i].limit;
		return NULL;
	}
	return object_problem(words[0],
			      "unknown object, expected tcpHostOrphans, tcpHostTimeWaits, "
			      "tcpHostMemory or tcpHostConntracks");
}

static bool has_seconds(char *const words[])
{
	return words[1] != NULL && strcmp(words[1], "over") == 0;
}

static const char *parse_rate_metric(char *const words[], struct metric *metric)
{
	uint64_t seconds = RATE_SECONDS;

	if (!host_counter_parse(words[0], &metric->object))
		return object_problem(words[0],
				      "unknown counter, expected a Counter64 of tcpHost, such as "
				      "tcpHostSyncookiesSent");
	if (has_seconds(words)) {
		if (words[2] == NULL)
			return "incomplete metric";
		if (!number_parse(words[2], 1, RATE_SECONDS_MAX, &seconds))
			return "invalid over, expected 1 to 3600 seconds";
	}
	metric->seconds = (uint32_t)seconds;
	return NULL;
}

int metric_parse(char *const words[], struct metric *metric, const char **problem)
{
	static const struct {
		const char *word;
		int arguments;
		const char *(*parse)(char *const words[], struct metric *metric);
	} kinds[] = {
		[METRIC_STATE] = {"state", 2, parse_state_metric},
		[METRIC_WATCH] = {"watch", 2, parse_watch_metric},
		[METRIC_OWNER] = {"owner", 2, parse_owner_metric},
		[METRIC_PORTS] = {"ports", 1, parse_ports_metric},
		[METRIC_LISTEN] = {"listen", 1, parse_listen_metric},
		[METRIC_HOST] = {"host", 1, parse_host_metric},
		[METRIC_RATE] = {"rate", 1, parse_rate_metric},
		[METRIC_RATE + 1] = {"port", 0, parse_replaced_metric},
	};

	*problem = "unknown metric, expected state, watch, owner, ports, listen, host or rate";
	for (size_t kind = 0; words[0] != NULL && kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		if (strcmp(words[0], kinds[kind].word) != 0)
			continue;
		*metric = (struct metric){.kind = (enum metric_kind)kind};
		*problem = "incomplete metric";
		for (int argument = 1; argument <= kinds[kind].arguments; argument++) {
			if (words[argument] == NULL)
				return -EINVAL;
		}
		*problem = kinds[kind].parse(&words[1], metric);
		if (*problem != NULL)
			return -EINVAL;
		return 1 + kinds[kind].arguments +
		       (kind == METRIC_RATE && has_seconds(&words[1]) ? 2 : 0);
	}
	return -EINVAL;
}

static bool is_listening_port(const struct watches *watches, const char *name)
{
	uint64_t port;

	return watches->each_listening && number_parse(name, 1, UINT16_MAX, &port) &&
	       name[0] != '0';
}

static const char *owner_problem(enum tcp_state state, unsigned int owner_states)
{
	if (owner_states == 0)
		return "there are no owners with owners no";
	if (owner_states >> state & 1)
		return NULL;
	switch (state) {
	case STATE_ESTABLISHED:
		return "the owners of established sockets need countMethod full";
	case STATE_CLOSED:
		return "the owners of closed sockets need countBoundInactive yes";
	default:
		return "sockets in timeWait have no owner";
	}
}

const char *metric_problem(const struct metric *metric, const struct watches *watches,
			   unsigned int owner_states)
{
	const struct watch *watch;

	if (metric->kind == METRIC_OWNER)
		return owner_problem(metric->state, owner_states);
	if (metric->kind != METRIC_WATCH && metric->kind != METRIC_PORTS)
		return NULL;
	watch = watches_find(watches, metric->watch);
	if (watch == NULL)
		return is_listening_port(watches, metric->watch) ? NULL : "unknown watch";
	if (watch->units_count == 0)
		return NULL;
	if (metric->kind == METRIC_PORTS)
		return "the ports of a watch with unit are unknown";
	if (metric->state == STATE_SYN_RECEIVED || metric->state == STATE_TIME_WAIT)
		return "sockets in synReceived and timeWait have no unit";
	return NULL;
}

/* ---- reading ---- */

static uint32_t percent(uint64_t part, uint64_t whole)
{
	uint64_t value = part * 100 / (whole == 0 ? 1 : whole);

	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static bool state_value(const struct metric *metric, const struct snapshot *snapshot,
			uint32_t *value)
{
	*value = 0;
	if (!snapshot_counts(snapshot, metric->state))
		return false;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		if (metric->families[family])
			*value += snapshot->sockets[family][metric->state];
	}
	return true;
}

static bool watch_value(const struct metric *metric, const struct snapshot *snapshot,
			uint32_t *value)
{
	const struct watch_count *watch = snapshot_watch(snapshot, metric->watch);

	if (watch == NULL || !snapshot_counts_watch(snapshot, watch, metric->state))
		return false;
	*value = watch->sockets[FAMILY_IPV4][metric->state] +
		 watch->sockets[FAMILY_IPV6][metric->state];
	return true;
}

/* One cgroup without a name belongs to one owner; sockets without a cgroup do not. */
static bool owner_value(const struct metric *metric, const struct snapshot *snapshot,
			uint32_t *value)
{
	if (!snapshot_has_owners(snapshot, metric->state))
		return false;
	*value = snapshot->unnamed_max[metric->state];
	for (size_t i = 0; i < snapshot->owners_count; i++) {
		const struct owner_count *owner = &snapshot->owners[i];
		const uint32_t sockets = owner->sockets[FAMILY_IPV4][metric->state] +
					 owner->sockets[FAMILY_IPV6][metric->state];

		if (owner_is_named(owner->name) && sockets > *value)
			*value = sockets;
	}
	return true;
}

static bool ports_value(const struct metric *metric, const struct snapshot *snapshot,
			uint32_t *value)
{
	const struct watch_count *watch = snapshot_watch(snapshot, metric->watch);

	if (watch == NULL || !watch->port_use_known)
		return false;
	*value = watch->port_use;
	return true;
}

const struct listener *metric_listener(const struct metric *metric, const struct snapshot *snapshot)
{
	struct endpoint endpoint = metric->endpoint;

	if (metric->zone_name[0] != '\0') {
		endpoint.zone = snapshot_zone(snapshot, metric->zone_name);
		if (endpoint.zone == 0)
			return NULL;
	}
	return snapshot_listener(snapshot, &endpoint);
}

static bool listen_value(const struct metric *metric, const struct snapshot *snapshot,
			 uint32_t *value)
{
	const struct listener *listener;

	if (metric->any) {
		*value = snapshot->listen_fill;
		return true;
	}
	listener = metric_listener(metric, snapshot);
	if (listener == NULL)
		return false;
	*value = listener->fill;
	return true;
}

static bool host_value(const struct metric *metric, const struct snapshot *snapshot,
		       uint32_t *value)
{
	const struct host *host = &snapshot->host;

	if (!host->known[metric->object] || !host->known[metric->limit])
		return false;
	/* For this one, 0 means no limit (net/netfilter/nf_conntrack_core.c). */
	if (metric->limit == HOST_CONNTRACKS_MAX && host->value[metric->limit] == 0)
		return false;
	*value = percent(host->value[metric->object], host->value[metric->limit]);
	return true;
}

bool metric_value(const struct metric *metric, const struct snapshot *snapshot,
		  const struct rates *rates, uint32_t *value)
{
	switch (metric->kind) {
	case METRIC_STATE:
		return state_value(metric, snapshot, value);
	case METRIC_WATCH:
		return watch_value(metric, snapshot, value);
	case METRIC_OWNER:
		return owner_value(metric, snapshot, value);
	case METRIC_PORTS:
		return ports_value(metric, snapshot, value);
	case METRIC_LISTEN:
		return listen_value(metric, snapshot, value);
	case METRIC_HOST:
		return host_value(metric, snapshot, value);
	case METRIC_RATE:
		return rates_get(rates, metric->object, metric->seconds, value);
	}
	return false;
}
