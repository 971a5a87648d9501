/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The status of thresholds after random sequences of values, compared with a model that evaluates
 * all past values each time.
 */
#include "model/evaluation.c"

#include "unit.h"

#include <stdio.h>

#define SEQUENCES 10000
#define STEPS_MAX 60
#define VALUES 12
#define UNBOUNDED (-1)
#define REAL_AHEAD_NS 1000000

/* Host metrics are percentages, and absent if unknown. */
static const enum host_object watched[] = {HOST_MEMORY, HOST_ORPHANS, HOST_TIME_WAITS};
static const char *const metrics[] = {"host tcpHostMemory", "host tcpHostOrphans",
				      "host tcpHostTimeWaits"};

static struct rates rates;

/* ---- creating evaluations ---- */

static struct thresholds *thresholds_of(const char *const texts[], size_t count)
{
	struct thresholds *thresholds = thresholds_new();

	for (size_t i = 0; i < count; i++) {
		struct threshold threshold;
		const char *problem;

		assert_int_equal(threshold_parse(texts[i], &threshold, &problem), 0);
		assert_int_equal(thresholds_add(&thresholds, &threshold), 0);
	}
	return thresholds;
}

static struct evaluation *begin(const char *const texts[], size_t count)
{
	struct thresholds *thresholds = thresholds_of(texts, count);
	struct evaluation *evaluation = evaluation_begin(thresholds, NULL);

	thresholds_release(thresholds);
	return evaluation;
}

/* Replaces the previous evaluation. */
static void next(struct evaluation **evaluation, const struct snapshot *snapshot)
{
	struct evaluation *before = *evaluation;

	rates_add(&rates, snapshot);
	*evaluation = evaluation_next(before, snapshot, &rates, REAL_AHEAD_NS);
	assert_non_null(*evaluation);
	evaluation_release(before);
}

static void set_percentage(struct snapshot *snapshot, enum host_object object, uint32_t value)
{
	host_set(&snapshot->host, object, value);
	host_set(&snapshot->host, object + 1, 100);
}

static void next_memory(struct evaluation **evaluation, int64_t taken_ns, uint32_t value)
{
	struct snapshot snapshot = {.taken_ns = taken_ns};

	set_percentage(&snapshot, HOST_MEMORY, value);
	next(evaluation, &snapshot);
}

static void next_absent(struct evaluation **evaluation, int64_t taken_ns)
{
	const struct snapshot snapshot = {.taken_ns = taken_ns};

	next(evaluation, &snapshot);
}

/* ---- the model ---- */

struct interval {
	int low, high;
	bool inverted;
};

struct point {
	bool present;
	uint32_t value;
};

struct model {
	struct interval fine, clear;
	size_t hold;
	struct point past[STEPS_MAX];
	size_t length;
	size_t changed_at; /* number of values when the status changed */
	bool raised;
	uint32_t raises;
	int64_t since_ns;
	uint32_t last_value;
};

static bool is_within(const struct interval *interval, uint32_t value)
{
	bool between = true;

	if (interval->low != UNBOUNDED && (int)value < interval->low)
		between = false;
	if (interval->high != UNBOUNDED && (int)value > interval->high)
		between = false;
	return interval->inverted ? !between : between;
}

/* The status changes if all of the last "hold" refreshes since the last change suggest it. */
static void model_add(struct model *model, struct point point, int64_t taken_ns)
{
	model->past[model->length++] = point;
	if (point.present)
		model->last_value = point.value;
	if (model->length - model->changed_at < model->hold)
		return;
	for (size_t back = 1; back <= model->hold; back++) {
		const struct point *one = &model->past[model->length - back];

		if (!one->present)
			return;
		if (model->raised ? !is_within(&model->clear, one->value)
				  : is_within(&model->fine, one->value))
			return;
	}
	model->raised = !model->raised;
	model->raises += model->raised;
	model->changed_at = model->length;
	model->since_ns = taken_ns;
}

static void assert_agree(const struct threshold_state *found, const struct model *model)
{
	const struct point *last = &model->past[model->length - 1];

	assert_int_equal(found->status, model->raised ? THRESHOLD_RAISED : THRESHOLD_NORMAL);
	assert_int_equal(found->raises, model->raises);
	assert_int_equal(found->since_ns, model->since_ns);
	assert_int_equal(found->since_real_ns,
			 model->since_ns == 0 ? 0 : model->since_ns + REAL_AHEAD_NS);
	assert_int_equal(found->has_value, last->present);
	assert_int_equal(found->value, model->last_value);
}

/* ---- random rules ---- */

static struct interval random_interval(void)
{
	struct interval interval = {
		.low = (int)unit_random(VALUES + 1) - 1,
		.inverted = unit_random(4) == 0,
	};

