/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where thresholds stand after any sequence of values, against a model that looks at the whole past
 * each time.
 */
#include "model/judgement.c"

#include "unit.h"

#include <stdio.h>

#define SEQUENCES 10000
#define STEPS_MAX 60
#define VALUES 12
#define UNBOUNDED (-1)

/* Metrics of the host are percentages, and absent where the host does not know them. */
static const enum host_object watched[] = {HOST_MEMORY, HOST_ORPHANS, HOST_TIME_WAITS};
static const char *const metrics[] = {"host tcpMemory", "host tcpOrphans", "host tcpTimeWaits"};

/* ---- making ---- */

static struct thresholds *thresholds_of(const char *const texts[], size_t count)
{
	struct thresholds *thresholds = thresholds_new();

	for (size_t place = 0; place < count; place++) {
		struct threshold threshold;
		const char *problem;

		assert_int_equal(threshold_parse(texts[place], &threshold, &problem), 0);
		assert_int_equal(thresholds_add(&thresholds, &threshold), 0);
	}
	return thresholds;
}

static struct judgement *begin(const char *const texts[], size_t count)
{
	struct thresholds *thresholds = thresholds_of(texts, count);
	struct judgement *judgement = judgement_begin(thresholds, NULL);

	thresholds_release(thresholds);
	return judgement;
}

/* Takes the place of the judgement before. */
static void next(struct judgement **judgement, const struct snapshot *snapshot)
{
	struct judgement *before = *judgement;

	*judgement = judgement_next(before, snapshot);
	assert_non_null(*judgement);
	judgement_release(before);
}

static void set_percentage(struct snapshot *snapshot, enum host_object object, uint32_t value)
{
	host_set(&snapshot->host, object, value);
	host_set(&snapshot->host, object + 1, 100);
}

static void next_memory(struct judgement **judgement, int64_t taken_ns, uint32_t value)
{
	struct snapshot snapshot = {.taken_ns = taken_ns};

	set_percentage(&snapshot, HOST_MEMORY, value);
	next(judgement, &snapshot);
}

