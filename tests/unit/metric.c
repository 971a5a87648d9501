/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metrics: how they are written, what is wrong with others, and their values in a snapshot.
 */
#include "model/metric.c"

#include "unit.h"

#include <stdio.h>

#define WORDS_MAX 8
#define TEXT_SIZE 256

/* Splits the text as a threshold's is. */
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

/* ---- how they are written ---- */

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

static void ports_have_a_number_and_a_state(void **state)
{
	struct metric metric = parsed("port 443 synRecv x y", 3);

	(void)state;
	assert_int_equal(metric.kind, METRIC_PORT);
	assert_int_equal(metric.port, 443);
	assert_int_equal(metric.state, STATE_SYN_RECEIVED);
	assert_int_equal(parsed("port 1 listen", 3).port, 1);
	assert_int_equal(parsed("port 65535 listen", 3).port, 65535);
}

static void endpoints_are_written_as_in_a_url(void **state)
{
	static const struct {
		const char *text;
		struct endpoint endpoint;
	} cases[] = {
		{"0.0.0.0:80", {FAMILY_IPV4, {0}, 0, 80}},
		{"192.0.2.1:65535", {FAMILY_IPV4, {192, 0, 2, 1}, 0, 65535}},
		{"[::]:80", {FAMILY_IPV6, {0}, 0, 80}},
		{"[::1]:1", {FAMILY_IPV6, {[15] = 1}, 0, 1}},
		{"[2001:DB8::ff]:443", {FAMILY_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 0xff}, 0, 443}},
		{"[::ffff:192.0.2.1]:80", {FAMILY_IPV6, {[10] = 0xff, 0xff, 192, 0, 2, 1}, 0, 80}},
		{"[fe80::1%7]:22", {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 7, 22}},
		{"[fe80::1%4294967295]:22", {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, UINT32_MAX, 22}},
		{"[fe80::1%lo]:22", {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 1, 22}},
		{"[febf:ffff:ffff:ffff:ffff:ffff:255.255.255.255%lo]:22",
		 {FAMILY_IPV6,
		  {0xfe, 0xbf, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		   255},
		  1,
		  22}},
	};
	char text[TEXT_SIZE];

	(void)state;
	assert_int_equal(if_nametoindex("lo"), 1);
	for (size_t place = 0; place < ENTRIES(cases); place++) {
		struct metric metric;

		snprintf(text, sizeof(text), "listen %s", cases[place].text);
		metric = parsed(text, 2);
		assert_int_equal(metric.kind, METRIC_LISTEN);
		assert_int_equal(endpoint_compare(&metric.endpoint, &cases[place].endpoint), 0);
	}
}

static void objects_of_the_host_have_limits(void **state)
{
	static const struct {
		const char *text;
		enum host_object object, limit;
	} cases[] = {
		{"host tcpOrphans", HOST_ORPHANS, HOST_ORPHANS_MAX},
		{"host tcpTimeWaits", HOST_TIME_WAITS, HOST_TIME_WAITS_MAX},
		{"host tcpMemory", HOST_MEMORY, HOST_MEMORY_MAX},
	};

	(void)state;
	for (size_t place = 0; place < ENTRIES(cases); place++) {
		struct metric metric = parsed(cases[place].text, 2);

		assert_int_equal(metric.kind, METRIC_HOST);
		assert_int_equal(metric.object, cases[place].object);
		assert_int_equal(metric.limit, cases[place].limit);
	}
}

/* ---- what is wrong ---- */

static void each_problem_is_named(void **state)
{
	static const char kind[] = "the metric does not begin with state, port, listen or host";
	static const char incomplete[] = "the metric is not complete";
	static const char family[] = "the family is not ipv4, ipv6 or any";
	static const char no_state[] = "there is no such TCP state";
	static const char port[] = "the port is not a number from 1 to 65535";
	static const char endpoint[] =
		"the endpoint is not like 192.0.2.1:80, 0.0.0.0:80 or [::]:80";
	static const char object[] = "the object is not tcpOrphans, tcpTimeWaits or tcpMemory";
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
		{"port", incomplete},
		{"port 80", incomplete},
		{"listen", incomplete},
		{"host", incomplete},
		{"state ipv5 listen", family},
		{"state IPv4 listen", family},
		{"state listen ipv4", family},
		{"state both listen", family},
		{"state any listens", no_state},
		{"state any any", no_state},
		{"state any 10", no_state},
		{"port 80 10", no_state},
		{"port 0 listen", port},
		{"port 65536 listen", port},
		{"port -1 listen", port},
		{"port +1 listen", port},
		{"port 80x listen", port},
		{"port 0x50 listen", port},
		{"port http listen", port},
		{"port 18446744073709551696 listen", port},
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
		{"listen [fe80::1%nosuchinterface]:80", endpoint},
		{"listen [fe80::1%4294967296]:80", endpoint},
		{"listen [fe80::1%lo%lo]:80", endpoint},
		{"listen [%lo]:80", endpoint},
		{"listen "
		 "[1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111]:80",
		 endpoint},
		{"host tcpAllocated", object},
		{"host tcporphans", object},
		{"host 50", object},
	};

	(void)state;
	for (size_t place = 0; place < ENTRIES(cases); place++) {
		struct metric metric;
		const char *problem;

		if (parse_text(cases[place].text, &metric, &problem) != -EINVAL)
			fail_msg("\"%s\" is accepted", cases[place].text);
		assert_string_equal(problem, cases[place].problem);
	}
}

