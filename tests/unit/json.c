/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON: every view, and unknown values.
 */
#include "cli/json.c"

#include "fixture.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* @param expected the subject with a newline, which are in an envelope */
static void assert_snapshot_json(const struct snapshot *snapshot, const struct view *view,
				 const char *expected)
{
	static const char *const names[VIEW_SUBJECTS] = {"counts",    "ports",   "watches",
							 "listeners", "summary", "sockets"};
	FILE *file = output_open();
	char *document;

	assert_true(asprintf(&document,
			     "{\"version\":1,\"time\":\"1970-01-01T00:00:00Z\",\"host\":\"\","
			     "\"method\":\"full\",\"%s\":%.*s}\n",
			     names[view->subject], (int)strlen(expected) - 1, expected) > 0);
	format_write(&json_format, file, snapshot, view);
	output_assert(file, document);
	free(document);
}

static void assert_json(const struct view *view, const char *expected)
{
	assert_snapshot_json(fixture_snapshot(), view, expected);
}

static void counts_are_objects_of_families(void **state)
{
	struct view view = fixture_view_all(VIEW_COUNTS);

	(void)state;
	assert_json(&view,
		    "{\"ipv4\":{\"closed\":null,\"listen\":2,\"synSent\":0,\"synReceived\":0,"
		    "\"established\":30,\"finWait1\":0,\"finWait2\":0,\"closeWait\":0,"
		    "\"lastAck\":0,\"closing\":0,\"timeWait\":4},"
		    "\"ipv6\":{\"closed\":null,\"listen\":1,\"synSent\":0,\"synReceived\":0,"
		    "\"established\":0,\"finWait1\":0,\"finWait2\":0,\"closeWait\":0,"
		    "\"lastAck\":0,\"closing\":0,\"timeWait\":0}}\n");
}

static void a_state_that_is_not_counted_is_null(void **state)
{
	struct view view = {.families = {true, true}, .states[STATE_CLOSED] = true};
	struct snapshot counted = *fixture_snapshot();

	(void)state;
	assert_json(&view, "{\"ipv4\":{\"closed\":null},\"ipv6\":{\"closed\":null}}\n");
	counted.closed_counted = true;
	counted.sockets[FAMILY_IPV6][STATE_CLOSED] = 3;
	assert_snapshot_json(&counted, &view,
			     "{\"ipv4\":{\"closed\":0},\"ipv6\":{\"closed\":3}}\n");
}

static void only_the_selection_is_written(void **state)
{
	struct view view = {
		.families[FAMILY_IPV6] = true,
		.states = {[STATE_LISTEN] = true, [STATE_TIME_WAIT] = true},
	};

	(void)state;
	assert_json(&view, "{\"ipv6\":{\"listen\":1,\"timeWait\":0}}\n");
	view.subject = VIEW_LISTENERS;
	assert_json(&view, "[{\"family\":\"ipv6\",\"address\":\"fe80::1%3\",\"port\":8080,"
			   "\"sockets\":1,\"queued\":0,\"backlog\":5,\"fill\":0,\"fillMax\":null,"
			   "\"synQueue\":0,\"devices\":[],\"dropped\":0}]\n");
}

static void an_agent_knows_the_window_and_no_interface(void **state)
{
	struct listener listener = {.fill_max = 120, .devices = {1}, .devices_count = 1};
	struct snapshot snapshot = {.listeners = &listener, .listeners_count = 1};
	struct view view = fixture_view_all(VIEW_LISTENERS);

	(void)state;
	assert_snapshot_json(
		&snapshot, &view,
		"[{\"family\":\"ipv4\",\"address\":\"0.0.0.0\",\"port\":0,\"sockets\":0,"
		"\"queued\":0,\"backlog\":0,\"fill\":0,\"fillMax\":null,\"synQueue\":0,"
		"\"devices\":[\"lo\"],\"dropped\":0}]\n");
	snapshot.listeners_tracked = true;
	assert_snapshot_json(
		&snapshot, &view,
		"[{\"family\":\"ipv4\",\"address\":\"0.0.0.0\",\"port\":0,\"sockets\":0,"
		"\"queued\":0,\"backlog\":0,\"fill\":0,\"fillMax\":120,\"synQueue\":0,"
		"\"devices\":null,\"dropped\":0}]\n");
}

static void unknown_numbers_of_watches_are_null(void **state)
{
	struct view view = {
		.subject = VIEW_WATCHES,
		.families[FAMILY_IPV6] = true,
		.states = {[STATE_LISTEN] = true, [STATE_TIME_WAIT] = true},
	};

	(void)state;
	assert_json(&view, "[{\"watch\":\"443\",\"conditions\":\"port 443\",\"portUse\":7,"
			   "\"ipv6\":{\"listen\":0,\"timeWait\":0}},"
			   "{\"watch\":\"8080\",\"conditions\":\"port 8080\",\"portUse\":null,"
			   "\"ipv6\":{\"listen\":1,\"timeWait\":null}}]\n");
}

static void ports_are_an_array(void **state)
{
	struct view view = {
		.subject = VIEW_PORTS,
		.ports = &fixture_ports,
		.families = {true, true},
		.states[STATE_LISTEN] = true,
	};

	(void)state;
	assert_json(&view, "[{\"port\":443,\"service\":\"https\","
			   "\"ipv4\":{\"listen\":2},\"ipv6\":{\"listen\":0}},"
			   "{\"port\":8080,\"service\":\"\","
			   "\"ipv4\":{\"listen\":0},\"ipv6\":{\"listen\":1}}]\n");
}

static void services_are_read_back_unchanged(void **state)
{
	static const char *const names[][2] = {
		{"a\"z", "a\\\"z"},
		{"back\\slash", "back\\\\slash"},
		{"m\xc3\xbcnze", "m\xc3\xbcnze"},
		{"m\xfcnze", "m\\\\xfcnze"},
		{"\033[2J\n\x7f", "\\u001b[2J\\u000a\\u007f"},
		{"\xe2\x80\xae\xe2\x80\xac", "\\u202e\\u202c"},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(names); i++) {
		char expected[256];

		snprintf(expected, sizeof(expected),
			 "{\"version\":1,\"time\":\"1970-01-01T00:00:00Z\",\"host\":\"\","
			 "\"method\":\"full\",\"ports\":[{\"port\":80,\"service\":\"%s\","
			 "\"ipv4\":{\"listen\":0}}]}\n",
			 names[i][1]);
		assert_service(&json_format, names[i][0], expected);
	}
}

static void unknown_values_are_null(void **state)
{
	struct view view = fixture_view_all(VIEW_SUMMARY);

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
		cmocka_unit_test(a_state_that_is_not_counted_is_null),
		cmocka_unit_test(only_the_selection_is_written),
		cmocka_unit_test(an_agent_knows_the_window_and_no_interface),
		cmocka_unit_test(ports_are_an_array),
		cmocka_unit_test(unknown_numbers_of_watches_are_null),
		cmocka_unit_test(services_are_read_back_unchanged),
		cmocka_unit_test(unknown_values_are_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
