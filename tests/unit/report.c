/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reference counting of reports: the last holder frees a report and its snapshot, once.
 */
#include "model/snapshot.h"

/* Counts freed snapshots; the rest of a report is freed with its snapshot. */
static unsigned int freed;

static void count_and_free(struct snapshot *snapshot)
{
	freed++;
	snapshot_free(snapshot);
}

#define snapshot_free count_and_free
#include "model/report.c"
#undef snapshot_free

#include "unit.h"

static struct snapshot *new_snapshot(int64_t taken_ns)
{
	struct snapshot *snapshot = snapshot_new();

	assert_non_null(snapshot);
	snapshot->taken_ns = taken_ns;
	freed = 0;
	return snapshot;
}

static void a_new_report_has_one_holder(void **state)
{
	struct snapshot *snapshot = new_snapshot(0);
	struct report *report = report_new(snapshot, UINT32_MAX);

	(void)state;
	assert_int_equal(report->holders, 1);
	assert_ptr_equal(report->snapshot, snapshot);
	assert_int_equal(report->number, UINT32_MAX);
	report_release(report);
	assert_int_equal(freed, 1);
}

static void a_report_lives_until_its_last_holder_lets_go(void **state)
{
	struct report *report = report_new(new_snapshot(7), 1);

	(void)state;
	assert_ptr_equal(report_hold(report), report);
	assert_ptr_equal(report_hold(report), report);
	assert_int_equal(report->holders, 3);
	report_release(report);
	report_release(report);
	assert_int_equal(freed, 0);
	assert_int_equal(report->snapshot->taken_ns, 7);
	report_release(report);
	assert_int_equal(freed, 1);
}

static void no_report_may_be_held_and_released(void **state)
{
	(void)state;
	freed = 0;
	assert_null(report_hold(NULL));
	report_release(NULL);
	assert_int_equal(freed, 0);
}

static void a_report_ages_from_the_beginning_of_its_refresh(void **state)
{
	struct report *report = report_new(new_snapshot(INT64_C(5000000000000)), 1);

	(void)state;
	assert_int_equal(report_age_ns(report, INT64_C(5000000000000)), 0);
	assert_int_equal(report_age_ns(report, INT64_C(5000000000001)), 1);
	assert_int_equal(report_age_ns(report, INT64_C(15000000000000)), INT64_C(10000000000000));
	report_release(report);
}

static void extremes_have_room_for_all_that_the_snapshot_has(void **state)
{
	struct snapshot *snapshot = new_snapshot(0);
	struct report *report;

	(void)state;
	snapshot->watches = calloc(WATCHES_MAX, sizeof(*snapshot->watches));
	snapshot->watches_count = WATCHES_MAX;
	report = report_new(snapshot, 1);
	for (size_t port = 0; port < WATCHES_MAX; port++)
		assert_int_equal(report->watches[port][FAMILIES - 1][STATES - 1].max, 0);
	assert_null(report->evaluation);
	report_release(report);
	assert_int_equal(freed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_report_has_one_holder),
		cmocka_unit_test(a_report_lives_until_its_last_holder_lets_go),
		cmocka_unit_test(no_report_may_be_held_and_released),
		cmocka_unit_test(a_report_ages_from_the_beginning_of_its_refresh),
		cmocka_unit_test(extremes_have_room_for_all_that_the_snapshot_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