	interval.high = unit_random(4) == 0 ? UNBOUNDED
					    : (interval.low == UNBOUNDED ? 0 : interval.low) +
						      (int)unit_random(VALUES);
	return interval;
}

static void write_interval(const struct interval *interval, char *text, size_t size)
{
	char low[16] = "~", high[16] = "";

	if (interval->low != UNBOUNDED)
		snprintf(low, sizeof(low), "%d", interval->low);
	if (interval->high != UNBOUNDED)
		snprintf(high, sizeof(high), "%d", interval->high);
	snprintf(text, size, "%s%s:%s", interval->inverted ? "@" : "", low, high);
}

/* Names are in the order of the metrics. */
static void make_rule(size_t i, struct model *model, char *text, size_t size)
{
	char fine[48], clear[48];
	bool has_clear = unit_random(2) == 0;

	*model = (struct model){.fine = random_interval(), .hold = 1 + unit_random(4)};
	model->clear = has_clear ? random_interval() : model->fine;
	write_interval(&model->fine, fine, sizeof(fine));
	write_interval(&model->clear, clear, sizeof(clear));
	snprintf(text, size, "t%zu %s %s%s%s hold %zu", i, metrics[i], fine,
		 has_clear ? " clear " : "", has_clear ? clear : "", model->hold);
}

static void run_sequence(void)
{
	struct model models[ENTRIES(watched)];
	char texts[ENTRIES(watched)][200];
	const char *list[ENTRIES(watched)];
	size_t steps = 1 + unit_random(STEPS_MAX);
	struct evaluation *evaluation;

	for (size_t i = 0; i < ENTRIES(watched); i++) {
		make_rule(i, &models[i], texts[i], sizeof(texts[i]));
		list[i] = texts[i];
	}
	evaluation = begin(list, ENTRIES(list));
	for (size_t step = 1; step <= steps; step++) {
		struct snapshot snapshot = {.taken_ns = (int64_t)step * 1000};

		for (size_t i = 0; i < ENTRIES(watched); i++) {
			struct point point = {unit_random(8) != 0, unit_random(VALUES + 2)};

			if (point.present)
				set_percentage(&snapshot, watched[i], point.value);
			model_add(&models[i], point, snapshot.taken_ns);
		}
		next(&evaluation, &snapshot);
		for (size_t i = 0; i < ENTRIES(watched); i++)
			assert_agree(&evaluation->states[i], &models[i]);
	}
	evaluation_release(evaluation);
}

static void any_sequence_agrees_with_the_model(void **state)
{
	(void)state;
	for (int sequence = 0; sequence < SEQUENCES; sequence++)
		run_sequence();
}

/* ---- single rules, step by step ---- */

static void assert_status(const struct evaluation *evaluation, enum threshold_status status,
			  int64_t since_ns, uint32_t raises)
{
	assert_int_equal(evaluation->states[0].status, status);
	assert_int_equal(evaluation->states[0].since_ns, since_ns);
	assert_int_equal(evaluation->states[0].since_real_ns,
			 since_ns == 0 ? 0 : since_ns + REAL_AHEAD_NS);
	assert_int_equal(evaluation->states[0].raises, raises);
}

static void before_anything_is_known_all_is_normal(void **state)
{
	static const char *const texts[] = {"t host tcpHostMemory 10"};
	struct evaluation *evaluation = begin(texts, 1);

	(void)state;
	assert_status(evaluation, THRESHOLD_NORMAL, 0, 0);
	assert_false(evaluation->states[0].has_value);
	evaluation_release(evaluation);
}

static void between_the_ranges_nothing_changes(void **state)
{
	static const char *const texts[] = {"t host tcpHostMemory 10 clear 5"};
	struct evaluation *evaluation = begin(texts, 1);

	(void)state;
	next_memory(&evaluation, 1, 10);
	assert_status(evaluation, THRESHOLD_NORMAL, 0, 0);
	next_memory(&evaluation, 2, 11);
	assert_status(evaluation, THRESHOLD_RAISED, 2, 1);
	next_memory(&evaluation, 3, 12);
	next_memory(&evaluation, 4, 6);
	assert_status(evaluation, THRESHOLD_RAISED, 2, 1);
	next_memory(&evaluation, 5, 5);
	assert_status(evaluation, THRESHOLD_NORMAL, 5, 1);
	next_memory(&evaluation, 6, 6);
	assert_status(evaluation, THRESHOLD_NORMAL, 5, 1);
	next_memory(&evaluation, 7, 11);
	assert_status(evaluation, THRESHOLD_RAISED, 7, 2);
	evaluation_release(evaluation);
}

