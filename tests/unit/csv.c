/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CSV: every view, and what is not known.
 */
#include "cli/csv.c"

#include "shown.h"
#include "unit.h"

static void assert_csv(const struct view *view, const char *expected)
{
	FILE *file = shown_open();

	format_write(&csv_format, file, shown_snapshot(), view);
	shown_assert(file, expected);
}

static void counts_have_a_row_for_each_state(void **state)
{
	struct view view = shown_all(VIEW_COUNTS);

	(void)state;
	assert_csv(&view, "family,state,sockets\n"
			  "ipv4,closed,0\nipv4,listen,2\nipv4,synSent,0\nipv4,synReceived,0\n"
			  "ipv4,established,30\nipv4,finWait1,0\nipv4,finWait2,0\n"
			  "ipv4,closeWait,0\nipv4,lastAck,0\nipv4,closing,0\nipv4,timeWait,4\n"
			  "ipv6,closed,0\nipv6,listen,1\nipv6,synSent,0\nipv6,synReceived,0\n"
			  "ipv6,established,0\nipv6,finWait1,0\nipv6,finWait2,0\n"
			  "ipv6,closeWait,0\nipv6,lastAck,0\nipv6,closing,0\nipv6,timeWait,0\n");
}

static void only_what_is_chosen_is_written(void **state)
{
	struct view counts = {
		.families[FAMILY_IPV4] = true,
		.states = {[STATE_ESTABLISHED] = true, [STATE_TIME_WAIT] = true},
	};
	struct view listeners = shown_all(VIEW_LISTENERS);

	(void)state;
	listeners.families[FAMILY_IPV6] = false;
	assert_csv(&counts, "family,state,sockets\nipv4,established,30\nipv4,timeWait,4\n");
	assert_csv(&listeners, "family,address,port,sockets,queued,backlog,dropped\n"
			       "ipv4,192.0.2.1,443,2,96,128,7\n");
}

static void ports_are_named(void **state)
{
	struct view view = {
		.subject = VIEW_PORTS,
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
	struct view view = shown_all(VIEW_LISTENERS);

	(void)state;
	assert_csv(&view, "family,address,port,sockets,queued,backlog,dropped\n"
			  "ipv4,192.0.2.1,443,2,96,128,7\n"
			  "ipv6,fe80::1%3,8080,1,0,5,0\n");
}

static void what_is_not_known_is_empty(void **state)
{
	struct view view = shown_all(VIEW_SUMMARY);

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
		cmocka_unit_test(only_what_is_chosen_is_written),
		cmocka_unit_test(ports_are_named),
		cmocka_unit_test(listeners_keep_address_and_port_apart),
		cmocka_unit_test(what_is_not_known_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
