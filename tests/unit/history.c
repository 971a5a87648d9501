/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The history of refreshes that succeed and fail, in any order.
 */
#include "model/history.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Wrappers of the functions that the module calls, which fail on demand. */
static bool no_report, no_windows, no_evaluation;

static struct report *report_new_or_not(struct snapshot *snapshot, uint32_t number)
{
	return no_report ? NULL : report_new(snapshot, number);
}

static int windows_add_or_not(struct windows *windows, struct report *report, int64_t span_ns)
{
	return no_windows ? -ENOMEM : windows_add(windows, report, span_ns);
}

static struct evaluation *evaluation_next_or_not(const struct evaluation *before,
						 const struct snapshot *snapshot,
						 const struct rates *rates, int64_t real_ahead_ns)
{
	return no_evaluation ? NULL : evaluation_next(before, snapshot, rates, real_ahead_ns);
}

#define report_new report_new_or_not
#define windows_add windows_add_or_not
#define evaluation_next evaluation_next_or_not
#include "model/history.c"
#undef report_new
#undef windows_add
#undef evaluation_next

#include "clock.h"
#include "unit.h"

#define WINDOW_NS (10 * NS_PER_SECOND)

static struct history history;

static int initialise(void **state)
{
	struct thresholds *thresholds = thresholds_new();
	int error = history_initialise(&history, WINDOW_NS, thresholds);

	(void)state;
	no_report = no_windows = no_evaluation = false;
	thresholds_release(thresholds);
	return error;
}

static int finalise(void **state)
{
	(void)state;
	history_finalise(&history);
	history_finalise(&history);
	return history.latest != NULL || history.evaluation != NULL;
}

static int succeed(int64_t interval_ns, struct snapshot **snapshot)
{
	struct refresh refresh = {.interval_ns = interval_ns};

	refresh.snapshot = snapshot_new();
	assert_non_null(refresh.snapshot);
	*snapshot = refresh.snapshot;
	return history_add(&history, &refresh, 0);
}

static int fail_with(int error, const char *failed, int64_t interval_ns)
{
	const struct refresh refresh = {
		.error = error,
		.failed = failed,
		.interval_ns = interval_ns,
	};

	return history_add(&history, &refresh, 0);
}

static void everything_is_unknown_before_the_first(void **state)
{
	(void)state;
	assert_null(history.latest);
	assert_int_equal(history.failed, 0);
	assert_int_equal(history.interval_ns, 0);
	assert_string_equal(history.last_error, "");
}

static void each_success_takes_the_place_of_the_last(void **state)
{
	struct snapshot *snapshot;

	(void)state;
	for (uint32_t number = 1; number <= 3; number++) {
		assert_int_equal(succeed(number, &snapshot), 0);
		assert_ptr_equal(history.latest->snapshot, snapshot);
		assert_int_equal(history.latest->number, number);
		assert_int_equal(history.latest->holders, 1);
		assert_int_equal(history.interval_ns, number);
	}
	assert_int_equal(history.failed, 0);
	assert_string_equal(history.last_error, "");
}

static void a_report_that_is_held_outlives_its_successor(void **state)
{
	struct snapshot *first, *second;
	struct report *held;

	(void)state;
	assert_int_equal(succeed(1, &first), 0);
	held = report_hold(history.latest);
	assert_int_equal(succeed(1, &second), 0);
	assert_int_equal(held->holders, 1);
	assert_ptr_equal(held->snapshot, first);
	assert_ptr_equal(history.latest->snapshot, second);
	report_release(held);
}

static void a_failure_leaves_the_report(void **state)
{
	struct snapshot *snapshot;
	struct report *report;

	(void)state;
	assert_int_equal(fail_with(-EIO, "reading", 5), -EIO);
	assert_null(history.latest);
	assert_int_equal(history.failed, 1);
	assert_int_equal(history.interval_ns, 5);
	assert_string_equal(history.last_error, "reading: Input/output error");

	assert_int_equal(succeed(6, &snapshot), 0);
	report = history.latest;
	assert_int_equal(fail_with(-ENOENT, "counting", 7), -ENOENT);
	assert_ptr_equal(history.latest, report);
	assert_ptr_equal(report->snapshot, snapshot);
	assert_int_equal(report->number, 1);
	assert_int_equal(history.failed, 2);
	assert_int_equal(history.interval_ns, 7);
	assert_string_equal(history.last_error, "counting: No such file or directory");

	assert_int_equal(succeed(8, &snapshot), 0);
	assert_int_equal(history.latest->number, 2);
	assert_int_equal(history.failed, 2);
	assert_string_equal(history.last_error, "counting: No such file or directory");
}

