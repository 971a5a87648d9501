/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON: every view, and what is not known.
 */
#include "cli/json.c"

#include "shown.h"
#include "unit.h"

static void assert_json(const struct view *view, const char *expected)
{
	FILE *file = shown_open();

	format_write(&json_format, file, shown_snapshot(), view);
	shown_assert(file, expected);
}

static void counts_are_objects_of_families(void **state)
{
	struct view view = shown_all(VIEW_COUNTS);

	(void)state;
	assert_json(&view, "{\"ipv4\":{\"closed\":0,\"listen\":2,\"synSent\":0,\"synReceived\":0,"
			   "\"established\":30,\"finWait1\":0,\"finWait2\":0,\"closeWait\":0,"
			   "\"lastAck\":0,\"closing\":0,\"timeWait\":4},"
			   "\"ipv6\":{\"closed\":0,\"listen\":1,\"synSent\":0,\"synReceived\":0,"
			   "\"established\":0,\"finWait1\":0,\"finWait2\":0,\"closeWait\":0,"
			   "\"lastAck\":0,\"closing\":0,\"timeWait\":0}}\n");
}

static void only_what_is_chosen_is_written(void **state)
{
	struct view view = {
		.families[FAMILY_IPV6] = true,
		.states = {[STATE_LISTEN] = true, [STATE_TIME_WAIT] = true},
	};

	(void)state;
	assert_json(&view, "{\"ipv6\":{\"listen\":1,\"timeWait\":0}}\n");
	view.subject = VIEW_LISTENERS;
	assert_json(&view, "[{\"family\":\"ipv6\",\"address\":\"fe80::1%3\",\"port\":8080,"
			   "\"sockets\":1,\"queued\":0,\"backlog\":5,\"dropped\":0}]\n");
}

static void ports_are_an_array(void **state)
{
	struct view view = {
		.subject = VIEW_PORTS,
		.families = {true, true},
		.states[STATE_LISTEN] = true,
	};

	(void)state;
	assert_json(&view, "[{\"port\":443,\"service\":\"https\","
			   "\"ipv4\":{\"listen\":2},\"ipv6\":{\"listen\":0}},"
			   "{\"port\":8080,\"service\":\"\","
			   "\"ipv4\":{\"listen\":0},\"ipv6\":{\"listen\":1}}]\n");
}

static void what_is_not_known_is_null(void **state)
{
	struct view view = shown_all(VIEW_SUMMARY);

	(void)state;
	assert_json(&view, "{\"sockets\":200,\"tcpTotal\":44,\"tcpEstablished\":30,"
			   "\"tcpClosed\":11,\"tcpOrphaned\":1,\"tcpTimeWait\":4,"
			   "\"raw\":{\"ipv4\":0,\"ipv6\":7},\"udp\":{\"ipv4\":5,\"ipv6\":6},"
			   "\"tcp\":{\"ipv4\":32,\"ipv6\":1},"
			   "\"fragments\":{\"ipv4\":null,\"ipv6\":null}}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_objects_of_families),
		cmocka_unit_test(only_what_is_chosen_is_written),
		cmocka_unit_test(ports_are_an_array),
		cmocka_unit_test(what_is_not_known_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
