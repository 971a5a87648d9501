/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metrics: syntax, errors, and values in a snapshot.
 */
#include "model/metric.c"

#include "unit.h"

#include <stdio.h>

#define WORDS_MAX 8
#define TEXT_SIZE 256

/* Splits the text like that of a threshold. */
static int parse_text(const char *text, struct metric *metric, const char **problem)
{
	static char copy[TEXT_SIZE];
	char *words[WORDS_MAX + 1] = {NULL};
	char *rest = copy;
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while (count < WORDS_MAX && (words[count] = strsep(&rest, " ")) != NULL)
		count++;
	if (text[0] == '\0')
		words[0] = NULL;
	return metric_parse(words, metric, problem);
}

static struct metric parsed(const char *text, int words)
{
	struct metric metric;
	const char *problem;
	int taken = parse_text(text, &metric, &problem);

	if (taken != words)
		fail_msg("%s: %s", text, taken < 0 ? problem : "not as many words");
	assert_null(problem);
	return metric;
}

/* ---- syntax ---- */

static void states_are_of_one_family_or_of_any(void **state)
{
	struct metric metric = parsed("state ipv4 established 10", 3);

	(void)state;
	assert_int_equal(metric.kind, METRIC_STATE);
	assert_int_equal(metric.state, STATE_ESTABLISHED);
	assert_true(metric.families[FAMILY_IPV4]);
	assert_false(metric.families[FAMILY_IPV6]);
	metric = parsed("state ipv6 TIME-WAIT", 3);
	assert_int_equal(metric.state, STATE_TIME_WAIT);
	assert_false(metric.families[FAMILY_IPV4]);
	assert_true(metric.families[FAMILY_IPV6]);
	metric = parsed("state any closed", 3);
	assert_int_equal(metric.state, STATE_CLOSED);
	assert_true(metric.families[FAMILY_IPV4]);
	assert_true(metric.families[FAMILY_IPV6]);
}

static void watches_have_a_name(void **state)
{
	struct metric metric = parsed("watch db-1.x synRecv x y", 3);

	(void)state;
	assert_int_equal(metric.kind, METRIC_WATCH);
	assert_string_equal(metric.watch, "db-1.x");
	assert_int_equal(metric.state, STATE_SYN_RECEIVED);
	metric = parsed("ports 443 x", 2);
	assert_int_equal(metric.kind, METRIC_PORTS);
	assert_string_equal(metric.watch, "443");
}

#define ALL_STATES ((1U << STATES) - 1)

static const char *problem_of(const char *text, const struct watches *watches)
{
	struct metric metric = parsed(text, strncmp(text, "ports", 5) == 0 ? 2 : 3);

	return metric_problem(&metric, watches, ALL_STATES);
}

static void owners_need_states_that_are_listed(void **state)
{
	const unsigned int listed = ALL_STATES & ~(1U << STATE_ESTABLISHED | 1U << STATE_TIME_WAIT |
						   1U << STATE_CLOSED);
	struct metric metric = parsed("owner any closeWait", 3);

	(void)state;
	assert_int_equal(metric.kind, METRIC_OWNER);
	assert_null(metric_problem(&metric, NULL, listed));
	assert_non_null(metric_problem(&metric, NULL, 0));
	metric.state = STATE_ESTABLISHED;
	assert_non_null(strstr(metric_problem(&metric, NULL, listed), "countMethod full"));
	assert_null(metric_problem(&metric, NULL, listed | 1U << STATE_ESTABLISHED));
	metric.state = STATE_TIME_WAIT;
	assert_non_null(metric_problem(&metric, NULL, listed | 1U << STATE_ESTABLISHED));
}

