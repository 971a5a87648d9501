/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growth per second with a simulated clock: exact periods, gaps, counters that go back, wrap,
 * disappear and return, and a limited number of samples.
 */
#include "model/rate.c"

#include "unit.h"

#define COUNTER HOST_SYNCOOKIES_SENT
#define SECOND NS_PER_SECOND

static struct rates rates;
static int64_t now_ns;

static int initialise(void **state)
{
	(void)state;
	rates = (struct rates){0};
	now_ns = 1000 * SECOND;
	return 0;
}

static void add_at(int64_t ns, uint64_t value)
{
	struct snapshot snapshot = {.taken_ns = now_ns = ns};

	host_set(&snapshot.host, COUNTER, value);
	rates_add(&rates, &snapshot);
}

static void add(int64_t interval_ns, uint64_t value)
{
	add_at(now_ns + interval_ns, value);
}

static void add_unknown(int64_t interval_ns)
{
	const struct snapshot snapshot = {.taken_ns = now_ns += interval_ns};

	rates_add(&rates, &snapshot);
}

static void assert_rate(uint32_t seconds, uint32_t expected)
{
	uint32_t rate = ~expected;

	assert_true(rates_get(&rates, COUNTER, seconds, &rate));
	assert_int_equal(rate, expected);
}

static void assert_absent(uint32_t seconds)
{
	uint32_t rate;

	assert_false(rates_get(&rates, COUNTER, seconds, &rate));
}

static void the_first_refresh_has_no_rate(void **state)
{
	(void)state;
	assert_absent(60);
	add(5 * SECOND, 1000000);
	assert_absent(60);
	add(5 * SECOND, 1000000);
	assert_rate(60, 0);
}

static void a_rate_is_rounded_up(void **state)
{
	(void)state;
	add(0, 100);
	add(5 * SECOND, 101);
	assert_rate(60, 1);
	add(5 * SECOND, 110);
	assert_rate(60, 1);
	add(5 * SECOND, 115);
	assert_rate(60, 1);
	add(5 * SECOND, 121);
	assert_rate(60, 2);
	assert_rate(5, 2);
	assert_rate(10, 2);
}

static void growth_of_one_is_never_zero(void **state)
{
	(void)state;
	add(0, 0);
	add(3600 * SECOND, 1);
	assert_rate(3600, 1);
	assert_rate(1, 1);
}

/* Refreshes every 5 s, and 10 a second from the 20th second to the 40th. */
static void it_averages_over_the_seconds_it_is_given(void **state)
{
	(void)state;
	for (int64_t second = 0; second <= 100; second += 5) {
		int64_t grown = second < 20 ? 0 : second > 40 ? 200 : (second - 20) * 10;

		add_at(second * SECOND, 7 + (uint64_t)grown);
		if (second == 40) {
			assert_rate(5, 10);
			assert_rate(20, 10);
			assert_rate(40, 5);
			assert_rate(60, 5); /* since the start */
		}
	}
	assert_rate(5, 0);
	assert_rate(60, 0);
	assert_rate(65, 1); /* 50 in 65 s */
	assert_rate(80, 3); /* 200 in 80 s: 2.5 */
}

static void a_time_below_the_interval_is_the_last_interval(void **state)
{
	(void)state;
	add(0, 0);
	add(30 * SECOND, 3000);
	add(30 * SECOND, 3300);
	assert_rate(1, 10);
	assert_rate(30, 10);
	assert_rate(60, 55);
}

/* Failed refreshes, a stretched interval and a suspend leave a gap; the distance is the real one.
 */
static void a_gap_counts_with_its_length(void **state)
{
	(void)state;
	add(5 * SECOND, 0);
	add(5 * SECOND, 0);
	add(8 * 3600 * SECOND, 28800 * 3);
	assert_rate(60, 3);
	add(5 * SECOND, 28800 * 3 + 5000);
	assert_rate(60, 1000);
	add(5 * SECOND, 28800 * 3 + 5000);
	assert_rate(60, 500);
}

