/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of counts: selections, totals, changes, and narrow terminals.
 */
#include "cli/counts_table.c"

#include "fixture.h"
#include "unit.h"

#include <string.h>

static void assert_counts(const struct view *view, size_t width, const struct trend *trends,
			  const char *expected)
{
	const struct style style = {.width = width};
	FILE *file = output_open();

	assert_int_equal(counts_table_write(file, fixture_snapshot(), view, &style, trends), 0);
	output_assert(file, expected);
}

static void totals_are_shown(void **state)
{
	struct view view = fixture_view_all(VIEW_COUNTS);

	(void)state;
	assert_counts(&view, SIZE_MAX, NULL,
		      "state        ipv4  ipv6  total\n"
		      "closed          -     -      -\n"
		      "listen          2     1      3\n"
		      "synSent         0     0      0\n"
		      "synReceived     0     0      0\n"
		      "established    30     0     30\n"
		      "finWait1        0     0      0\n"
		      "finWait2        0     0      0\n"
		      "closeWait       0     0      0\n"
		      "lastAck         0     0      0\n"
		      "closing         0     0      0\n"
		      "timeWait        4     0      4\n"
		      "total          36     1     37\n");
}

static void one_of_a_kind_has_no_total(void **state)
{
	struct view view = {.families[FAMILY_IPV4] = true, .states[STATE_ESTABLISHED] = true};

	(void)state;
	assert_counts(&view, SIZE_MAX, NULL,
		      "state        ipv4\n"
		      "established    30\n");
	view.states[STATE_TIME_WAIT] = true;
	assert_counts(&view, SIZE_MAX, NULL,
		      "state        ipv4\n"
		      "established    30\n"
		      "timeWait        4\n"
		      "total          34\n");
	view = (struct view){.families = {true, true}, .states[STATE_LISTEN] = true};
	assert_counts(&view, SIZE_MAX, NULL,
		      "state   ipv4  ipv6  total\n"
		      "listen     2     1      3\n");
}

static void watches_have_a_table_each(void **state)
{
	struct view view = {
		.subject = VIEW_WATCHES,
		.families = {true, true},
		.states = {[STATE_LISTEN] = true, [STATE_TIME_WAIT] = true},
	};

	(void)state;
	assert_counts(&view, SIZE_MAX, NULL,
		      "443: port 443, 7 % of the local ports\n"
		      "state     ipv4  ipv6  total\n"
		      "listen       2     0      2\n"
		      "timeWait     0     0      0\n"
		      "total        2     0      2\n"
		      "\n"
		      "8080: port 8080\n"
		      "state     ipv4  ipv6  total\n"
		      "listen       0     1      1\n"
		      "timeWait     -     -      -\n"
		      "total        0     1      1\n");
}

static void ports_have_a_table_each(void **state)
{
	struct view view = {
		.subject = VIEW_PORTS,
		.ports = &fixture_ports,
		.families = {true, true},
		.states[STATE_LISTEN] = true,
	};

	(void)state;
	assert_counts(&view, SIZE_MAX, NULL,
		      "port 443, https\n"
		      "state   ipv4  ipv6  total\n"
		      "listen     2     0      2\n"
		      "\n"
		      "port 8080\n"
		      "state   ipv4  ipv6  total\n"
		      "listen     0     1      1\n");
	assert_int_equal(counts_tables(fixture_snapshot(), &view), 2);
}

static void a_state_that_is_not_counted_is_not_zero(void **state)
{
	const struct style style = {.width = SIZE_MAX};
	struct trend trend = {.steps = 3, .change[STATE_CLOSED] = 2};
	struct view view = {
		.families = {true, true},
		.states = {[STATE_CLOSED] = true, [STATE_LISTEN] = true},
	};
	struct snapshot counted = *fixture_snapshot();
	uint32_t totals[STATES];
	FILE *file = output_open();

	(void)state;
	assert_counts(&view, SIZE_MAX, &trend,
		      "state   ipv4  ipv6  total  change  last minute\n"
		      "closed     -     -      -\n"
		      "listen     2     1      3          ___\n"
		      "total      2     1      3\n");
	/* A listing of closed sockets may be incomplete. */
	counted.sockets[FAMILY_IPV4][STATE_CLOSED] = 3;
	counts_table_totals(&counted, &view, 0, totals);
	assert_int_equal(totals[STATE_CLOSED], 0);
	assert_int_equal(counts_table_write(file, &counted, &view, &style, NULL), 0);
	output_assert(file, "state   ipv4  ipv6  total\n"
			    "closed     -     -      -\n"
			    "listen     2     1      3\n"
			    "total      2     1      3\n");
	counted.closed_counted = true;
	file = output_open();
	assert_int_equal(counts_table_write(file, &counted, &view, &style, &trend), 0);
	output_assert(file, "state   ipv4  ipv6  total  change  last minute\n"
			    "closed     3     0      3      +2  ___\n"
			    "listen     2     1      3          ___\n"
			    "total      5     1      6\n");
	counts_table_totals(&counted, &view, 0, totals);
	assert_int_equal(totals[STATE_CLOSED], 3);
}