/* Cgroups without a name count one by one, and sockets without a cgroup belong to nobody. */
static void the_largest_owner_counts(void **state)
{
	struct owner_count owners[] = {
		{"a",
		 {[FAMILY_IPV4] = {[STATE_CLOSE_WAIT] = 2},
		  [FAMILY_IPV6] = {[STATE_CLOSE_WAIT] = 3}}},
		{"(none)", {[FAMILY_IPV4] = {[STATE_CLOSE_WAIT] = 90}}},
		{"(others)", {[FAMILY_IPV4] = {[STATE_CLOSE_WAIT] = 90}}},
		{"(unknown)", {[FAMILY_IPV4] = {[STATE_CLOSE_WAIT] = 90}}},
	};
	struct snapshot snapshot = {
		.owners_known = true,
		.owner_states = 1U << STATE_CLOSE_WAIT,
		.owners = owners,
		.owners_count = 4,
		.unnamed_max = {[STATE_CLOSE_WAIT] = 4},
	};
	const struct metric metric = parsed("owner any closeWait", 3);
	uint32_t value;

	(void)state;
	assert_true(metric_value(&metric, &snapshot, NULL, &value));
	assert_int_equal(value, 5);
	snapshot.unnamed_max[STATE_CLOSE_WAIT] = 6;
	assert_true(metric_value(&metric, &snapshot, NULL, &value));
	assert_int_equal(value, 6);
	snapshot.owner_states = 0;
	assert_false(metric_value(&metric, &snapshot, NULL, &value));
	snapshot.owner_states = 1U << STATE_CLOSE_WAIT;
	snapshot.owners_known = false;
	assert_false(metric_value(&metric, &snapshot, NULL, &value));
}

static void a_watch_must_be_configured(void **state)
{
	struct watches *watches = watches_new();
	char problem[WATCH_PROBLEM_SIZE];
	struct watch watch;

	(void)state;
	assert_int_equal(watch_parse("db port 5432", &watch, problem), 0);
	assert_int_equal(watches_add(&watches, &watch), 0);
	assert_int_equal(watch_parse("api unit api.service", &watch, problem), 0);
	assert_int_equal(watches_add(&watches, &watch), 0);
	assert_null(problem_of("state any listen", watches));
	assert_null(problem_of("watch db timeWait", watches));
	assert_null(problem_of("ports db", watches));
	assert_null(problem_of("watch api closeWait", watches));
	assert_non_null(problem_of("watch api timeWait", watches));
	assert_non_null(problem_of("watch api synReceived", watches));
	assert_non_null(problem_of("ports api", watches));
	assert_string_equal(problem_of("watch d listen", watches), "unknown watch");
	assert_string_equal(problem_of("ports 443", watches), "unknown watch");
	watches->each_listening = true;
	assert_null(problem_of("ports 443", watches));
	assert_null(problem_of("watch 65535 listen", watches));
	assert_non_null(problem_of("watch 65536 listen", watches));
	assert_non_null(problem_of("watch 0 listen", watches));
	assert_non_null(problem_of("watch 080 listen", watches));
	free(watches);
}

static void endpoints_are_written_as_in_a_url(void **state)
{
	static const struct {
		const char *text;
		struct endpoint endpoint;
		const char *zone_name;
	} cases[] = {
		{"0.0.0.0:80", {FAMILY_IPV4, {0}, 0, 80}, ""},
		{"192.0.2.1:65535", {FAMILY_IPV4, {192, 0, 2, 1}, 0, 65535}, ""},
		{"[::]:80", {FAMILY_IPV6, {0}, 0, 80}, ""},
		{"[::1]:1", {FAMILY_IPV6, {[15] = 1}, 0, 1}, ""},
		{"[2001:DB8::ff]:443",
		 {FAMILY_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 0xff}, 0, 443},
		 ""},
		{"[::ffff:192.0.2.1]:80",
		 {FAMILY_IPV6, {[10] = 0xff, 0xff, 192, 0, 2, 1}, 0, 80},
		 ""},
		{"[fe80::1%7]:22", {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 7, 22}, ""},
		{"[fe80::1%4294967295]:22",
		 {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, UINT32_MAX, 22},
		 ""},
		{"[fe80::1%lo]:22", {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 0, 22}, "lo"},
		{"[fe80::1%0a]:22", {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 0, 22}, "0a"},
		{"[febf:ffff:ffff:ffff:ffff:ffff:255.255.255.255%nosuchinterface]:22",
		 {FAMILY_IPV6,
		  {0xfe, 0xbf, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		   255},
		  0,
		  22},
		 "nosuchinterface"},
	};
	char text[TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct metric metric;

		snprintf(text, sizeof(text), "listen %s", cases[i].text);
		metric = parsed(text, 2);
		assert_int_equal(metric.kind, METRIC_LISTEN);
		assert_int_equal(endpoint_compare(&metric.endpoint, &cases[i].endpoint), 0);
		assert_string_equal(metric.zone_name, cases[i].zone_name);
	}
}