static void a_counter_that_decreases_has_no_rate_for_that_period(void **state)
{
	(void)state;
	add(0, 1000);
	add(5 * SECOND, 1100);
	add(5 * SECOND, 40);
	assert_absent(5);
	assert_absent(60);
	add(5 * SECOND, 90);
	assert_rate(5, 10);
	assert_absent(10);
	assert_absent(60);
	for (int i = 0; i < 10; i++)
		add(5 * SECOND, 90);
	assert_absent(60);
	add(5 * SECOND, 90);
	assert_rate(60, 1);
	add(5 * SECOND, 90);
	assert_rate(60, 0);
}

static void a_wrap_at_32_bits_is_growth(void **state)
{
	(void)state;
	add(0, UINT32_MAX - 9);
	add(10 * SECOND, 90);
	assert_rate(60, 10);
	add(10 * SECOND, 290);
	assert_rate(60, 15);
	assert_rate(10, 20);
}

static void a_decrease_is_not_a_wrap(void **state)
{
	static const uint64_t pairs[][2] = {
		{1, 0},
		{1000, 0},
		{UINT32_MAX, UINT32_MAX - 1},
		{UINT32_C(3) << 30, 0},
		{UINT64_C(1) << 32, 0},
		{UINT64_MAX, 0},
		{UINT64_MAX, UINT64_MAX - 1},
	};

	for (size_t i = 0; i < ENTRIES(pairs); i++) {
		initialise(state);
		add(SECOND, pairs[i][0]);
		add(SECOND, pairs[i][1]);
		assert_absent(60);
	}
}

static void a_counter_that_vanishes_has_no_rate_until_it_returns(void **state)
{
	(void)state;
	add(0, 100);
	add(5 * SECOND, 100);
	add_unknown(5 * SECOND);
	assert_absent(60);
	add_unknown(5 * SECOND);
	assert_absent(60);
	add(5 * SECOND, 300);
	assert_rate(60, 10);
	assert_rate(5, 14); /* 200 in the 15 s since it exists */
	add_unknown(5 * SECOND);
	add(5 * SECOND, 7); /* returned, and less than before */
	assert_absent(60);
	add(5 * SECOND, 7);
	assert_rate(5, 0);
}

static void counters_do_not_mix(void **state)
{
	struct snapshot snapshot = {0};
	uint32_t rate;

	(void)state;
	for (int second = 0; second <= 10; second += 10) {
		snapshot.taken_ns = second * SECOND;
		for (size_t i = 0; i < RATE_OBJECTS; i++)
			host_set(&snapshot.host, RATE_FIRST + (enum host_object)i,
				 i * (uint64_t)second);
		rates_add(&rates, &snapshot);
	}
	for (size_t i = 0; i < RATE_OBJECTS; i++) {
		assert_true(rates_get(&rates, RATE_FIRST + (enum host_object)i, 60, &rate));
		assert_int_equal(rate, i);
	}
}

static void a_rate_is_no_larger_than_a_gauge(void **state)
{
	(void)state;
	add(0, 0);
	add(SECOND, UINT64_C(1) << 40);
	assert_rate(60, UINT32_MAX);
	add(SECOND, UINT64_MAX);
	assert_rate(60, UINT32_MAX);
}

/* At any interval, steady growth is exact over any period, with few samples. */
static void samples_are_bounded(void **state)
{
	static const int64_t intervals_ns[] = {
		NS_PER_MS, 20 * NS_PER_MS, 100 * NS_PER_MS, SECOND, 5 * SECOND, 3600 * SECOND,
	};
	static const uint32_t seconds[] = {1, 10, 60, 600, RATE_SECONDS_MAX};

	for (size_t i = 0; i < ENTRIES(intervals_ns); i++) {
		uint64_t refreshes = 20000;

		initialise(state);
		for (uint64_t refresh = 0; refresh < refreshes; refresh++) {
			add(intervals_ns[i], refresh * (uint64_t)(intervals_ns[i] / NS_PER_MS));
			assert_true(rates.count < RATE_SAMPLES);
		}
		for (size_t span = 0; span < ENTRIES(seconds); span++)
			assert_rate(seconds[span], 1000);
	}
}

