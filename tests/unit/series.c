/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows that come and go: which keep their windows, against a list of what each row has seen since
 * it came.
 */
#include <stdbool.h>
#include <stdlib.h>

static unsigned int allocations_left = -1U;

static bool may_allocate(void)
{
	if (allocations_left == 0)
		return false;
	allocations_left--;
	return true;
}

static void *malloc_or_not(size_t size)
{
	return may_allocate() ? malloc(size) : NULL;
}

static void *calloc_or_not(size_t count, size_t size)
{
	return may_allocate() ? calloc(count, size) : NULL;
}

#define malloc malloc_or_not
#define calloc calloc_or_not
#include "model/series.c"
#undef malloc
#undef calloc

#include "unit.h"

#define KEYS 12
#define WIDTH 3
#define STEPS 60
#define SPAN_NS 20

/* ---- the list: of each key, what was seen at each step, as far as it was there ---- */

static struct {
	bool present;
	uint32_t values[WIDTH];
} seen[STEPS][KEYS];

static uint32_t extreme(size_t step, size_t key, size_t window, bool maximum)
{
	uint32_t result = seen[step][key].values[window];
	size_t first = step;

	while (first > 0 && seen[first - 1][key].present && step - (first - 1) <= SPAN_NS)
		first--;
	for (; first < step; first++) {
		uint32_t value = seen[first][key].values[window];

		if (maximum ? value > result : value < result)
			result = value;
	}
	return result;
}

/* Keys differ in one thing or another, and are in order. */
static struct endpoint key_of(size_t key)
{
	struct endpoint endpoint = {.family = key < KEYS / 2 ? FAMILY_IPV4 : FAMILY_IPV6};

	endpoint.address[3] = (uint8_t)(key % (KEYS / 2) / 2);
	endpoint.port = (uint16_t)(key % 2);
	return endpoint;
}

static size_t choose_keys(size_t step, struct endpoint keys[KEYS], size_t numbers[KEYS])
{
	uint32_t likely = unit_random(4);
	size_t rows = 0;

	for (size_t key = 0; key < KEYS; key++) {
		seen[step][key].present = unit_random(4) <= likely;
		if (!seen[step][key].present)
			continue;
		numbers[rows] = key;
		keys[rows++] = key_of(key);
	}
	return rows;
}

static void run_sequence(void)
{
	struct series series;

	series_initialise(&series, WIDTH);
	for (size_t step = 0; step < STEPS; step++) {
		struct endpoint keys[KEYS];
		size_t numbers[KEYS];
		size_t rows = choose_keys(step, keys, numbers);

		assert_int_equal(series_follow(&series, keys, rows), 0);
		assert_int_equal(series.rows, rows);
		for (size_t row = 0; row < rows; row++) {
			uint32_t *values = seen[step][numbers[row]].values;
			struct extremes extremes[WIDTH];

			for (size_t window = 0; window < WIDTH; window++)
				values[window] = unit_random(1000);
			assert_int_equal(
				series_add(&series, row, (int64_t)step, SPAN_NS, values, extremes),
				0);
			for (size_t window = 0; window < WIDTH; window++) {
				assert_int_equal(extremes[window].min,
						 extreme(step, numbers[row], window, false));
				assert_int_equal(extremes[window].max,
						 extreme(step, numbers[row], window, true));
			}
		}
	}
	series_finalise(&series);
	series_finalise(&series);
}

static void rows_keep_their_windows_as_long_as_they_are_there(void **state)
{
	(void)state;
	for (int sequence = 0; sequence < 1000; sequence++)
		run_sequence();
}

static void add(struct series *series, size_t row, int64_t at_ns, uint32_t value, uint32_t maximum)
{
	struct extremes extremes;

	assert_int_equal(series_add(series, row, at_ns, SPAN_NS, &value, &extremes), 0);
	assert_int_equal(extremes.max, maximum);
}

static void without_memory_the_rows_stay_as_they_were(void **state)
{
	const struct endpoint keys[] = {key_of(0), key_of(1), key_of(2)};
	struct series series;

	(void)state;
	series_initialise(&series, 1);
	assert_int_equal(series_follow(&series, keys, 2), 0);
	add(&series, 0, 0, 7, 7);
	add(&series, 1, 0, 8, 8);
	for (unsigned int left = 0; left < 2; left++) {
		allocations_left = left;
		assert_int_equal(series_follow(&series, keys, 3), -ENOMEM);
		allocations_left = -1U;
		assert_int_equal(series.rows, 2);
		add(&series, 0, 1, 5, 7);
		add(&series, 1, 1, 5, 8);
	}
	assert_int_equal(series_follow(&series, keys, 3), 0);
	add(&series, 1, 2, 5, 8);
	add(&series, 2, 2, 5, 5);
	series_finalise(&series);
}

static void a_series_without_rows_needs_no_memory(void **state)
{
	struct series series;

	(void)state;
	series_initialise(&series, WIDTH);
	allocations_left = 0;
	assert_int_equal(series_follow(&series, NULL, 0), 0);
	allocations_left = -1U;
	assert_int_equal(series.rows, 0);
	series_finalise(&series);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_keep_their_windows_as_long_as_they_are_there),
		cmocka_unit_test(without_memory_the_rows_stay_as_they_were),
		cmocka_unit_test(a_series_without_rows_needs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
