/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thresholds, as the configuration has them.
 *
 *     NAME METRIC RANGE [clear RANGE] [hold N]
 */
#ifndef MODEL_THRESHOLD_H
#define MODEL_THRESHOLD_H

#include "model/metric.h"
#include "model/range.h"

#include <stddef.h>

#define THRESHOLD_NAME_MAX 32
#define THRESHOLD_TEXT_SIZE 96
#define THRESHOLD_HOLD_MAX 1000000

struct threshold {
	char name[THRESHOLD_NAME_MAX + 1];
	char metric_text[THRESHOLD_TEXT_SIZE]; /**< as configured, so that people know them again */
	char range_text[THRESHOLD_TEXT_SIZE];
	char clear_text[THRESHOLD_TEXT_SIZE];
	struct metric metric;
	struct range range; /**< outside of it the threshold is raised, */
	struct range clear; /**< inside of it it is cleared again, */
	uint32_t hold;      /**< each after so many refreshes in a row */
};

/** The thresholds of one reading of the configuration; shared by its holders, never changed. */
struct thresholds {
	unsigned int holders;
	size_t count;
	struct threshold threshold[]; /**< in the order of their names */
};

/**
 * Parses a threshold.
 * @return 0, or -EINVAL, and then @p problem says what is wrong
 */
int threshold_parse(const char *text, struct threshold *threshold, const char **problem);

/** No thresholds, held once. @return NULL without memory */
struct thresholds *thresholds_new(void);

/**
 * Adds @p threshold to @p thresholds, which nobody else holds, and which may move.
 * @return 0, or -EEXIST: there is one of that name, or -ENOMEM
 */
int thresholds_add(struct thresholds **thresholds, const struct threshold *threshold);

struct thresholds *thresholds_hold(struct thresholds *thresholds);

/** The last holder frees them. NULL is fine. */
void thresholds_release(struct thresholds *thresholds);

/** Finds the threshold of that name. @return its place, or -1 */
ptrdiff_t thresholds_find(const struct thresholds *thresholds, const char *name);

/** Whether both watch the same in the same way, names included. */
bool threshold_equals(const struct threshold *left, const struct threshold *right);

#endif