/* The period is within a sixteenth of the requested one, once the history is that long. */
static void thinning_keeps_the_distance(void **state)
{
	static const int64_t seconds[] = {1, 10, 60, 300, 1000, RATE_SECONDS_MAX};

	(void)state;
	for (int refresh = 0; refresh < 2 * 36000; refresh++)
		add(100 * NS_PER_MS, 0);
	for (size_t i = 0; i < ENTRIES(seconds); i++) {
		const struct rate_sample *newest = &rates.samples[rates.count - 1];
		const struct rate_sample *base =
			find_base(&rates, COUNTER - RATE_FIRST, newest, seconds[i] * SECOND);
		int64_t error_ns = newest->taken_ns - base->taken_ns - seconds[i] * SECOND;

		assert_true(error_ns <= seconds[i] * SECOND / RESOLUTION);
		assert_true(-error_ns <= seconds[i] * SECOND / RESOLUTION);
	}
	/* With default settings nothing is thinned out within a minute. */
	initialise(state);
	for (int refresh = 0; refresh < 1000; refresh++)
		add(5 * SECOND, 0);
	for (size_t i = 1; i <= 12; i++)
		assert_true(rates.samples[rates.count - 1 - i].taken_ns ==
			    now_ns - (int64_t)i * 5 * SECOND);
}

/* How often the rate rises above 0 because of a burst between two refreshes, number @p burst. */
static unsigned int rises(uint32_t seconds, int64_t interval_ns, int burst)
{
	int64_t end_ns = INT64_MAX;
	unsigned int number = 0;
	uint32_t rate = 0, last_rate = 0;

	add(0, 0);
	for (int refresh = 1; now_ns < end_ns; refresh++) {
		/* refreshes are late at times */
		add(interval_ns * (1 + refresh * 7919 % 13 / 10), refresh < burst ? 0 : 1000000);
		if (refresh == burst)
			end_ns = now_ns + 3 * (seconds * SECOND + interval_ns);
		assert_true(rates_get(&rates, COUNTER, seconds, &rate));
		number += last_rate == 0 && rate > 0;
		last_rate = rate;
	}
	assert_int_equal(rate, 0);
	return number;
}

/* What is over may not become part of the period again: a threshold would be raised twice. */
static void a_burst_leaves_the_period_once(void **state)
{
	static const int64_t intervals_ns[] = {100 * NS_PER_MS, 500 * NS_PER_MS, 5 * SECOND};

	(void)state;
	for (size_t i = 0; i < ENTRIES(intervals_ns); i++) {
		for (uint32_t seconds = 1; seconds <= 64; seconds++) {
			for (int burst = 1; burst < 64; burst++) {
				initialise(state);
				assert_int_equal(rises(seconds, intervals_ns[i], burst), 1);
			}
		}
	}
}

#define TEST(name) cmocka_unit_test_setup(name, initialise)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_refresh_has_no_rate),
		TEST(a_rate_is_rounded_up),
		TEST(growth_of_one_is_never_zero),
		TEST(it_averages_over_the_seconds_it_is_given),
		TEST(a_time_below_the_interval_is_the_last_interval),
		TEST(a_gap_counts_with_its_length),
		TEST(a_counter_that_decreases_has_no_rate_for_that_period),
		TEST(a_wrap_at_32_bits_is_growth),
		TEST(a_decrease_is_not_a_wrap),
		TEST(a_counter_that_vanishes_has_no_rate_until_it_returns),
		TEST(counters_do_not_mix),
		TEST(a_rate_is_no_larger_than_a_gauge),
		TEST(samples_are_bounded),
		TEST(thinning_keeps_the_distance),
		TEST(a_burst_leaves_the_period_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
