/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What refreshes that succeed and fail, in any order, amount to.
 */
#include "model/refreshes.h"

#include <stdbool.h>
#include <stddef.h>

/* Stands between the module and report_new() for the one thing that it cannot be made to do. */
static bool out_of_memory;

static struct report *report_new_or_not(struct snapshot *snapshot, uint32_t number)
{
	return out_of_memory ? NULL : report_new(snapshot, number);
}

#define report_new report_new_or_not
#include "model/refreshes.c"
#undef report_new

#include "unit.h"

static struct refreshes refreshes;

static int initialise(void **state)
{
	(void)state;
	out_of_memory = false;
	refreshes_initialise(&refreshes);
	return 0;
}

static int finalise(void **state)
{
	(void)state;
	refreshes_finalise(&refreshes);
	refreshes_finalise(&refreshes);
	return refreshes.latest != NULL;
}

static int succeed(int64_t interval_ns, struct snapshot **snapshot)
{
	struct refresh refresh = {.interval_ns = interval_ns};

	refresh.snapshot = calloc(1, sizeof(*refresh.snapshot));
	assert_non_null(refresh.snapshot);
	*snapshot = refresh.snapshot;
	return refreshes_add(&refreshes, &refresh);
}

static int fail_with(int error, const char *failed, int64_t interval_ns)
{
	const struct refresh refresh = {
		.error = error,
		.failed = failed,
		.interval_ns = interval_ns,
	};

	return refreshes_add(&refreshes, &refresh);
}

static void nothing_is_known_before_the_first(void **state)
{
	(void)state;
	assert_null(refreshes.latest);
	assert_int_equal(refreshes.failed, 0);
	assert_int_equal(refreshes.interval_ns, 0);
	assert_string_equal(refreshes.last_error, "");
}

static void each_success_takes_the_place_of_the_last(void **state)
{
	struct snapshot *snapshot;

	(void)state;
	for (uint32_t number = 1; number <= 3; number++) {
		assert_int_equal(succeed(number, &snapshot), 0);
		assert_ptr_equal(refreshes.latest->snapshot, snapshot);
		assert_int_equal(refreshes.latest->number, number);
		assert_int_equal(refreshes.latest->holders, 1);
		assert_int_equal(refreshes.interval_ns, number);
	}
	assert_int_equal(refreshes.failed, 0);
	assert_string_equal(refreshes.last_error, "");
}

static void a_report_that_is_held_outlives_its_successor(void **state)
{
	struct snapshot *first, *second;
	struct report *held;

	(void)state;
	assert_int_equal(succeed(1, &first), 0);
	held = report_hold(refreshes.latest);
	assert_int_equal(succeed(1, &second), 0);
	assert_int_equal(held->holders, 1);
	assert_ptr_equal(held->snapshot, first);
	assert_ptr_equal(refreshes.latest->snapshot, second);
	report_release(held);
}

static void a_failure_leaves_the_report(void **state)
{
	struct snapshot *snapshot;
	struct report *report;

	(void)state;
	assert_int_equal(fail_with(-EIO, "reading", 5), -EIO);
	assert_null(refreshes.latest);
	assert_int_equal(refreshes.failed, 1);
	assert_int_equal(refreshes.interval_ns, 5);
	assert_string_equal(refreshes.last_error, "reading: Input/output error");

	assert_int_equal(succeed(6, &snapshot), 0);
	report = refreshes.latest;
	assert_int_equal(fail_with(-ENOENT, "counting", 7), -ENOENT);
	assert_ptr_equal(refreshes.latest, report);
	assert_ptr_equal(report->snapshot, snapshot);
	assert_int_equal(report->number, 1);
	assert_int_equal(refreshes.failed, 2);
	assert_int_equal(refreshes.interval_ns, 7);
	assert_string_equal(refreshes.last_error, "counting: No such file or directory");

	assert_int_equal(succeed(8, &snapshot), 0);
	assert_int_equal(refreshes.latest->number, 2);
	assert_int_equal(refreshes.failed, 2);
	assert_string_equal(refreshes.last_error, "counting: No such file or directory");
}

static void a_lack_of_memory_is_a_failure(void **state)
{
	struct snapshot *snapshot;
	struct report *report;

	(void)state;
	assert_int_equal(succeed(1, &snapshot), 0);
	report = refreshes.latest;
	out_of_memory = true;
	assert_int_equal(succeed(2, &snapshot), -ENOMEM);
	assert_ptr_equal(refreshes.latest, report);
	assert_int_equal(refreshes.failed, 1);
	assert_string_equal(refreshes.last_error, "making a report: Cannot allocate memory");
}

static void the_counters_wrap(void **state)
{
	struct snapshot *snapshot;

	(void)state;
	assert_int_equal(succeed(1, &snapshot), 0);
	refreshes.latest->number = UINT32_MAX;
	refreshes.failed = UINT32_MAX;
	assert_int_equal(succeed(1, &snapshot), 0);
	assert_int_equal(refreshes.latest->number, 0);
	assert_int_equal(fail_with(-EIO, "reading", 1), -EIO);
	assert_int_equal(refreshes.failed, 0);
}

static void a_long_error_is_cut_off(void **state)
{
	char failed[2 * REFRESH_ERROR_SIZE];
	const char *volatile unknown_to_the_compiler = failed; /* which warns of the cut */

	(void)state;
	memset(failed, 'x', sizeof(failed) - 1);
	failed[sizeof(failed) - 1] = '\0';
	assert_int_equal(fail_with(-EIO, unknown_to_the_compiler, 1), -EIO);
	assert_int_equal(strlen(refreshes.last_error), REFRESH_ERROR_SIZE - 1);
	assert_memory_equal(refreshes.last_error, failed, REFRESH_ERROR_SIZE - 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, initialise, finalise)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_known_before_the_first),
		TEST(each_success_takes_the_place_of_the_last),
		TEST(a_report_that_is_held_outlives_its_successor),
		TEST(a_failure_leaves_the_report),
		TEST(a_lack_of_memory_is_a_failure),
		TEST(the_counters_wrap),
		TEST(a_long_error_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
