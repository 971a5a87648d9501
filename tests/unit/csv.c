/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CSV: every view, and unknown values.
 */
#include "cli/csv.c"

#include "fixture.h"
#include "unit.h"

static void assert_csv(const struct view *view, const char *expected)
{
	FILE *file = output_open();

	format_write(&csv_format, file, fixture_snapshot(), view);
	output_assert(file, expected);
}

static void counts_have_a_row_for_each_state(void **state)
{
	struct view view = fixture_view_all(VIEW_COUNTS);

	(void)state;
	assert_csv(&view, "family,state,sockets\n"
			  "ipv4,closed,\nipv4,listen,2\nipv4,synSent,0\nipv4,synReceived,0\n"
			  "ipv4,established,30\nipv4,finWait1,0\nipv4,finWait2,0\n"
			  "ipv4,closeWait,0\nipv4,lastAck,0\nipv4,closing,0\nipv4,timeWait,4\n"
			  "ipv6,closed,\nipv6,listen,1\nipv6,synSent,0\nipv6,synReceived,0\n"
			  "ipv6,established,0\nipv6,finWait1,0\nipv6,finWait2,0\n"
			  "ipv6,closeWait,0\nipv6,lastAck,0\nipv6,closing,0\nipv6,timeWait,0\n");
}

static void a_state_that_is_not_counted_is_empty(void **state)
{
	struct view view = {.families = {true, true}, .states[STATE_CLOSED] = true};
	struct snapshot counted = *fixture_snapshot();
	FILE *file = output_open();

	(void)state;
	assert_csv(&view, "family,state,sockets\nipv4,closed,\nipv6,closed,\n");
	counted.closed_counted = true;
	counted.sockets[FAMILY_IPV6][STATE_CLOSED] = 3;
	format_write(&csv_format, file, &counted, &view);
	output_assert(file, "family,state,sockets\nipv4,closed,0\nipv6,closed,3\n");
}

static void only_the_selection_is_written(void **state)
{
	struct view counts = {
		.families[FAMILY_IPV4] = true,
		.states = {[STATE_ESTABLISHED] = true, [STATE_TIME_WAIT] = true},
	};
	struct view listeners = fixture_view_all(VIEW_LISTENERS);

	(void)state;
	listeners.families[FAMILY_IPV6] = false;
	assert_csv(&counts, "family,state,sockets\nipv4,established,30\nipv4,timeWait,4\n");
	assert_csv(&listeners, "family,address,port,sockets,queued,backlog,fill,fillMax,"
			       "synQueue,devices,dropped\n"
			       "ipv4,192.0.2.1,443,2,96,128,93,,4,,7\n");
}

static void unknown_numbers_of_watches_are_empty(void **state)
{
	struct view view = {
		.subject = VIEW_WATCHES,
		.families[FAMILY_IPV6] = true,
		.states = {[STATE_LISTEN] = true, [STATE_TIME_WAIT] = true},
	};

	(void)state;
	assert_csv(&view, "watch,conditions,portUse,family,state,sockets\n"
			  "443,port 443,7,ipv6,listen,0\n443,port 443,7,ipv6,timeWait,0\n"
			  "8080,port 8080,,ipv6,listen,1\n8080,port 8080,,ipv6,timeWait,\n");
}

static void ports_are_named(void **state)
{
	struct view view = {
		.subject = VIEW_PORTS,
		.ports = &fixture_ports,
		.families = {true, true},
		.states[STATE_LISTEN] = true,
	};

	(void)state;
	assert_csv(&view, "port,service,family,state,sockets\n"
			  "443,https,ipv4,listen,2\n443,https,ipv6,listen,0\n"
			  "8080,,ipv4,listen,0\n8080,,ipv6,listen,1\n");
}

static void listeners_keep_address_and_port_apart(void **state)
{
	struct view view = fixture_view_all(VIEW_LISTENERS);

	(void)state;
	assert_csv(&view, "family,address,port,sockets,queued,backlog,fill,fillMax,synQueue,"
			  "devices,dropped\n"
			  "ipv4,192.0.2.1,443,2,96,128,93,,4,,7\n"
			  "ipv6,fe80::1%3,8080,1,0,5,0,,0,,0\n");
}

/* Only an agent knows the window, and only the machine itself its interfaces. */
static void an_agent_knows_the_window(void **state)
{
	struct listener listener = {
		.fill_max = 120,
		.backlog = UINT64_C(17179869176),
		.devices = {0, 4294967294},
		.devices_count = 2,
	};
	struct snapshot snapshot = {
		.listeners = &listener, .listeners_count = 1, .listeners_tracked = true};
	struct view view = fixture_view_all(VIEW_LISTENERS);
	FILE *file = output_open();

	(void)state;
	format_write(&csv_format, file, &snapshot, &view);
	output_assert(file, "family,address,port,sockets,queued,backlog,fill,fillMax,synQueue,"
			    "devices,dropped\n"
			    "ipv4,0.0.0.0,0,0,0,17179869176,0,120,0,* 4294967294,0\n");
}

static void services_are_quoted(void **state)
{
	static const char *const names[][2] = {
		{"a\"z", "\"a\"\"z\""},         {"com,ma", "\"com,ma\""},
		{"back\\slash", "back\\slash"}, {"m\xc3\xbcnze", "m\xc3\xbcnze"},
		{"m\xfcnze", "m\\xfcnze"},      {"a\nb,\033", "\"a\\x0ab,\\x1b\""},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(names); i++) {
		char expected[128];

		snprintf(expected, sizeof(expected),
			 "port,service,family,state,sockets\n80,%s,ipv4,listen,0\n", names[i][1]);
		assert_service(&csv_format, names[i][0], expected);
	}
}

static void unknown_values_are_empty(void **state)
{
	struct view view = fixture_view_all(VIEW_SUMMARY);

	(void)state;
	assert_csv(&view, "count,family,sockets\n"
			  "sockets,,200\ntcpTotal,,44\ntcpEstablished,,30\ntcpClosed,,11\n"
			  "tcpOrphaned,,1\ntcpTimeWait,,4\nraw,ipv4,0\nraw,ipv6,7\n"
			  "udp,ipv4,5\nudp,ipv6,6\ntcp,ipv4,32\ntcp,ipv6,1\n"
			  "fragments,ipv4,\nfragments,ipv6,\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_a_row_for_each_state),
		cmocka_unit_test(a_state_that_is_not_counted_is_empty),
		cmocka_unit_test(only_the_selection_is_written),
		cmocka_unit_test(ports_are_named),
		cmocka_unit_test(unknown_numbers_of_watches_are_empty),
		cmocka_unit_test(listeners_keep_address_and_port_apart),
		cmocka_unit_test(an_agent_knows_the_window),
		cmocka_unit_test(services_are_quoted),
		cmocka_unit_test(unknown_values_are_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
