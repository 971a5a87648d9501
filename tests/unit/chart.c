/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bars and sparklines, including extreme values.
 */
#include "cli/chart.c"

#include "unit.h"

#define PLACES 4

static void assert_bar(uint64_t value, uint64_t whole, const char *ascii, const char *utf8)
{
	char text[PLACES * CHART_CHARACTER_SIZE + 1];

	chart_bar(text, PLACES, value, whole, false);
	assert_string_equal(text, ascii);
	chart_bar(text, PLACES, value, whole, true);
	assert_string_equal(text, utf8);
}

static void bars_are_as_full_as_the_value(void **state)
{
	(void)state;
	assert_bar(0, 32, "....", "░░░░");
	assert_bar(1, 32, "....", "▏░░░");
	assert_bar(3, 32, "....", "▍░░░");
	assert_bar(4, 32, "#...", "▌░░░");
	assert_bar(8, 32, "#...", "█░░░");
	assert_bar(17, 32, "##..", "██▏░");
	assert_bar(31, 32, "####", "███▉");
	assert_bar(32, 32, "####", "████");
	assert_bar(33, 32, "####", "████");
	assert_bar(UINT64_MAX, 1, "####", "████");
	assert_bar(UINT64_MAX / 2 + 1, UINT64_MAX, "##..", "██░░");
}

static void a_bar_of_nothing_is_full(void **state)
{
	(void)state;
	assert_bar(0, 0, "....", "░░░░");
	assert_bar(1, 0, "####", "████");
}

static void assert_sparkline(const uint32_t *values, size_t count, const char *ascii,
			     const char *utf8)
{
	char text[16 * CHART_CHARACTER_SIZE + 1];

	chart_sparkline(text, values, count, false);
	assert_string_equal(text, ascii);
	chart_sparkline(text, values, count, true);
	assert_string_equal(text, utf8);
}

static void sparklines_reach_from_the_least_to_the_largest(void **state)
{
	const uint32_t steps[] = {0, 1, 2, 3, 4, 5, 6, 7};
	const uint32_t slight[] = {2000, 2001, 2000, 2002};
	const uint32_t tenth[] = {1000000, 1060000, 1000000, 1120000};
	const uint32_t ends[] = {UINT32_MAX, 0, UINT32_MAX / 2};
	const uint32_t same[] = {5, 5, 5};

	(void)state;
	assert_sparkline(steps, ENTRIES(steps), "_.:-=+*#", "▁▂▃▄▅▆▇█");
	assert_sparkline(slight, ENTRIES(slight), "____", "▁▁▁▁");
	assert_sparkline(tenth, ENTRIES(tenth), "_-_#", "▁▄▁█");
	assert_sparkline(ends, ENTRIES(ends), "#_-", "█▁▄");
	assert_sparkline(same, ENTRIES(same), "___", "▁▁▁");
	assert_sparkline(same, 0, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bars_are_as_full_as_the_value),
		cmocka_unit_test(a_bar_of_nothing_is_full),
		cmocka_unit_test(sparklines_reach_from_the_least_to_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
