/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extremes of a sliding window, compared with those of a list of all points, and that the
 * window keeps only the points that it needs.
 */
#include <stdbool.h>
#include <stdlib.h>

static bool out_of_memory;

static void *malloc_or_not(size_t size)
{
	return out_of_memory ? NULL : malloc(size);
}

#define malloc malloc_or_not
#include "model/window.c"
#undef malloc

#include "unit.h"

#define SEQUENCES 5000
#define POINTS_MAX 200

/* ---- the list ---- */

struct point {
	int64_t at_ns;
	uint32_t value;
	bool forgotten; /* permanently, even if a later span covers it */
};

struct list {
	struct point points[POINTS_MAX];
	size_t length;
};

static struct extremes list_add(struct list *list, int64_t at_ns, uint32_t value, int64_t span_ns)
{
	struct extremes extremes = {value, value};

	list->points[list->length++] = (struct point){at_ns, value, false};
	for (size_t i = 0; i < list->length; i++) {
		struct point *point = &list->points[i];

		if (at_ns - point->at_ns > span_ns)
			point->forgotten = true;
		if (point->forgotten)
			continue;
		extremes.min = point->value < extremes.min ? point->value : extremes.min;
		extremes.max = point->value > extremes.max ? point->value : extremes.max;
	}
	return extremes;
}

static size_t remembered(const struct list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->length; i++)
		count += !list->points[i].forgotten;
	return count;
}

/* ---- random sequences ---- */

static uint32_t random_value(uint32_t sort)
{
	static const uint32_t special[] = {0, 1, UINT32_MAX - 1, UINT32_MAX};

	switch (sort) {
	case 0:
		return unit_random(3);
	case 1:
		return special[unit_random(ENTRIES(special))];
	default:
		return unit_random(UINT32_MAX);
	}
}

static void run_sequence(bool span_changes)
{
	struct list list = {.length = 0};
	struct window window = {0};
	size_t points = 1 + unit_random(POINTS_MAX);
	uint32_t sort = unit_random(3);
	uint32_t step_max = 1 + unit_random(20);
	int64_t span_ns = unit_random(100);
	int64_t at_ns = (int64_t)unit_random(1000) << 40;

	for (size_t point = 0; point < points; point++) {
		uint32_t value = random_value(sort);
		struct extremes expected, extremes;

		at_ns += unit_random(step_max);
		if (span_changes && unit_random(5) == 0)
			span_ns = unit_random(100);
		expected = list_add(&list, at_ns, value, span_ns);
		assert_int_equal(window_add(&window, at_ns, value, span_ns, &extremes), 0);
		assert_int_equal(extremes.min, expected.min);
		assert_int_equal(extremes.max, expected.max);
		assert_between(window.minima.length, 1, remembered(&list));
		assert_between(window.maxima.length, 1, remembered(&list));
	}
	window_finalise(&window);
}

static void the_extremes_are_those_of_the_list(void **state)
{
	(void)state;
	for (int sequence = 0; sequence < SEQUENCES; sequence++)
		run_sequence(false);
}

static void spans_may_grow_and_shrink(void **state)
{
	(void)state;
	for (int sequence = 0; sequence < SEQUENCES; sequence++)
		run_sequence(true);
}

/* ---- single cases ---- */

static void a_spike_is_seen_for_exactly_the_span(void **state)
{
	static const int64_t span_ns = 300;

	(void)state;
	for (int64_t step_ns = 1; step_ns <= span_ns + 1; step_ns++) {
		struct window up = {0}, down = {0};

		for (int64_t at_ns = 0; at_ns <= 3 * span_ns; at_ns += step_ns) {
			struct extremes high, low;

			window_add(&up, at_ns, at_ns == 0 ? 9 : 5, span_ns, &high);
			window_add(&down, at_ns, at_ns == 0 ? 1 : 5, span_ns, &low);
			assert_int_equal(high.max, at_ns <= span_ns ? 9 : 5);
			assert_int_equal(high.min, at_ns == 0 ? 9 : 5);
			assert_int_equal(low.min, at_ns <= span_ns ? 1 : 5);
			assert_int_equal(low.max, at_ns == 0 ? 1 : 5);
		}
		window_finalise(&up);
		window_finalise(&down);
	}
}

static uint32_t constant(uint32_t point)
{
	(void)point;
	return 7;
}

static uint32_t rising(uint32_t point)
{
	return point;
}

static uint32_t falling(uint32_t point)
{
	return UINT32_MAX - point;
}

static uint32_t sawtooth(uint32_t point)
{
	return point % 97;
}

/* A full ring buffer doubles: one of 301 points has at most 512. */
static void memory_is_bounded(void **state)
{
	static const struct {
		uint32_t (*series)(uint32_t point);
		size_t capacity;
	} cases[] = {{constant, INITIAL_CAPACITY}, {rising, 512}, {falling, 512}, {sawtooth, 512}};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct window window = {0};
		struct extremes extremes;

		for (uint32_t point = 0; point < 100000; point++)
			window_add(&window, point, cases[i].series(point), 300, &extremes);
		assert_true(window.minima.capacity <= cases[i].capacity);
		assert_true(window.maxima.capacity <= cases[i].capacity);
		window_finalise(&window);
	}
}

static void without_memory_the_window_stays_as_it_was(void **state)
{
	struct window window = {0};
	struct extremes extremes;

	(void)state;
	out_of_memory = true;
	assert_int_equal(window_add(&window, 1, 1, 100, &extremes), -ENOMEM);
	out_of_memory = false;
	for (uint32_t point = 0; point < INITIAL_CAPACITY; point++)
		assert_int_equal(window_add(&window, point, 10 + point, 100, &extremes), 0);
	out_of_memory = true;
	assert_int_equal(window_add(&window, 50, 1, 100, &extremes), -ENOMEM);
	out_of_memory = false;
	assert_int_equal(window_add(&window, 50, 12, 100, &extremes), 0);
	assert_int_equal(extremes.min, 10);
	assert_int_equal(extremes.max, 13);
	window_finalise(&window);
}

static void a_finalised_window_is_empty(void **state)
{
	struct window window = {0};
	struct extremes extremes;

	(void)state;
	assert_int_equal(window_add(&window, 1, 1, 100, &extremes), 0);
	window_finalise(&window);
	window_finalise(&window);
	assert_int_equal(window_add(&window, 2, 5, 100, &extremes), 0);
	assert_int_equal(extremes.min, 5);
	window_finalise(&window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_extremes_are_those_of_the_list),
		cmocka_unit_test(spans_may_grow_and_shrink),
		cmocka_unit_test(a_spike_is_seen_for_exactly_the_span),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(without_memory_the_window_stays_as_it_was),
		cmocka_unit_test(a_finalised_window_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
