/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes and the last minute, compared with a list of all counts.
 */
#include "cli/trend.c"

#include "unit.h"

#define ADDED 400

static void add(struct trend *trend, int64_t at_ns, uint32_t sockets)
{
	const uint32_t counts[STATES] = {[STATE_LISTEN] = sockets};

	trend_add(trend, at_ns, counts);
}

static void the_change_is_that_since_the_last_count(void **state)
{
	struct trend trend = {0};

	(void)state;
	add(&trend, 0, 7);
	assert_int_equal(trend.change[STATE_LISTEN], 0);
	add(&trend, 1, 9);
	assert_int_equal(trend.change[STATE_LISTEN], 2);
	add(&trend, 2, UINT32_MAX);
	add(&trend, 3, 0);
	assert_true(trend.change[STATE_LISTEN] == -(int64_t)UINT32_MAX);
	assert_int_equal(trend.change[STATE_TIME_WAIT], 0);
}

static void a_step_keeps_its_largest_count(void **state)
{
	struct trend trend = {0};

	(void)state;
	for (uint32_t sockets = 0; sockets < 5; sockets++)
		add(&trend, 10 * TREND_STEP_NS + sockets, sockets == 2 ? 100 : sockets);
	assert_int_equal(trend.steps, 1);
	assert_int_equal(trend.largest[STATE_LISTEN][0], 100);
	add(&trend, 11 * TREND_STEP_NS, 3);
	assert_int_equal(trend.steps, 2);
	assert_int_equal(trend.largest[STATE_LISTEN][0], 100);
	assert_int_equal(trend.largest[STATE_LISTEN][1], 3);
}

static void a_step_without_a_count_is_as_the_last_count_was(void **state)
{
	struct trend trend = {0};

	(void)state;
	add(&trend, 0, 50);
	add(&trend, 1, 5);
	add(&trend, 3 * TREND_STEP_NS, 8);
	assert_int_equal(trend.steps, 4);
	assert_int_equal(trend.largest[STATE_LISTEN][0], 50);
	assert_int_equal(trend.largest[STATE_LISTEN][1], 5);
	assert_int_equal(trend.largest[STATE_LISTEN][2], 5);
	assert_int_equal(trend.largest[STATE_LISTEN][3], 8);
	add(&trend, 1000000 * TREND_STEP_NS, 9);
	assert_int_equal(trend.steps, TREND_STEPS);
	assert_int_equal(trend.largest[STATE_LISTEN][TREND_STEPS - 2], 8);
	assert_int_equal(trend.largest[STATE_LISTEN][TREND_STEPS - 1], 9);
}

/* The maximum of the counts in a step, or the last count before it. */
static uint32_t largest_in(const int64_t *at_ns, const uint32_t *sockets, size_t count,
			   int64_t step)
{
	uint32_t largest = 0, last = 0;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		int64_t of = at_ns[i] / TREND_STEP_NS;

		if (of < step)
			last = sockets[i];
		if (of != step)
			continue;
		largest = !any || sockets[i] > largest ? sockets[i] : largest;
		any = true;
	}
	return any ? largest : last;
}

static void the_last_minute_is_that_of_all_counts(void **state)
{
	struct trend trend = {0};
	int64_t at_ns[ADDED] = {unit_random(1000000)};
	uint32_t sockets[ADDED];

	(void)state;
	for (size_t added = 0; added < ADDED; added++) {
		if (added > 0)
			at_ns[added] = at_ns[added - 1] + (int64_t)unit_random(5000) * NS_PER_MS *
								  (added % 9 == 0 ? 3 : 1);
		sockets[added] = unit_random(100);
		add(&trend, at_ns[added], sockets[added]);
		for (size_t step = 0; step < trend.steps; step++) {
			int64_t number =
				at_ns[added] / TREND_STEP_NS - (int64_t)(trend.steps - 1 - step);

			assert_int_equal(trend.largest[STATE_LISTEN][step],
					 largest_in(at_ns, sockets, added + 1, number));
		}
	}
	assert_int_equal(trend.steps, TREND_STEPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_change_is_that_since_the_last_count),
		cmocka_unit_test(a_step_keeps_its_largest_count),
		cmocka_unit_test(a_step_without_a_count_is_as_the_last_count_was),
		cmocka_unit_test(the_last_minute_is_that_of_all_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