static void a_lack_of_memory_is_a_failure(void **state)
{
	struct snapshot *snapshot;
	struct report *report;

	(void)state;
	assert_int_equal(succeed(1, &snapshot), 0);
	report = history.latest;
	no_report = true;
	assert_int_equal(succeed(2, &snapshot), -ENOMEM);
	assert_string_equal(history.last_error, "cannot create report: Cannot allocate memory");
	no_report = false;
	no_windows = true;
	assert_int_equal(succeed(2, &snapshot), -ENOMEM);
	assert_string_equal(history.last_error,
			    "cannot update minima and maxima: Cannot allocate memory");
	no_windows = false;
	no_evaluation = true;
	assert_int_equal(succeed(2, &snapshot), -ENOMEM);
	assert_string_equal(history.last_error,
			    "cannot evaluate thresholds: Cannot allocate memory");
	assert_ptr_equal(history.latest, report);
	assert_ptr_equal(history.evaluation, report->evaluation);
	assert_int_equal(history.failed, 3);
	no_evaluation = false;
	assert_int_equal(succeed(2, &snapshot), 0);
	assert_int_equal(history.latest->number, 2);
}

/* ---- several refreshes ---- */

static void add_established(int64_t second, uint32_t established)
{
	struct refresh refresh = {.snapshot = snapshot_new()};

	refresh.snapshot->taken_ns = second * NS_PER_SECOND;
	refresh.snapshot->sockets[FAMILY_IPV4][STATE_ESTABLISHED] = established;
	assert_int_equal(history_add(&history, &refresh, 0), 0);
}

static void assert_extremes(uint32_t minimum, uint32_t maximum)
{
	const struct extremes *extremes = &history.latest->sockets[FAMILY_IPV4][STATE_ESTABLISHED];

	assert_int_equal(extremes->min, minimum);
	assert_int_equal(extremes->max, maximum);
}

static void a_report_has_the_extremes_of_the_window(void **state)
{
	(void)state;
	add_established(1, 7);
	assert_extremes(7, 7);
	add_established(2, 3);
	assert_extremes(3, 7);
	assert_int_equal(fail_with(-EIO, "reading", 1), -EIO);
	add_established(11, 5);
	assert_extremes(3, 7);
	add_established(12, 5);
	assert_extremes(3, 5);
	history.window_ns = 0;
	add_established(13, 6);
	assert_extremes(6, 6);
	assert_int_equal(history.latest->window_ns, 0);
}

static struct thresholds *thresholds_of(const char *text)
{
	struct thresholds *thresholds = thresholds_new();
	struct threshold threshold;
	const char *problem;

	assert_int_equal(threshold_parse(text, &threshold, &problem), 0);
	assert_int_equal(thresholds_add(&thresholds, &threshold), 0);
	return thresholds;
}

static void set_thresholds(const char *text)
{
	struct thresholds *thresholds = thresholds_of(text);

	assert_int_equal(history_set_thresholds(&history, thresholds), 0);
	thresholds_release(thresholds);
}

static void a_report_has_the_evaluation_of_its_refresh(void **state)
{
	struct report *normal;

	(void)state;
	set_thresholds("busy state ipv4 established 10");
	add_established(1, 10);
	normal = report_hold(history.latest);
	add_established(2, 11);
	assert_int_equal(normal->evaluation->states[0].status, THRESHOLD_NORMAL);
	assert_int_equal(history.latest->evaluation->states[0].status, THRESHOLD_RAISED);
	assert_ptr_equal(history.evaluation, history.latest->evaluation);
	report_release(normal);

	set_thresholds("busy state ipv4 established 10");
	assert_int_equal(history.evaluation->states[0].status, THRESHOLD_RAISED);
	assert_int_equal(history.latest->evaluation->holders, 1);
	set_thresholds("busy state ipv4 established 20");
	assert_int_equal(history.evaluation->states[0].status, THRESHOLD_NORMAL);
}

static void the_counters_wrap(void **state)
{
	struct snapshot *snapshot;

	(void)state;
	assert_int_equal(succeed(1, &snapshot), 0);
	history.latest->number = UINT32_MAX;
	history.failed = UINT32_MAX;
	assert_int_equal(succeed(1, &snapshot), 0);
	assert_int_equal(history.latest->number, 0);
	assert_int_equal(fail_with(-EIO, "reading", 1), -EIO);
	assert_int_equal(history.failed, 0);
}

static void a_long_error_is_cut_off(void **state)
{
	char failed[2 * REFRESH_ERROR_SIZE];
	const char *volatile unknown_to_the_compiler = failed; /* which warns of the truncation */

	(void)state;
	memset(failed, 'x', sizeof(failed) - 1);
	failed[sizeof(failed) - 1] = '\0';
	assert_int_equal(fail_with(-EIO, unknown_to_the_compiler, 1), -EIO);
	assert_int_equal(strlen(history.last_error), REFRESH_ERROR_SIZE - 1);
	assert_memory_equal(history.last_error, failed, REFRESH_ERROR_SIZE - 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, initialise, finalise)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_is_unknown_before_the_first),
		TEST(each_success_takes_the_place_of_the_last),
		TEST(a_report_that_is_held_outlives_its_successor),
		TEST(a_failure_leaves_the_report),
		TEST(a_lack_of_memory_is_a_failure),
		TEST(a_report_has_the_extremes_of_the_window),
		TEST(a_report_has_the_evaluation_of_its_refresh),
		TEST(the_counters_wrap),
		TEST(a_long_error_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