static void services_cannot_control_a_terminal(void **state)
{
	static const char *const names[][3] = {
		{"m\xc3\xbcnze", "port 80, m\xc3\xbcnze", "port 80, m\\xc3\\xbcnze"},
		{"m\xfcnze", "port 80, m\\xfcnze", "port 80, m\\xfcnze"},
		{"\033[2J\n", "port 80, \\x1b[2J\\x0a", "port 80, \\x1b[2J\\x0a"},
	};
	struct view view = {
		.subject = VIEW_PORTS,
		.families[FAMILY_IPV4] = true,
		.states[STATE_LISTEN] = true,
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(names); i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			const struct style style = {.width = SIZE_MAX, .utf8 = !ascii};
			struct watch_count count = {.name = "80", .known = true};
			struct watched_ports ports = {.port = {{.number = 80}}, .count = 1};
			struct snapshot snapshot = {.watches = &count, .watches_count = 1};
			FILE *file = output_open();
			char expected[128];

			strcpy(ports.port[0].service, names[i][0]);
			view.ports = &ports;
			snprintf(expected, sizeof(expected), "%s\nstate   ipv4\nlisten     0\n",
				 names[i][1 + ascii]);
			assert_int_equal(counts_table_write(file, &snapshot, &view, &style, NULL),
					 0);
			output_assert(file, expected);
		}
	}
}

static void changes_are_shown(void **state)
{
	struct trend trend = {
		.steps = 20,
		.change = {[STATE_LISTEN] = 2, [STATE_TIME_WAIT] = -15},
	};
	struct view view = {
		.families = {true, true},
		.states = {[STATE_LISTEN] = true,
			   [STATE_ESTABLISHED] = true,
			   [STATE_TIME_WAIT] = true},
	};

	(void)state;
	for (size_t step = 0; step + 1 < trend.steps; step++)
		trend.largest[STATE_TIME_WAIT][step] = 19;
	assert_counts(&view, SIZE_MAX, &trend,
		      "state        ipv4  ipv6  total  change  last minute\n"
		      "listen          2     1      3      +2  ____________________\n"
		      "established    30     0     30          ____________________\n"
		      "timeWait        4     0      4     -15  ###################_\n"
		      "total          36     1     37\n");
	assert_counts(&view, 40, &trend,
		      "state        total  change  last minute\n"
		      "listen           3      +2  ____________\n"
		      "established     30          ____________\n"
		      "timeWait         4     -15  ###########_\n"
		      "total           37\n");
	assert_counts(&view, 35, &trend,
		      "state        total  change\n"
		      "listen           3      +2\n"
		      "established     30\n"
		      "timeWait         4     -15\n"
		      "total           37\n");
}

static void totals_are_of_the_families_shown(void **state)
{
	struct view view = fixture_view_all(VIEW_PORTS);
	uint32_t totals[STATES];

	(void)state;
	counts_table_totals(fixture_snapshot(), &view, 0, totals);
	assert_int_equal(totals[STATE_ESTABLISHED], 20);
	counts_table_totals(fixture_snapshot(), &view, 1, totals);
	assert_int_equal(totals[STATE_LISTEN], 1);
	view.families[FAMILY_IPV6] = false;
	counts_table_totals(fixture_snapshot(), &view, 1, totals);
	assert_int_equal(totals[STATE_LISTEN], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_are_shown),
		cmocka_unit_test(one_of_a_kind_has_no_total),
		cmocka_unit_test(ports_have_a_table_each),
		cmocka_unit_test(watches_have_a_table_each),
		cmocka_unit_test(a_state_that_is_not_counted_is_not_zero),
		cmocka_unit_test(services_cannot_control_a_terminal),
		cmocka_unit_test(changes_are_shown),
		cmocka_unit_test(totals_are_of_the_families_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
