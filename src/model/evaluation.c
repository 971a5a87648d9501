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
			evaluation->states[i] = *state;
	}
	return evaluation;
}

static void change_status(struct threshold_state *state, int64_t now_ns)
{
	if (state->status == THRESHOLD_NORMAL) {
		state->status = THRESHOLD_RAISED;
		state->raises++;
	} else {
		state->status = THRESHOLD_NORMAL;
	}
	state->since_ns = now_ns;
	state->streak = 0;
}

static void evaluate_threshold(const struct threshold *threshold, const struct snapshot *snapshot,
			       const struct rates *rates, struct threshold_state *state)
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
		change_status(state, snapshot->taken_ns);
}

struct evaluation *evaluation_next(const struct evaluation *before, const struct snapshot *snapshot,
				   const struct rates *rates)
{
	const struct thresholds *thresholds = before->thresholds;
	struct evaluation *evaluation = evaluation_new(before->thresholds);

	for (size_t i = 0; evaluation != NULL && i < thresholds->count; i++) {
		evaluation->states[i] = before->states[i];
		evaluate_threshold(&thresholds->threshold[i], snapshot, rates,
				   &evaluation->states[i]);
	}
	return evaluation;
}

struct evaluation *evaluation_end(const struct evaluation *before,
				  const struct thresholds *thresholds, int64_t now_ns)
{
	struct evaluation *evaluation = evaluation_new(before->thresholds);

	for (size_t i = 0; evaluation != NULL && i < before->thresholds->count; i++) {
		const struct threshold *threshold = &before->thresholds->threshold[i];
		ptrdiff_t kept = thresholds_find(thresholds, threshold->name);

		evaluation->states[i] = before->states[i];
		if (before->states[i].status != THRESHOLD_RAISED ||
		    (kept >= 0 && threshold_equals(&thresholds->threshold[kept], threshold)))
			continue;
		change_status(&evaluation->states[i], now_ns);
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
	thresholds_release(evaluation->thresholds);
	free(evaluation);
}