static void next_absent(struct judgement **judgement, int64_t taken_ns)
{
	const struct snapshot snapshot = {.taken_ns = taken_ns};

	next(judgement, &snapshot);
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
	size_t changed_at; /* how long the past was when the status changed */
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

/* The status changes when each of the last "hold" refreshes since the last change speaks for it. */
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

static void assert_agree(const struct standing *standing, const struct model *model)
{
	const struct point *last = &model->past[model->length - 1];

	assert_int_equal(standing->status, model->raised ? THRESHOLD_RAISED : THRESHOLD_NORMAL);
	assert_int_equal(standing->raises, model->raises);
	assert_int_equal(standing->since_ns, model->since_ns);
	assert_int_equal(standing->has_value, last->present);
	assert_int_equal(standing->value, model->last_value);
}

/* ---- rules by chance ---- */

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
static void make_rule(size_t place, struct model *model, char *text, size_t size)
{
	char fine[48], clear[48];
	bool has_clear = unit_random(2) == 0;

	*model = (struct model){.fine = random_interval(), .hold = 1 + unit_random(4)};
	model->clear = has_clear ? random_interval() : model->fine;
	write_interval(&model->fine, fine, sizeof(fine));
	write_interval(&model->clear, clear, sizeof(clear));
	snprintf(text, size, "t%zu %s %s%s%s hold %zu", place, metrics[place], fine,
		 has_clear ? " clear " : "", has_clear ? clear : "", model->hold);
}

static void run_sequence(void)
{
	struct model models[ENTRIES(watched)];
	char texts[ENTRIES(watched)][200];
	const char *list[ENTRIES(watched)];
	size_t steps = 1 + unit_random(STEPS_MAX);
	struct judgement *judgement;

	for (size_t place = 0; place < ENTRIES(watched); place++) {
		make_rule(place, &models[place], texts[place], sizeof(texts[place]));
		list[place] = texts[place];
	}
	judgement = begin(list, ENTRIES(list));
	for (size_t step = 1; step <= steps; step++) {
		struct snapshot snapshot = {.taken_ns = (int64_t)step * 1000};

		for (size_t place = 0; place < ENTRIES(watched); place++) {
			struct point point = {unit_random(8) != 0, unit_random(VALUES + 2)};

			if (point.present)
				set_percentage(&snapshot, watched[place], point.value);
			model_add(&models[place], point, snapshot.taken_ns);
		}
		next(&judgement, &snapshot);
		for (size_t place = 0; place < ENTRIES(watched); place++)
			assert_agree(&judgement->standing[place], &models[place]);
	}
	judgement_release(judgement);
}

static void any_sequence_ends_where_the_model_does(void **state)
{
	(void)state;
	for (int sequence = 0; sequence < SEQUENCES; sequence++)
		run_sequence();
}

/* ---- single rules, step by step ---- */

static void assert_standing(const struct judgement *judgement, enum threshold_status status,
			    int64_t since_ns, uint32_t raises)
{
	assert_int_equal(judgement->standing[0].status, status);
	assert_int_equal(judgement->standing[0].since_ns, since_ns);
	assert_int_equal(judgement->standing[0].raises, raises);
}

static void before_anything_is_known_all_is_normal(void **state)
{
	static const char *const texts[] = {"t host tcpMemory 10"};
	struct judgement *judgement = begin(texts, 1);

	(void)state;
	assert_standing(judgement, THRESHOLD_NORMAL, 0, 0);
	assert_false(judgement->standing[0].has_value);
	judgement_release(judgement);
}

static void between_the_ranges_nothing_changes(void **state)
{
	static const char *const texts[] = {"t host tcpMemory 10 clear 5"};
	struct judgement *judgement = begin(texts, 1);

	(void)state;
	next_memory(&judgement, 1, 10);
	assert_standing(judgement, THRESHOLD_NORMAL, 0, 0);
	next_memory(&judgement, 2, 11);
	assert_standing(judgement, THRESHOLD_RAISED, 2, 1);
	next_memory(&judgement, 3, 12);
	next_memory(&judgement, 4, 6);
	assert_standing(judgement, THRESHOLD_RAISED, 2, 1);
	next_memory(&judgement, 5, 5);
	assert_standing(judgement, THRESHOLD_NORMAL, 5, 1);
	next_memory(&judgement, 6, 6);
	assert_standing(judgement, THRESHOLD_NORMAL, 5, 1);
	next_memory(&judgement, 7, 11);
	assert_standing(judgement, THRESHOLD_RAISED, 7, 2);
	judgement_release(judgement);
}

static void an_absent_value_neither_raises_nor_clears(void **state)
{
	static const char *const texts[] = {"t host tcpMemory 10 hold 2"};
	struct judgement *judgement = begin(texts, 1);

	(void)state;
	next_memory(&judgement, 1, 11);
	next_absent(&judgement, 2);
	next_memory(&judgement, 3, 11);
	assert_standing(judgement, THRESHOLD_NORMAL, 0, 0);
	next_memory(&judgement, 4, 11);
	assert_standing(judgement, THRESHOLD_RAISED, 4, 1);
	next_memory(&judgement, 5, 10);
	next_absent(&judgement, 6);
	assert_false(judgement->standing[0].has_value);
	next_absent(&judgement, 7);
	next_memory(&judgement, 8, 10);
	assert_standing(judgement, THRESHOLD_RAISED, 4, 1);
	next_memory(&judgement, 9, 10);
	assert_standing(judgement, THRESHOLD_NORMAL, 9, 1);
	judgement_release(judgement);
}

static void the_judgement_before_is_not_changed(void **state)
{
	static const char *const texts[] = {"t host tcpMemory 10"};
	struct judgement *before = begin(texts, 1);
	struct judgement *after = judgement_hold(before);

	(void)state;
	next_memory(&after, 1, 11);
	assert_standing(before, THRESHOLD_NORMAL, 0, 0);
	assert_standing(after, THRESHOLD_RAISED, 1, 1);
	judgement_release(before);
	assert_string_equal(after->thresholds->threshold[0].name, "t");
	judgement_release(after);
}

/* ---- new thresholds ---- */

/* Raised at 5 with 42, by the second of two refreshes. */
static struct judgement *begin_raised(const char *text)
{
	struct judgement *judgement = begin(&text, 1);

	next_memory(&judgement, 4, 42);
	next_memory(&judgement, 5, 42);
	assert_standing(judgement, THRESHOLD_RAISED, 5, 1);
	return judgement;
}

static void a_threshold_that_is_still_the_same_keeps_its_standing(void **state)
{
	static const char *const texts[] = {"s host tcpOrphans 1",
					    "t host  tcpMemory 10 clear 10 hold 2",
					    "u host tcpMemory 10 hold 2"};
	struct thresholds *thresholds = thresholds_of(texts, ENTRIES(texts));
	struct judgement *before = begin_raised("t host tcpMemory 10 hold 2");
	struct judgement *after;

	(void)state;
	next_memory(&before, 6, 9);
	after = judgement_begin(thresholds, before);
	assert_ptr_equal(after->thresholds, thresholds);
	assert_int_equal(after->standing[0].status, THRESHOLD_NORMAL);
	assert_int_equal(after->standing[1].status, THRESHOLD_RAISED);
	assert_int_equal(after->standing[1].since_ns, 5);
	assert_int_equal(after->standing[1].raises, 1);
	assert_int_equal(after->standing[1].value, 9);
	assert_int_equal(after->standing[2].status, THRESHOLD_NORMAL);
	/* the refresh before counts: one more is enough */
	next_memory(&after, 7, 9);
	assert_int_equal(after->standing[1].status, THRESHOLD_NORMAL);
	judgement_release(before);
	judgement_release(after);
	thresholds_release(thresholds);
}

static const char *const changed[] = {
	"u host tcpMemory 10 clear 8 hold 2",  "t host tcpOrphans 10 clear 8 hold 2",
	"t host tcpMemory 11 clear 8 hold 2",  "t host tcpMemory 10 clear 7 hold 2",
	"t host tcpMemory 10 hold 2",          "t host tcpMemory 10 clear 8 hold 3",
	"t host tcpMemory @10 clear 8 hold 2",
};

static void a_threshold_that_was_changed_begins_anew(void **state)
{
	(void)state;
	for (size_t place = 0; place < ENTRIES(changed); place++) {
		struct judgement *before = begin_raised("t host tcpMemory 10 clear 8 hold 2");
		struct thresholds *thresholds = thresholds_of(&changed[place], 1);
		struct judgement *after = judgement_begin(thresholds, before);

		assert_standing(after, THRESHOLD_NORMAL, 0, 0);
		assert_false(after->standing[0].has_value);
		judgement_release(before);
		judgement_release(after);
		thresholds_release(thresholds);
	}
}

static void what_was_raised_and_is_gone_is_cleared(void **state)
{
	(void)state;
	for (size_t place = 0; place <= ENTRIES(changed); place++) {
		struct judgement *before = begin_raised("t host tcpMemory 10 clear 8 hold 2");
		struct thresholds *thresholds =
			thresholds_of(&changed[place], place < ENTRIES(changed));
		struct judgement *after = judgement_end(before, thresholds, 9);

		assert_ptr_equal(after->thresholds, before->thresholds);
		assert_standing(after, THRESHOLD_NORMAL, 9, 1);
		assert_standing(before, THRESHOLD_RAISED, 5, 1);
		assert_int_equal(after->standing[0].value, 42);
		assert_true(after->standing[0].has_value);
		judgement_release(before);
		judgement_release(after);
		thresholds_release(thresholds);
	}
}

static void what_is_cleared_at_the_end_has_the_last_value_it_had(void **state)
{
	struct judgement *before = begin_raised("t host tcpMemory 10 hold 2");
	struct thresholds *none = thresholds_new();
	struct judgement *after;

	(void)state;
	next_absent(&before, 6);
	after = judgement_end(before, none, 9);
	assert_standing(after, THRESHOLD_NORMAL, 9, 1);
	assert_true(after->standing[0].has_value);
	assert_int_equal(after->standing[0].value, 42);
	judgement_release(before);
	judgement_release(after);
	thresholds_release(none);
}

static void what_stays_or_was_not_raised_does_not_end(void **state)
{
	static const char *const same[] = {"t host tcpMemory 10 hold 2"};
	static const char *const normal[] = {"t host tcpMemory 50"};
	struct thresholds *thresholds = thresholds_of(same, 1);
	struct judgement *before = begin_raised(same[0]);
	struct judgement *after = judgement_end(before, thresholds, 9);

	(void)state;
	assert_standing(after, THRESHOLD_RAISED, 5, 1);
	judgement_release(before);
	judgement_release(after);

	before = begin(normal, 1);
	next_memory(&before, 5, 42);
	after = judgement_end(before, thresholds, 9);
	assert_standing(after, THRESHOLD_NORMAL, 0, 0);
	judgement_release(before);
	judgement_release(after);
	thresholds_release(thresholds);
}

static void without_thresholds_there_is_a_judgement_too(void **state)
{
	struct judgement *judgement = begin(NULL, 0);

	(void)state;
	next_absent(&judgement, 1);
	assert_int_equal(judgement->thresholds->count, 0);
	judgement_release(judgement);
	judgement_release(NULL);
	assert_null(judgement_hold(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_sequence_ends_where_the_model_does),
		cmocka_unit_test(before_anything_is_known_all_is_normal),
		cmocka_unit_test(between_the_ranges_nothing_changes),
		cmocka_unit_test(an_absent_value_neither_raises_nor_clears),
		cmocka_unit_test(the_judgement_before_is_not_changed),
		cmocka_unit_test(a_threshold_that_is_still_the_same_keeps_its_standing),
		cmocka_unit_test(a_threshold_that_was_changed_begins_anew),
		cmocka_unit_test(what_was_raised_and_is_gone_is_cleared),
		cmocka_unit_test(what_is_cleared_at_the_end_has_the_last_value_it_had),
		cmocka_unit_test(what_stays_or_was_not_raised_does_not_end),
		cmocka_unit_test(without_thresholds_there_is_a_judgement_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
