/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extremes of reports of random snapshots, compared with all previous snapshots.
 */
#include <stdbool.h>
#include <stdlib.h>

static bool out_of_memory;

static void *calloc_or_not(size_t count, size_t size)
{
	return out_of_memory ? NULL : calloc(count, size);
}

#define calloc calloc_or_not
#include "model/windows.c"
#undef calloc

#include "unit.h"

#include <stdio.h>
#include <string.h>

#define STEPS 40
#define KEYS 6
#define SPAN_NS 9

/* At each step, some of the watches exist. */
static struct {
	uint32_t sockets[FAMILIES][STATES];
	bool has_watch[KEYS];
	uint32_t watches[KEYS][FAMILIES][STATES];
} seen[STEPS];

/* In the order of their names. */
static void name_watch(struct watch_count *watch, size_t key)
{
	snprintf(watch->name, sizeof(watch->name), "%.*s%zu", (int)(key / 10), "aaaaaaaaaaaaaaaa",
		 key % 10);
	snprintf(watch->text, sizeof(watch->text), "port %zu", key);
	watch->known = true;
}

static void random_counts(uint32_t sockets[FAMILIES][STATES])
{
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		for (enum tcp_state state = 0; state < STATES; state++)
			sockets[family][state] = unit_random(100);
}

/* ---- creating reports ---- */

static void make_watches(size_t step, struct snapshot *snapshot)
{
	snapshot->watches = calloc(KEYS, sizeof(*snapshot->watches));
	for (size_t key = 0; key < KEYS; key++) {
		struct watch_count *watch = &snapshot->watches[snapshot->watches_count];

		seen[step].has_watch[key] = unit_random(5) != 0;
		random_counts(seen[step].watches[key]);
		if (!seen[step].has_watch[key])
			continue;
		name_watch(watch, key);
		memcpy(watch->sockets, seen[step].watches[key], sizeof(watch->sockets));
		snapshot->watches_count++;
	}
}

static struct report *make_report(size_t step)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->taken_ns = (int64_t)step;
	random_counts(seen[step].sockets);
	memcpy(snapshot->sockets, seen[step].sockets, sizeof(snapshot->sockets));
	make_watches(step, snapshot);
	return report_new(snapshot, 1);
}

/* ---- comparing them ---- */

static void widen(struct extremes *extremes, uint32_t value)
{
	extremes->min = value < extremes->min ? value : extremes->min;
	extremes->max = value > extremes->max ? value : extremes->max;
}

static void assert_extremes(const struct extremes *left, const struct extremes *right)
{
	assert_int_equal(left->min, right->min);
	assert_int_equal(left->max, right->max);
}

static size_t first_step(size_t step)
{
	return step < SPAN_NS ? 0 : step - SPAN_NS;
}

static void assert_sockets(size_t step, const struct report *report)
{
	for (enum tcp_state state = 0; state < STATES; state++) {
		struct extremes total = {UINT32_MAX, 0};

		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			struct extremes expected = {UINT32_MAX, 0};

			for (size_t past = first_step(step); past <= step; past++)
				widen(&expected, seen[past].sockets[family][state]);
			assert_extremes(&report->sockets[family][state], &expected);
		}
		for (size_t past = first_step(step); past <= step; past++)
			widen(&total, seen[past].sockets[FAMILY_IPV4][state] +
					      seen[past].sockets[FAMILY_IPV6][state]);
		assert_extremes(&report->totals[state], &total);
	}
}

static void assert_watch(size_t step, size_t key, const struct extremes found[FAMILIES][STATES])
{
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++) {
			struct extremes expected = {UINT32_MAX, 0};

			for (size_t past = step;; past--) {
				widen(&expected, seen[past].watches[key][family][state]);
				if (past == first_step(step) || !seen[past - 1].has_watch[key])
					break;
			}
			assert_extremes(&found[family][state], &expected);
		}
	}
}

static void each_report_has_the_extremes_of_its_rows(void **state)
{
	(void)state;
	for (int sequence = 0; sequence < 50; sequence++) {
		struct windows windows = {0};

		for (size_t step = 0; step < STEPS; step++) {
			struct report *report = make_report(step);
			size_t watch = 0;

			assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
			assert_int_equal(report->window_ns, SPAN_NS);
			assert_sockets(step, report);
			for (size_t key = 0; key < KEYS; key++) {
				if (seen[step].has_watch[key])
					assert_watch(step, key, report->watches[watch++]);
			}
			report_release(report);
		}
		windows_finalise(&windows);
		windows_finalise(&windows);
	}
}

