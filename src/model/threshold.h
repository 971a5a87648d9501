/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thresholds in the configuration.
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
	char metric_text[THRESHOLD_TEXT_SIZE]; /**< as configured, for display */
	char range_text[THRESHOLD_TEXT_SIZE];
	char clear_text[THRESHOLD_TEXT_SIZE];
	char watch_text[WATCH_TEXT_MAX + 1]; /**< the conditions of the metric's watch, or "" */
	struct metric metric;
	struct range range; /**< values outside of it raise the threshold */
	struct range clear; /**< values inside of it clear the threshold */
	uint32_t hold;      /**< number of consecutive refreshes that it takes */
};

/** The thresholds of one configuration: immutable and reference-counted. */
struct thresholds {
	unsigned int holders;
	size_t count;
	struct threshold threshold[]; /**< in the order of watch_name_compare() */
};

/**
 * Parses a threshold.
 * @return 0, or -EINVAL, and then @p problem is set
 */
int threshold_parse(const char *text, struct threshold *threshold, const char **problem);

/** Creates an empty list, held once. @return NULL if out of memory */
struct thresholds *thresholds_new(void);

/**
 * Adds @p threshold to @p thresholds, which has no other holders and may be reallocated.
 * @return 0, or -EEXIST: duplicate name, or -ENOMEM
 */
int thresholds_add(struct thresholds **thresholds, const struct threshold *threshold);

struct thresholds *thresholds_hold(struct thresholds *thresholds);

/** Releases @p thresholds, which may be NULL; the last holder frees them. */
void thresholds_release(struct thresholds *thresholds);

/**
 * Sets the watch_text of all thresholds, and which watches need the owners of their sockets.
 * @param owner_states as for metric_problem()
 * @return the first one whose metric cannot have a value with @p watches, and @p problem, a
 *         constant string; NULL if there is none
 */
const struct threshold *thresholds_resolve(struct thresholds *thresholds, struct watches *watches,
					   unsigned int owner_states, const char **problem);

/** Finds the threshold called @p name. @return its index, or -1 */
ptrdiff_t thresholds_find(const struct thresholds *thresholds, const char *name);

/** Whether both are configured in the same way, including their names and watches. */
bool threshold_equals(const struct threshold *left, const struct threshold *right);

#endif