static void objects_of_the_host_have_limits(void **state)
{
	static const struct {
		const char *text;
		enum host_object object, limit;
	} cases[] = {
		{"host tcpHostOrphans", HOST_ORPHANS, HOST_ORPHANS_MAX},
		{"host tcpHostTimeWaits", HOST_TIME_WAITS, HOST_TIME_WAITS_MAX},
		{"host tcpHostMemory", HOST_MEMORY, HOST_MEMORY_MAX},
		{"host tcpHostConntracks", HOST_CONNTRACKS, HOST_CONNTRACKS_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct metric metric = parsed(cases[i].text, 2);

		assert_int_equal(metric.kind, METRIC_HOST);
		assert_int_equal(metric.object, cases[i].object);
		assert_int_equal(metric.limit, cases[i].limit);
	}
}

static void rates_are_of_any_counter_of_the_host(void **state)
{
	static const struct {
		const char *text;
		int words;
		enum host_object object;
		uint32_t seconds;
	} cases[] = {
		{"rate tcpHostListenOverflows", 2, HOST_LISTEN_OVERFLOWS, 60},
		{"rate tcpHostListenDrops 10", 2, HOST_LISTEN_DROPS, 60},
		{"rate tcpHostSyncookiesSent 10 clear 1", 2, HOST_SYNCOOKIES_SENT, 60},
		{"rate tcpHostTimeWaitOverflows over 1 10", 4, HOST_TIME_WAIT_OVERFLOWS, 1},
		{"rate tcpHostSynQueueDrops over 3600", 4, HOST_SYN_QUEUE_DROPS, 3600},
		{"rate tcpHostSyncookiesReceived over 0060", 4, HOST_SYNCOOKIES_RECEIVED, 60},
		{"rate tcpHostSyncookiesFailed", 2, HOST_SYNCOOKIES_FAILED, 60},
		{"rate tcpHostSynRetransmits", 2, HOST_SYN_RETRANSMITS, 60},
		{"rate tcpHostTimeouts", 2, HOST_TIMEOUTS, 60},
		{"rate tcpHostMemoryAborts", 2, HOST_MEMORY_ABORTS, 60},
		{"rate tcpHostMemoryPressures", 2, HOST_MEMORY_PRESSURES, 60},
		{"rate tcpHostPrunes", 2, HOST_PRUNES, 60},
		{"rate tcpHostBacklogDrops", 2, HOST_BACKLOG_DROPS, 60},
		{"rate tcpHostReceiveDrops", 2, HOST_RECEIVE_DROPS, 60},
		{"rate tcpHostSynQueueCookies", 2, HOST_SYN_QUEUE_COOKIES, 60},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct metric metric = parsed(cases[i].text, cases[i].words);

		assert_int_equal(metric.kind, METRIC_RATE);
		assert_int_equal(metric.object, cases[i].object);
		assert_int_equal(metric.seconds, cases[i].seconds);
	}
}

/* ---- errors ---- */

static void each_problem_is_named(void **state)
{
	static const char kind[] =
		"unknown metric, expected state, watch, owner, ports, listen, host or rate";
	static const char incomplete[] = "incomplete metric";
	static const char family[] = "unknown family, expected ipv4, ipv6 or any";
	static const char no_state[] = "unknown TCP state";
	static const char watch[] = "invalid name of a watch";
	static const char replaced[] = "the metric port was replaced by watch WATCH STATE, with a "
				       "line watch WATCH port PORT";
	static const char endpoint[] =
		"invalid endpoint, expected any, 192.0.2.1:80, 0.0.0.0:80 or [::]:80";
	static const char object[] =
		"unknown object, expected tcpHostOrphans, tcpHostTimeWaits, tcpHostMemory or "
		"tcpHostConntracks";
	static const char counter[] =
		"unknown counter, expected a Counter64 of tcpHost, such as tcpHostSyncookiesSent";
	static const char seconds[] = "invalid over, expected 1 to 3600 seconds";
	static const struct {
		const char *text;
		const char *problem;
	} cases[] = {
		{"", kind},
		{"states ipv4 listen", kind},
		{"State ipv4 listen", kind},
		{"10", kind},
		{"state", incomplete},
		{"state ipv4", incomplete},
		{"watch", incomplete},
		{"watch db", incomplete},
		{"ports", incomplete},
		{"listen", incomplete},
		{"host", incomplete},
		{"state ipv5 listen", family},
		{"state IPv4 listen", family},
		{"state listen ipv4", family},
		{"state both listen", family},
		{"state any listens", no_state},
		{"state any any", no_state},
		{"state any 10", no_state},
		{"watch db 10", no_state},
		{"watch a/b listen", watch},
		{"watch each listen", watch},
		{"watch 012345678901234567890123456789012 listen", watch},
		{"ports a:b", watch},
		{"port 80 listen", replaced},
		{"port", replaced},
		{"listen 80", endpoint},
		{"listen :80", endpoint},
		{"listen *:80", endpoint},
		{"listen localhost:80", endpoint},
		{"listen 192.0.2:80", endpoint},
		{"listen 192.0.2.256:80", endpoint},
		{"listen 192.0.2.1", endpoint},
		{"listen 192.0.2.1:", endpoint},
		{"listen 192.0.2.1:0", endpoint},
		{"listen 192.0.2.1:65536", endpoint},
		{"listen 192.0.2.1:http", endpoint},
		{"listen [192.0.2.1]:80", endpoint},
		{"listen 192.0.2.1%lo:80", endpoint},
		{"listen :::80", endpoint},
		{"listen ::1:80", endpoint},
		{"listen []:80", endpoint},
		{"listen [:80", endpoint},
		{"listen ]:80", endpoint},
		{"listen [::1:80", endpoint},
		{"listen ::1]:80", endpoint},
		{"listen [::1]80", endpoint},
		{"listen [::1]", endpoint},
		{"listen [::1]:", endpoint},
		{"listen [::g]:80", endpoint},
		{"listen [fe80::1]:80", endpoint},
		{"listen [::1%lo]:80", endpoint},
		{"listen [2001:db8::1%1]:80", endpoint},
		{"listen [fe80::1%]:80", endpoint},
		{"listen [fe80::1%0]:80", endpoint},
		{"listen [fe80::1%nosuchinterface0]:80", endpoint},
		{"listen [fe80::1%4294967296]:80", endpoint},
		{"listen [fe80::1%lo%lo]:80", endpoint},
		{"listen [fe80::1%lo:0]:80", endpoint},
		{"listen [fe80::1%a/b]:80", endpoint},
		{"listen [fe80::1%:80", endpoint},
		{"listen [%lo]:80", endpoint},
		{"listen "
		 "[1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111]:80",
		 endpoint},
		{"host tcpHostAllocated", object},
		{"host tcphostorphans", object},
		{"host tcpOrphans", "tcpOrphans was renamed to tcpHostOrphans"},
		{"host tcpTimeWaits", "tcpTimeWaits was renamed to tcpHostTimeWaits"},
		{"host tcpMemory", "tcpMemory was renamed to tcpHostMemory"},
		{"host socketsUsed", "socketsUsed was renamed to tcpHostSocketsUsed"},
		{"host 50", object},
		{"host tcpHostConntracksMax", object},
		{"rate", incomplete},
		{"rate tcpHostTimeouts over", incomplete},
		{"rate tcpHostMemory", counter},
		{"rate tcpHostLocalPorts", counter},
		{"rate tcpHostConntracks", counter},
		{"rate tcphosttimeouts", counter},
		{"rate tcpHostTimeouts.0", counter},
		{"rate over 60", counter},
		{"rate tcpSyncookiesSent",
		 "tcpSyncookiesSent was renamed to tcpHostSyncookiesSent"},
		{"rate tcpHostTimeouts over 0", seconds},
		{"rate tcpHostTimeouts over 3601", seconds},
		{"rate tcpHostTimeouts over -1", seconds},
		{"rate tcpHostTimeouts over 1.5", seconds},
		{"rate tcpHostTimeouts over 60s", seconds},
		{"rate tcpHostTimeouts over 4294967356", seconds},
		{"rate tcpHostTimeouts over 18446744073709551676", seconds},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct metric metric;
		const char *problem;

		if (parse_text(cases[i].text, &metric, &problem) != -EINVAL)
			fail_msg("\"%s\" is accepted", cases[i].text);
		assert_string_equal(problem, cases[i].problem);
	}
}

/* ---- values ---- */

static struct rates rates;

static bool value_of(const char *text, const struct snapshot *snapshot, uint32_t *value)
{
	struct metric metric;
	const char *problem;

	assert_true(parse_text(text, &metric, &problem) > 0);
	return metric_value(&metric, snapshot, &rates, value);
}

static void assert_value(const char *text, const struct snapshot *snapshot, uint32_t expected)
{
	uint32_t value = ~expected;

	assert_true(value_of(text, snapshot, &value));
	assert_int_equal(value, expected);
}

static void assert_absent(const char *text, const struct snapshot *snapshot)
{
	uint32_t value;

	assert_false(value_of(text, snapshot, &value));
}

static void states_are_counted(void **state)
{
	struct snapshot snapshot = {.sockets = {[FAMILY_IPV4][STATE_TIME_WAIT] = 30,
						[FAMILY_IPV6][STATE_TIME_WAIT] = 12,
						[FAMILY_IPV6][STATE_CLOSING] = 1}};

	(void)state;
	assert_value("state ipv4 timeWait", &snapshot, 30);
	assert_value("state ipv6 timeWait", &snapshot, 12);
	assert_value("state any timeWait", &snapshot, 42);
	assert_value("state any closing", &snapshot, 1);
	assert_value("state ipv4 closing", &snapshot, 0);
	assert_absent("state any closed", &snapshot);
	snapshot.closed_counted = true;
	assert_value("state any closed", &snapshot, 0);
}

static void watches_are_counted(void **state)
{
	struct watch_count watches[] = {
		{.name = "db",
		 .known = true,
		 .port_use_known = true,
		 .port_use = 81,
		 .sockets = {[FAMILY_IPV4][STATE_LISTEN] = 3}},
		{.name = "web",
		 .known = true,
		 .by_unit = true,
		 .sockets = {[FAMILY_IPV4][STATE_LISTEN] = 5, [FAMILY_IPV6][STATE_LISTEN] = 7}},
		{.name = "gone", .by_unit = true},
	};
	struct snapshot snapshot = {.watches = watches, .watches_count = ENTRIES(watches)};

	(void)state;
	assert_value("watch db listen", &snapshot, 3);
	assert_value("watch web listen", &snapshot, 12);
	assert_absent("watch web closed", &snapshot);
	assert_absent("watch web timeWait", &snapshot);
	assert_absent("watch web synReceived", &snapshot);
	assert_absent("watch gone listen", &snapshot);
	assert_value("watch db timeWait", &snapshot, 0);
	assert_value("ports db", &snapshot, 81);
	assert_absent("ports web", &snapshot);
	snapshot.closed_counted = true;
	assert_value("watch web closed", &snapshot, 0);
	assert_absent("watch other listen", &snapshot);
	snapshot = (struct snapshot){0};
	assert_absent("watch db listen", &snapshot);
	assert_absent("ports db", &snapshot);
}

static void queues_are_measured_in_percent_of_their_backlog(void **state)
{
	static const struct {
		uint32_t queued, backlog, percent;
	} cases[] = {
		{0, 128, 0},
		{1, 128, 0},
		{2, 128, 1},
		{127, 128, 99},
		{128, 128, 100},
		{129, 128, 100},
		{256, 128, 200},
		{0, 0, 0},
		{1, 0, 100},
		{2, 0, 200},
		{1, 1, 100},
		{UINT32_MAX, 100, UINT32_MAX},
		{UINT32_MAX, 0, UINT32_MAX},
		{UINT32_MAX, UINT32_MAX, 100},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct listener listener = {
			.endpoint = {.port = 80},
			.fill = listener_fill(cases[i].queued, cases[i].backlog),
			.fill_max = UINT32_MAX,
			.queued = 1,
			.backlog = 1,
		};
		struct snapshot snapshot = {.listeners = &listener, .listeners_count = 1};

		assert_value("listen 0.0.0.0:80", &snapshot, cases[i].percent);
	}
}

/* The fullest endpoint may be an omitted one. */
static void any_listener_is_the_fullest(void **state)
{
	struct listener listener = {.endpoint = {.port = 80}, .fill = 7};
	struct snapshot snapshot = {
		.listeners = &listener, .listeners_count = 1, .listen_fill = 99};

	(void)state;
	assert_value("listen any", &snapshot, 99);
	assert_value("listen 0.0.0.0:80", &snapshot, 7);
	snapshot = (struct snapshot){0};
	assert_value("listen any", &snapshot, 0);
}

static int compare_listeners(const void *left, const void *right)
{
	return endpoint_compare(&((const struct listener *)left)->endpoint,
				&((const struct listener *)right)->endpoint);
}

static void the_listener_is_found_among_many(void **state)
{
	static const char *const texts[] = {
		"listen 0.0.0.0:80",     "listen 0.0.0.0:81",     "listen 127.0.0.1:80",
		"listen [::]:80",        "listen [::1]:80",       "listen [fe7f::1]:80",
		"listen [fe80::1%1]:80", "listen [fe80::1%2]:80",
	};
	static const char *const absent[] = {
		"listen 0.0.0.0:79", "listen 0.0.0.1:80",     "listen [::ffff:127.0.0.1]:80",
		"listen [::]:81",    "listen [fe80::1%3]:80", "listen [fe80::2%1]:80",
	};
	struct listener listeners[ENTRIES(texts)];
	struct snapshot snapshot = {.listeners = listeners, .listeners_count = ENTRIES(texts)};

	(void)state;
	for (size_t i = 0; i < ENTRIES(texts); i++) {
		struct metric metric;
		const char *problem;

		assert_true(parse_text(texts[i], &metric, &problem) > 0);
		listeners[i] = (struct listener){
			.endpoint = metric.endpoint,
			.fill = (uint32_t)i,
		};
	}
	qsort(listeners, ENTRIES(texts), sizeof(*listeners), compare_listeners);
	for (size_t i = 0; i < ENTRIES(texts); i++)
		assert_value(texts[i], &snapshot, (uint32_t)i);
	for (size_t i = 0; i < ENTRIES(absent); i++)
		assert_absent(absent[i], &snapshot);
	snapshot = (struct snapshot){0};
	assert_absent(texts[0], &snapshot);
}

static void an_interface_is_looked_up_in_each_snapshot(void **state)
{
	struct listener listeners[] = {
		{.endpoint = {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 4, 80}, .fill = 50},
		{.endpoint = {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 9, 80}, .fill = 25},
	};
	struct zone zones[] = {{9, "eth1"}, {4, "eth0"}};
	struct snapshot snapshot = {.listeners = listeners,
				    .listeners_count = ENTRIES(listeners),
				    .zones = zones,
				    .zones_count = ENTRIES(zones)};

	(void)state;
	assert_value("listen [fe80::1%eth0]:80", &snapshot, 50);
	assert_value("listen [fe80::1%eth1]:80", &snapshot, 25);
	assert_value("listen [fe80::1%9]:80", &snapshot, 25);
	assert_absent("listen [fe80::1%eth]:80", &snapshot);
	assert_absent("listen [fe80::1%eth00]:80", &snapshot);
	assert_absent("listen [fe80::1%eth0]:81", &snapshot);
	zones[1].index = 9;
	zones[0].index = 4;
	assert_value("listen [fe80::1%eth0]:80", &snapshot, 25);
	snapshot.zones_count = 0;
	assert_absent("listen [fe80::1%eth0]:80", &snapshot);
}

static void the_host_is_measured_in_percent_of_its_limits(void **state)
{
	struct snapshot snapshot = {0};

	(void)state;
	assert_absent("host tcpHostMemory", &snapshot);
	host_set(&snapshot.host, HOST_MEMORY, 50);
	assert_absent("host tcpHostMemory", &snapshot);
	host_set(&snapshot.host, HOST_MEMORY_MAX, 199);
	assert_value("host tcpHostMemory", &snapshot, 25);
	snapshot.host.known[HOST_MEMORY] = false;
	assert_absent("host tcpHostMemory", &snapshot);
	host_set(&snapshot.host, HOST_ORPHANS, 3);
	host_set(&snapshot.host, HOST_ORPHANS_MAX, 0);
	assert_value("host tcpHostOrphans", &snapshot, 300);
	host_set(&snapshot.host, HOST_TIME_WAITS, 262144);
	host_set(&snapshot.host, HOST_TIME_WAITS_MAX, 262144);
	assert_value("host tcpHostTimeWaits", &snapshot, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_are_of_one_family_or_of_any),
		cmocka_unit_test(watches_have_a_name),
		cmocka_unit_test(a_watch_must_be_configured),
		cmocka_unit_test(owners_need_states_that_are_listed),
		cmocka_unit_test(the_largest_owner_counts),
		cmocka_unit_test(endpoints_are_written_as_in_a_url),
		cmocka_unit_test(objects_of_the_host_have_limits),
		cmocka_unit_test(rates_are_of_any_counter_of_the_host),
		cmocka_unit_test(each_problem_is_named),
		cmocka_unit_test(states_are_counted),
		cmocka_unit_test(watches_are_counted),
		cmocka_unit_test(queues_are_measured_in_percent_of_their_backlog),
		cmocka_unit_test(any_listener_is_the_fullest),
		cmocka_unit_test(the_listener_is_found_among_many),
		cmocka_unit_test(an_interface_is_looked_up_in_each_snapshot),
		cmocka_unit_test(the_host_is_measured_in_percent_of_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