static void an_absent_value_neither_raises_nor_clears(void **state)
{
	static const char *const texts[] = {"t host tcpHostMemory 10 hold 2"};
	struct evaluation *evaluation = begin(texts, 1);

	(void)state;
	next_memory(&evaluation, 1, 11);
	next_absent(&evaluation, 2);
	next_memory(&evaluation, 3, 11);
	assert_status(evaluation, THRESHOLD_NORMAL, 0, 0);
	next_memory(&evaluation, 4, 11);
	assert_status(evaluation, THRESHOLD_RAISED, 4, 1);
	next_memory(&evaluation, 5, 10);
	next_absent(&evaluation, 6);
	assert_false(evaluation->states[0].has_value);
	next_absent(&evaluation, 7);
	next_memory(&evaluation, 8, 10);
	assert_status(evaluation, THRESHOLD_RAISED, 4, 1);
	next_memory(&evaluation, 9, 10);
	assert_status(evaluation, THRESHOLD_NORMAL, 9, 1);
	evaluation_release(evaluation);
}

static void the_evaluation_before_is_not_changed(void **state)
{
	static const char *const texts[] = {"t host tcpHostMemory 10"};
	struct evaluation *before = begin(texts, 1);
	struct evaluation *after = evaluation_hold(before);

	(void)state;
	next_memory(&after, 1, 11);
	assert_status(before, THRESHOLD_NORMAL, 0, 0);
	assert_status(after, THRESHOLD_RAISED, 1, 1);
	evaluation_release(before);
	assert_string_equal(after->thresholds->threshold[0].name, "t");
	evaluation_release(after);
}

/* The top of the snapshot that changed the status, and the date by the clock of that moment. */
static void the_date_and_the_top_are_those_of_the_change(void **state)
{
	static const char *const texts[] = {"t listen any 50"};
	struct listener listener = {.endpoint = {.port = 80}, .fill = 40};
	const struct snapshot snapshot = {.listeners = &listener, .listeners_count = 1};
	struct evaluation *evaluation = begin(texts, 1), *raised;

	(void)state;
	for (uint32_t i = 1; i <= 4; i++) {
		struct snapshot taken = snapshot;
		struct evaluation *before = evaluation;

		listener.fill = i < 4 ? 40 + 10 * i : 3;
		taken.listen_fill = listener.fill;
		taken.taken_ns = i;
		evaluation = evaluation_next(before, &taken, &rates, 100 * i);
		if (i == 3)
			raised = evaluation_hold(evaluation);
		evaluation_release(before);
		if (i == 1) {
			assert_int_equal(evaluation->states[0].since_real_ns, 0);
			assert_string_equal(top_text(evaluation->states[0].top), "");
		}
	}
	assert_int_equal(raised->states[0].since_real_ns, 202);
	assert_string_equal(top_text(raised->states[0].top), "0.0.0.0:80 60 %");
	assert_int_equal(raised->states[0].value, 70);
	evaluation_release(raised);
	assert_int_equal(evaluation->states[0].since_real_ns, 404);
	assert_string_equal(top_text(evaluation->states[0].top), "0.0.0.0:80 3 %");
	evaluation_release(evaluation);
}

/* ---- new thresholds ---- */

/* Raised at 5 with 42, by the second of two refreshes. */
static struct evaluation *begin_raised(const char *text)
{
	struct evaluation *evaluation = begin(&text, 1);

	next_memory(&evaluation, 4, 42);
	next_memory(&evaluation, 5, 42);
	assert_status(evaluation, THRESHOLD_RAISED, 5, 1);
	return evaluation;
}

static void a_threshold_that_is_still_the_same_keeps_its_status(void **state)
{
	static const char *const texts[] = {"s host tcpHostOrphans 1",
					    "t host  tcpHostMemory 10 clear 10 hold 2",
					    "u host tcpHostMemory 10 hold 2"};
	struct thresholds *thresholds = thresholds_of(texts, ENTRIES(texts));
	struct evaluation *before = begin_raised("t host tcpHostMemory 10 hold 2");
	struct evaluation *after;

	(void)state;
	next_memory(&before, 6, 9);
	after = evaluation_begin(thresholds, before);
	assert_ptr_equal(after->thresholds, thresholds);
	assert_int_equal(after->states[0].status, THRESHOLD_NORMAL);
	assert_int_equal(after->states[1].status, THRESHOLD_RAISED);
	assert_int_equal(after->states[1].since_ns, 5);
	assert_int_equal(after->states[1].raises, 1);
	assert_int_equal(after->states[1].value, 9);
	assert_int_equal(after->states[2].status, THRESHOLD_NORMAL);
	/* the refresh before counts: one more is enough */
	next_memory(&after, 7, 9);
	assert_int_equal(after->states[1].status, THRESHOLD_NORMAL);
	evaluation_release(before);
	evaluation_release(after);
	thresholds_release(thresholds);
}