static void all_watches_fit(void **state)
{
	struct snapshot *snapshot = snapshot_new();
	struct windows windows = {0};
	struct report *report;

	(void)state;
	snapshot->watches = calloc(WATCHES_MAX, sizeof(*snapshot->watches));
	snapshot->watches_count = WATCHES_MAX;
	for (uint32_t i = 0; i < WATCHES_MAX; i++) {
		name_watch(&snapshot->watches[i], i);
		snapshot->watches[i].sockets[FAMILY_IPV6][STATE_TIME_WAIT] = i;
	}
	report = report_new(snapshot, 1);
	assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
	for (uint32_t i = 0; i < WATCHES_MAX; i++)
		assert_int_equal(report->watches[i][FAMILY_IPV6][STATE_TIME_WAIT].max, i);
	report_release(report);
	windows_finalise(&windows);
}

/* A report of a snapshot with @p count watches, each with @p established sockets. */
static struct report *report_with_watches(size_t count, int64_t taken_ns, uint32_t established)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->taken_ns = taken_ns;
	snapshot->watches = calloc(count + 1, sizeof(*snapshot->watches));
	snapshot->watches_count = count;
	for (size_t i = 0; i < count; i++) {
		name_watch(&snapshot->watches[i], i);
		snapshot->watches[i].sockets[FAMILY_IPV4][STATE_ESTABLISHED] = established;
	}
	return report_new(snapshot, 1);
}

static void add_counts_of_watches(struct windows *windows, size_t count, int64_t taken_ns,
				  uint32_t established, int result)
{
	struct report *report = report_with_watches(count, taken_ns, established);

	assert_int_equal(windows_add(windows, report, SPAN_NS), result);
	report_release(report);
}

static void without_memory_watches_keep_their_windows(void **state)
{
	struct windows windows = {0};
	struct report *report;

	(void)state;
	add_counts_of_watches(&windows, 2, 0, 7, 0);
	out_of_memory = true;
	add_counts_of_watches(&windows, 3, 1, 5, -ENOMEM);
	out_of_memory = false;
	assert_int_equal(windows.watches_count, 2);
	report = report_with_watches(3, 2, 5);
	assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
	assert_int_equal(report->watches[1][FAMILY_IPV4][STATE_ESTABLISHED].max, 7);
	assert_int_equal(report->watches[2][FAMILY_IPV4][STATE_ESTABLISHED].max, 5);
	report_release(report);
	windows_finalise(&windows);
}

static void no_watches_need_no_memory(void **state)
{
	struct windows windows = {0};

	(void)state;
	out_of_memory = true;
	add_counts_of_watches(&windows, 0, 0, 0, 0);
	out_of_memory = false;
	assert_null(windows.watches);
	windows_finalise(&windows);
}

static void assert_established(const struct report *report, size_t i, uint32_t min, uint32_t max)
{
	const struct extremes *extremes = &report->watches[i][FAMILY_IPV4][STATE_ESTABLISHED];

	assert_int_equal(extremes->min, min);
	assert_int_equal(extremes->max, max);
}

static void a_watch_with_other_conditions_has_a_new_window(void **state)
{
	struct windows windows = {0};
	struct report *report;

	(void)state;
	add_counts_of_watches(&windows, 3, 0, 7, 0);
	report = report_with_watches(3, 1, 5);
	strcpy(report->snapshot->watches[1].text, "port 99");
	assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
	assert_established(report, 0, 5, 7);
	assert_established(report, 1, 5, 5);
	assert_established(report, 2, 5, 7);
	report_release(report);
	windows_finalise(&windows);
}

static void unknown_numbers_are_skipped(void **state)
{
	struct windows windows = {0};
	struct report *report;

	(void)state;
	add_counts_of_watches(&windows, 2, 0, 7, 0);
	report = report_with_watches(2, 1, 0);
	report->snapshot->watches[1].known = false;
	assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
	assert_established(report, 0, 0, 7);
	report_release(report);
	report = report_with_watches(2, 2, 9);
	assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
	assert_established(report, 0, 0, 9);
	assert_established(report, 1, 7, 9);
	report_release(report);
	windows_finalise(&windows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_report_has_the_extremes_of_its_rows),
		cmocka_unit_test(all_watches_fit),
		cmocka_unit_test(without_memory_watches_keep_their_windows),
		cmocka_unit_test(no_watches_need_no_memory),
		cmocka_unit_test(a_watch_with_other_conditions_has_a_new_window),
		cmocka_unit_test(unknown_numbers_are_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
