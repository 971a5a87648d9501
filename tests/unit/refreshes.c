/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What refreshes that succeed and fail, in any order, amount to.
 */
#include "model/refreshes.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Stand between the module and what it calls, for the one thing that they cannot be made to do. */
static bool no_report, no_history, no_judgement;

static struct report *report_new_or_not(struct snapshot *snapshot, uint32_t number)
{
	return no_report ? NULL : report_new(snapshot, number);
}

static int history_add_or_not(struct history *history, struct report *report, int64_t span_ns)
{
	return no_history ? -ENOMEM : history_add(history, report, span_ns);
}

static struct judgement *judgement_next_or_not(const struct judgement *before,
					       const struct snapshot *snapshot)
{
	return no_judgement ? NULL : judgement_next(before, snapshot);
}

#define report_new report_new_or_not
#define history_add history_add_or_not
#define judgement_next judgement_next_or_not
#include "model/refreshes.c"
#undef report_new
#undef history_add
#undef judgement_next

#include "clock.h"
#include "unit.h"

#define WINDOW_NS (10 * NS_PER_SECOND)

static struct refreshes refreshes;

static int initialise(void **state)
{
	struct thresholds *thresholds = thresholds_new();
	int error = refreshes_initialise(&refreshes, WINDOW_NS, thresholds);

	(void)state;
	no_report = no_history = no_judgement = false;
	thresholds_release(thresholds);
	return error;
}

static int finalise(void **state)
{
	(void)state;
	refreshes_finalise(&refreshes);
	refreshes_finalise(&refreshes);
	return refreshes.latest != NULL || refreshes.judgement != NULL;
}

static int succeed(int64_t interval_ns, struct snapshot **snapshot)
{
	struct refresh refresh = {.interval_ns = interval_ns};

	refresh.snapshot = snapshot_new();
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
	no_report = true;
	assert_int_equal(succeed(2, &snapshot), -ENOMEM);
	assert_string_equal(refreshes.last_error, "making a report: Cannot allocate memory");
	no_report = false;
	no_history = true;
	assert_int_equal(succeed(2, &snapshot), -ENOMEM);
	assert_string_equal(refreshes.last_error,
			    "keeping minima and maxima: Cannot allocate memory");
	no_history = false;
	no_judgement = true;
	assert_int_equal(succeed(2, &snapshot), -ENOMEM);
	assert_string_equal(refreshes.last_error, "judging the thresholds: Cannot allocate memory");
	assert_ptr_equal(refreshes.latest, report);
	assert_ptr_equal(refreshes.judgement, report->judgement);
	assert_int_equal(refreshes.failed, 3);
	no_judgement = false;
	assert_int_equal(succeed(2, &snapshot), 0);
	assert_int_equal(refreshes.latest->number, 2);
}

/* ---- what follows from several refreshes ---- */

static void add_established(int64_t second, uint32_t established)
{
	struct refresh refresh = {.snapshot = snapshot_new()};

	refresh.snapshot->taken_ns = second * NS_PER_SECOND;
	refresh.snapshot->sockets[FAMILY_IPV4][STATE_ESTABLISHED] = established;
	assert_int_equal(refreshes_add(&refreshes, &refresh), 0);
}

static void assert_extremes(uint32_t minimum, uint32_t maximum)
{
	const struct extremes *extremes =
		&refreshes.latest->sockets[FAMILY_IPV4][STATE_ESTABLISHED];

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
	refreshes.window_ns = 0;
	add_established(13, 6);
	assert_extremes(6, 6);
	assert_int_equal(refreshes.latest->window_ns, 0);
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

	assert_int_equal(refreshes_set_thresholds(&refreshes, thresholds), 0);
	thresholds_release(thresholds);
}

static void a_report_has_the_judgement_of_its_refresh(void **state)
{
	struct report *normal;

	(void)state;
	set_thresholds("busy state ipv4 established 10");
	add_established(1, 10);
	normal = report_hold(refreshes.latest);
	add_established(2, 11);
	assert_int_equal(normal->judgement->standing[0].status, THRESHOLD_NORMAL);
	assert_int_equal(refreshes.latest->judgement->standing[0].status, THRESHOLD_RAISED);
	assert_ptr_equal(refreshes.judgement, refreshes.latest->judgement);
	report_release(normal);

	set_thresholds("busy state ipv4 established 10");
	assert_int_equal(refreshes.judgement->standing[0].status, THRESHOLD_RAISED);
	assert_int_equal(refreshes.latest->judgement->holders, 1);
	set_thresholds("busy state ipv4 established 20");
	assert_int_equal(refreshes.judgement->standing[0].status, THRESHOLD_NORMAL);
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
		TEST(a_report_has_the_extremes_of_the_window),
		TEST(a_report_has_the_judgement_of_its_refresh),
		TEST(the_counters_wrap),
		TEST(a_long_error_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
