/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/judgement.h"

#include <stdlib.h>
#include <string.h>

static struct judgement *judgement_new(struct thresholds *thresholds)
{
	struct judgement *judgement =
		calloc(1, sizeof(*judgement) + thresholds->count * sizeof(struct standing));

	if (judgement == NULL)
		return NULL;
	judgement->holders = 1;
	judgement->thresholds = thresholds_hold(thresholds);
	return judgement;
}

/* Where @p threshold stands in @p judgement; NULL if it is not there in the same form. */
static const struct standing *standing_of(const struct judgement *judgement,
					  const struct threshold *threshold)
{
	ptrdiff_t place = thresholds_find(judgement->thresholds, threshold->name);

	if (place < 0 || !threshold_equals(&judgement->thresholds->threshold[place], threshold))
		return NULL;
	return &judgement->standing[place];
}

struct judgement *judgement_begin(struct thresholds *thresholds, const struct judgement *before)
{
	struct judgement *judgement = judgement_new(thresholds);

	for (size_t place = 0; judgement != NULL && before != NULL && place < thresholds->count;
	     place++) {
		const struct standing *standing =
			standing_of(before, &thresholds->threshold[place]);

		if (standing != NULL)
			judgement->standing[place] = *standing;
	}
	return judgement;
}

static void change_status(struct standing *standing, int64_t now_ns)
{
	if (standing->status == THRESHOLD_NORMAL) {
		standing->status = THRESHOLD_RAISED;
		standing->raises++;
	} else {
		standing->status = THRESHOLD_NORMAL;
	}
	standing->since_ns = now_ns;
	standing->streak = 0;
}

static void judge(const struct threshold *threshold, const struct snapshot *snapshot,
		  struct standing *standing)
{
	bool speaks_for_change;

	standing->has_value = metric_value(&threshold->metric, snapshot, &standing->value);
	if (!standing->has_value) {
		standing->streak = 0;
		return;
	}
	if (standing->status == THRESHOLD_NORMAL)
		speaks_for_change = !range_contains(&threshold->range, standing->value);
	else
		speaks_for_change = range_contains(&threshold->clear, standing->value);
	standing->streak = speaks_for_change ? standing->streak + 1 : 0;
	if (standing->streak >= threshold->hold)
		change_status(standing, snapshot->taken_ns);
}

struct judgement *judgement_next(const struct judgement *before, const struct snapshot *snapshot)
{
	const struct thresholds *thresholds = before->thresholds;
	struct judgement *judgement = judgement_new(before->thresholds);

	for (size_t place = 0; judgement != NULL && place < thresholds->count; place++) {
		judgement->standing[place] = before->standing[place];
		judge(&thresholds->threshold[place], snapshot, &judgement->standing[place]);
	}
	return judgement;
}

struct judgement *judgement_end(const struct judgement *before, const struct thresholds *thresholds,
				int64_t now_ns)
{
	struct judgement *judgement = judgement_new(before->thresholds);

	for (size_t place = 0; judgement != NULL && place < before->thresholds->count; place++) {
		const struct threshold *threshold = &before->thresholds->threshold[place];
		ptrdiff_t kept = thresholds_find(thresholds, threshold->name);

		judgement->standing[place] = before->standing[place];
		if (before->standing[place].status != THRESHOLD_RAISED ||
		    (kept >= 0 && threshold_equals(&thresholds->threshold[kept], threshold)))
			continue;
		change_status(&judgement->standing[place], now_ns);
		judgement->standing[place].has_value = true;
	}
	return judgement;
}

struct judgement *judgement_hold(struct judgement *judgement)
{
	if (judgement != NULL)
		judgement->holders++;
	return judgement;
}

void judgement_release(struct judgement *judgement)
{
	if (judgement == NULL || --judgement->holders > 0)
		return;
	thresholds_release(judgement->thresholds);
	free(judgement);
}
