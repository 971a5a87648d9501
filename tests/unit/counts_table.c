/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of counts: what is chosen, its totals, how it changes, and where it is narrow.
 */
#include "cli/counts_table.c"

#include "shown.h"
#include "unit.h"

static void assert_counts(const struct view *view, size_t width, const struct trend *trends,
			  const char *expected)
{
	const struct style style = {.width = width};
	FILE *file = shown_open();

	assert_int_equal(table_counts(file, shown_snapshot(), view, &style, trends), 0);
	shown_assert(file, expected);
}

static void there_are_totals(void **state)
{
	struct view view = shown_all(VIEW_COUNTS);

	(void)state;
	assert_counts(&view, SIZE_MAX, NULL,
		      "state        ipv4  ipv6  total\n"
		      "closed          0     0      0\n"
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

static void ports_have_a_table_each(void **state)
{
	struct view view = {
		.subject = VIEW_PORTS,
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
	assert_int_equal(tables_of_counts(shown_snapshot(), &view), 2);
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
	struct view view = shown_all(VIEW_PORTS);
	uint32_t totals[STATES];

	(void)state;
	table_totals(shown_snapshot(), &view, 0, totals);
	assert_int_equal(totals[STATE_ESTABLISHED], 20);
	table_totals(shown_snapshot(), &view, 1, totals);
	assert_int_equal(totals[STATE_LISTEN], 1);
	view.families[FAMILY_IPV6] = false;
	table_totals(shown_snapshot(), &view, 1, totals);
	assert_int_equal(totals[STATE_LISTEN], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_totals),
		cmocka_unit_test(one_of_a_kind_has_no_total),
		cmocka_unit_test(ports_have_a_table_each),
		cmocka_unit_test(changes_are_shown),
		cmocka_unit_test(totals_are_of_the_families_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