/* ---- values ---- */

static bool value_of(const char *text, const struct snapshot *snapshot, uint32_t *value)
{
	struct metric metric;
	const char *problem;

	assert_true(parse_text(text, &metric, &problem) > 0);
	return metric_value(&metric, snapshot, value);
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
}

static void ports_are_counted_where_they_are_watched(void **state)
{
	struct port_count ports[] = {
		{.port = {.number = 80}, .sockets = {[FAMILY_IPV4][STATE_LISTEN] = 3}},
		{.port = {.number = 443},
		 .sockets = {[FAMILY_IPV4][STATE_LISTEN] = 5, [FAMILY_IPV6][STATE_LISTEN] = 7}},
	};
	struct snapshot snapshot = {.ports = ports, .ports_count = ENTRIES(ports)};

	(void)state;
	assert_value("port 80 listen", &snapshot, 3);
	assert_value("port 443 listen", &snapshot, 12);
	assert_value("port 443 closed", &snapshot, 0);
	assert_absent("port 81 listen", &snapshot);
	snapshot = (struct snapshot){0};
	assert_absent("port 80 listen", &snapshot);
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
	for (size_t place = 0; place < ENTRIES(cases); place++) {
		struct listener listener = {.endpoint = {.port = 80},
					    .queued = cases[place].queued,
					    .backlog = cases[place].backlog};
		struct snapshot snapshot = {.listeners = &listener, .listeners_count = 1};

		assert_value("listen 0.0.0.0:80", &snapshot, cases[place].percent);
	}
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
	for (size_t place = 0; place < ENTRIES(texts); place++) {
		struct metric metric;
		const char *problem;

		assert_true(parse_text(texts[place], &metric, &problem) > 0);
		listeners[place] = (struct listener){
			.endpoint = metric.endpoint,
			.queued = (uint32_t)place,
			.backlog = 100,
		};
	}
	assert_int_equal(listeners_merge(listeners, ENTRIES(texts)), ENTRIES(texts));
	for (size_t place = 0; place < ENTRIES(texts); place++)
		assert_value(texts[place], &snapshot, (uint32_t)place);
	for (size_t place = 0; place < ENTRIES(absent); place++)
		assert_absent(absent[place], &snapshot);
	snapshot = (struct snapshot){0};
	assert_absent(texts[0], &snapshot);
}

static void the_host_is_measured_in_percent_of_its_limits(void **state)
{
	struct snapshot snapshot = {0};

	(void)state;
	assert_absent("host tcpMemory", &snapshot);
	host_set(&snapshot.host, HOST_MEMORY, 50);
	assert_absent("host tcpMemory", &snapshot);
	host_set(&snapshot.host, HOST_MEMORY_MAX, 199);
	assert_value("host tcpMemory", &snapshot, 25);
	snapshot.host.known[HOST_MEMORY] = false;
	assert_absent("host tcpMemory", &snapshot);
	host_set(&snapshot.host, HOST_ORPHANS, 3);
	host_set(&snapshot.host, HOST_ORPHANS_MAX, 0);
	assert_value("host tcpOrphans", &snapshot, 300);
	host_set(&snapshot.host, HOST_TIME_WAITS, 262144);
	host_set(&snapshot.host, HOST_TIME_WAITS_MAX, 262144);
	assert_value("host tcpTimeWaits", &snapshot, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_are_of_one_family_or_of_any),
		cmocka_unit_test(ports_have_a_number_and_a_state),
		cmocka_unit_test(endpoints_are_written_as_in_a_url),
		cmocka_unit_test(objects_of_the_host_have_limits),
		cmocka_unit_test(each_problem_is_named),
		cmocka_unit_test(states_are_counted),
		cmocka_unit_test(ports_are_counted_where_they_are_watched),
		cmocka_unit_test(queues_are_measured_in_percent_of_their_backlog),
		cmocka_unit_test(the_listener_is_found_among_many),
		cmocka_unit_test(the_host_is_measured_in_percent_of_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
