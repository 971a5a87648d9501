/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/evaluation.h"

#include <stdlib.h>
#include <string.h>

static struct evaluation *evaluation_new(struct thresholds *thresholds)
{
	struct evaluation *evaluation =
		calloc(1, sizeof(*evaluation) + thresholds->count * sizeof(struct threshold_state));

	if (evaluation == NULL)
		return NULL;
	evaluation->holders = 1;
	evaluation->thresholds = thresholds_hold(thresholds);
	return evaluation;
}

/* Copies the status of a threshold into @p state, which is all zero. */
static void copy_state(struct threshold_state *state, const struct threshold_state *from)
{
	*state = *from;
	top_hold(state->top);
}

/* The status of @p threshold in @p evaluation, or NULL if it is missing or differs there. */
static const struct threshold_state *threshold_state_of(const struct evaluation *evaluation,
							const struct threshold *threshold)
{
	ptrdiff_t i = thresholds_find(evaluation->thresholds, threshold->name);

	if (i < 0 || !threshold_equals(&evaluation->thresholds->threshold[i], threshold))
		return NULL;
	return &evaluation->states[i];
}

struct evaluation *evaluation_begin(struct thresholds *thresholds, const struct evaluation *before)
{
	struct evaluation *evaluation = evaluation_new(thresholds);

	for (size_t i = 0; evaluation != NULL && before != NULL && i < thresholds->count; i++) {
		const struct threshold_state *state =
			threshold_state_of(before, &thresholds->threshold[i]);

		if (state != NULL)
			copy_state(&evaluation->states[i], state);
	}
	return evaluation;
}

/* @param top is held by @p state from then on */
static void change_status(struct threshold_state *state, int64_t now_ns, int64_t real_ahead_ns,
			  struct top *top)
{
	if (state->status == THRESHOLD_NORMAL) {
		state->status = THRESHOLD_RAISED;
		state->raises++;
	} else {
		state->status = THRESHOLD_NORMAL;
	}
	state->since_ns = now_ns;
	state->since_real_ns = now_ns + real_ahead_ns;
	top_release(state->top);
	state->top = top;
	state->streak = 0;
}

static void evaluate_threshold(const struct threshold *threshold, const struct snapshot *snapshot,
			       const struct rates *rates, int64_t real_ahead_ns,
			       struct threshold_state *state)
{
	bool suggests_change;

	state->has_value = metric_value(&threshold->metric, snapshot, rates, &state->value);
	if (!state->has_value) {
		state->streak = 0;
		return;
	}
	if (state->status == THRESHOLD_NORMAL)
		suggests_change = !range_contains(&threshold->range, state->value);
	else
		suggests_change = range_contains(&threshold->clear, state->value);
	state->streak = suggests_change ? state->streak + 1 : 0;
	if (state->streak >= threshold->hold)
		change_status(state, snapshot->taken_ns, real_ahead_ns,
			      top_new(&threshold->metric, snapshot));
}

struct evaluation *evaluation_next(const struct evaluation *before, const struct snapshot *snapshot,
				   const struct rates *rates, int64_t real_ahead_ns)
{
	const struct thresholds *thresholds = before->thresholds;
	struct evaluation *evaluation = evaluation_new(before->thresholds);

	for (size_t i = 0; evaluation != NULL && i < thresholds->count; i++) {
		copy_state(&evaluation->states[i], &before->states[i]);
		evaluate_threshold(&thresholds->threshold[i], snapshot, rates, real_ahead_ns,
				   &evaluation->states[i]);
	}
	return evaluation;
}

struct evaluation *evaluation_end(const struct evaluation *before,
				  const struct thresholds *thresholds, int64_t now_ns,
				  int64_t real_ahead_ns)
{
	struct evaluation *evaluation = evaluation_new(before->thresholds);

	for (size_t i = 0; evaluation != NULL && i < before->thresholds->count; i++) {
		const struct threshold *threshold = &before->thresholds->threshold[i];
		ptrdiff_t kept = thresholds_find(thresholds, threshold->name);

		copy_state(&evaluation->states[i], &before->states[i]);
		if (before->states[i].status != THRESHOLD_RAISED ||
		    (kept >= 0 && threshold_equals(&thresholds->threshold[kept], threshold)))
			continue;
		change_status(&evaluation->states[i], now_ns, real_ahead_ns, NULL);
		evaluation->states[i].has_value = true;
	}
	return evaluation;
}

struct evaluation *evaluation_hold(struct evaluation *evaluation)
{
	if (evaluation != NULL)
		evaluation->holders++;
	return evaluation;
}

void evaluation_release(struct evaluation *evaluation)
{
	if (evaluation == NULL || --evaluation->holders > 0)
		return;
	for (size_t i = 0; i < evaluation->thresholds->count; i++)
		top_release(evaluation->states[i].top);
	thresholds_release(evaluation->thresholds);
	free(evaluation);
}
