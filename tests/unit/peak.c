/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peaks of random series compared with all their values, and of one that decreases for longer than
 * there are points.
 */
#include "model/peak.c"

#include "unit.h"

#define VALUES 60
#define SPAN_NS 20

static uint32_t largest(const uint32_t *values, int64_t first, int64_t last)
{
	uint32_t found = 0;

	for (int64_t i = first < 0 ? 0 : first; i <= last; i++)
		found = values[i] > found ? values[i] : found;
	return found;
}

static void peaks_are_those_of_the_window(void **state)
{
	(void)state;
	for (int time = 0; time < 2000; time++) {
		struct peak peak = {0};
		uint32_t values[VALUES];

		assert_int_equal(peak_since(&peak, 0), 0);
		for (int64_t i = 0; i < VALUES; i++) {
			values[i] = unit_random(50);
			assert_int_equal(peak_since(&peak, i - SPAN_NS),
					 largest(values, i - SPAN_NS, i - 1));
			assert_int_equal(peak_add(&peak, i, values[i], i - SPAN_NS),
					 largest(values, i - SPAN_NS, i));
		}
	}
}

/* At least the true maximum, and at most that of a slightly longer window. */
static void a_long_fall_keeps_its_maximum_somewhat_longer(void **state)
{
	const int64_t span_ns = 3000, slack_ns = span_ns / 4;
	struct peak peak = {0};

	(void)state;
	for (int64_t i = 0; i < 20000; i++) {
		uint32_t found = peak_add(&peak, i, (uint32_t)(20000 - i), i - span_ns);
		int64_t first = i < span_ns ? 0 : i - span_ns;

		assert_true(found >= 20000 - first);
		assert_true(found <= 20000 - first + slack_ns);
		assert_true(peak.count <= PEAK_POINTS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peaks_are_those_of_the_window),
		cmocka_unit_test(a_long_fall_keeps_its_maximum_somewhat_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