static const char *const changed[] = {
	"u host tcpHostMemory 10 clear 8 hold 2",  "t host tcpHostOrphans 10 clear 8 hold 2",
	"t host tcpHostMemory 11 clear 8 hold 2",  "t host tcpHostMemory 10 clear 7 hold 2",
	"t host tcpHostMemory 10 hold 2",          "t host tcpHostMemory 10 clear 8 hold 3",
	"t host tcpHostMemory @10 clear 8 hold 2",
};

static void a_threshold_that_was_changed_begins_anew(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENTRIES(changed); i++) {
		struct evaluation *before = begin_raised("t host tcpHostMemory 10 clear 8 hold 2");
		struct thresholds *thresholds = thresholds_of(&changed[i], 1);
		struct evaluation *after = evaluation_begin(thresholds, before);

		assert_status(after, THRESHOLD_NORMAL, 0, 0);
		assert_false(after->states[0].has_value);
		evaluation_release(before);
		evaluation_release(after);
		thresholds_release(thresholds);
	}
}

static void removed_raised_thresholds_are_cleared(void **state)
{
	(void)state;
	for (size_t i = 0; i <= ENTRIES(changed); i++) {
		struct evaluation *before = begin_raised("t host tcpHostMemory 10 clear 8 hold 2");
		struct thresholds *thresholds = thresholds_of(&changed[i], i < ENTRIES(changed));
		struct evaluation *after = evaluation_end(before, thresholds, 9, REAL_AHEAD_NS);

		assert_ptr_equal(after->thresholds, before->thresholds);
		assert_status(after, THRESHOLD_NORMAL, 9, 1);
		assert_status(before, THRESHOLD_RAISED, 5, 1);
		assert_int_equal(after->states[0].value, 42);
		assert_true(after->states[0].has_value);
		evaluation_release(before);
		evaluation_release(after);
		thresholds_release(thresholds);
	}
}

static void thresholds_cleared_at_the_end_keep_their_last_value(void **state)
{
	struct evaluation *before = begin_raised("t host tcpHostMemory 10 hold 2");
	struct thresholds *none = thresholds_new();
	struct evaluation *after;

	(void)state;
	next_absent(&before, 6);
	after = evaluation_end(before, none, 9, REAL_AHEAD_NS);
	assert_status(after, THRESHOLD_NORMAL, 9, 1);
	assert_true(after->states[0].has_value);
	assert_int_equal(after->states[0].value, 42);
	evaluation_release(before);
	evaluation_release(after);
	thresholds_release(none);
}

static void unchanged_or_normal_thresholds_are_not_cleared(void **state)
{
	static const char *const same[] = {"t host tcpHostMemory 10 hold 2"};
	static const char *const normal[] = {"t host tcpHostMemory 50"};
	struct thresholds *thresholds = thresholds_of(same, 1);
	struct evaluation *before = begin_raised(same[0]);
	struct evaluation *after = evaluation_end(before, thresholds, 9, REAL_AHEAD_NS);

	(void)state;
	assert_status(after, THRESHOLD_RAISED, 5, 1);
	evaluation_release(before);
	evaluation_release(after);

	before = begin(normal, 1);
	next_memory(&before, 5, 42);
	after = evaluation_end(before, thresholds, 9, REAL_AHEAD_NS);
	assert_status(after, THRESHOLD_NORMAL, 0, 0);
	evaluation_release(before);
	evaluation_release(after);
	thresholds_release(thresholds);
}

static void there_is_an_evaluation_without_thresholds(void **state)
{
	struct evaluation *evaluation = begin(NULL, 0);

	(void)state;
	next_absent(&evaluation, 1);
	assert_int_equal(evaluation->thresholds->count, 0);
	evaluation_release(evaluation);
	evaluation_release(NULL);
	assert_null(evaluation_hold(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_sequence_agrees_with_the_model),
		cmocka_unit_test(before_anything_is_known_all_is_normal),
		cmocka_unit_test(between_the_ranges_nothing_changes),
		cmocka_unit_test(an_absent_value_neither_raises_nor_clears),
		cmocka_unit_test(the_evaluation_before_is_not_changed),
		cmocka_unit_test(the_date_and_the_top_are_those_of_the_change),
		cmocka_unit_test(a_threshold_that_is_still_the_same_keeps_its_status),
		cmocka_unit_test(a_threshold_that_was_changed_begins_anew),
		cmocka_unit_test(removed_raised_thresholds_are_cleared),
		cmocka_unit_test(thresholds_cleared_at_the_end_keep_their_last_value),
		cmocka_unit_test(unchanged_or_normal_thresholds_are_not_cleared),
		cmocka_unit_test(there_is_an_evaluation_without_thresholds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
