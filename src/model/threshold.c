/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/threshold.h"

#include "ascii.h"
#include "number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* name, metric of four, range, clear and its range, hold and its number, and one more */
#define WORDS_MAX 11

/* ---- parsing ---- */

/* Splits @p text; returns the number of words, at most WORDS_MAX. */
static size_t split_words(char *text, char *words[WORDS_MAX + 1])
{
	size_t count = 0;
	char *rest;
	char *word = strtok_r(text, " \t", &rest);

	while (word != NULL && count < WORDS_MAX) {
		words[count++] = word;
		word = strtok_r(NULL, " \t", &rest);
	}
	words[count] = NULL;
	return count;
}

static const char *parse_name(const char *word, struct threshold *threshold)
{
	if (word == NULL)
		return "missing name";
	if (strlen(word) > THRESHOLD_NAME_MAX)
		return "name longer than 32 characters";
	for (const char *letter = word; *letter != '\0'; letter++) {
		if (!ascii_is_graph(*letter))
			return "name contains characters that are not printable ASCII";
	}
	strcpy(threshold->name, word);
	return NULL;
}

/* The text consists of the words, separated by single spaces. */
static const char *parse_metric(char *const words[], struct threshold *threshold, size_t *taken)
{
	const char *problem;
	char *text = threshold->metric_text;
	size_t left = sizeof(threshold->metric_text);
	int count = metric_parse(words, &threshold->metric, &problem);

	if (count < 0)
		return problem;
	*taken = (size_t)count;
	for (int word = 0; word < count; word++) {
		size_t length = strlen(words[word]) + 1;

		if (length > left)
			return "metric too long";
		memcpy(text, words[word], length);
		if (word + 1 < count)
			text[length - 1] = ' ';
		text += length;
		left -= length;
	}
	return NULL;
}

static const char *parse_range(const char *word, struct range *range,
			       char text[THRESHOLD_TEXT_SIZE])
{
	if (word == NULL)
		return "missing range";
	if (strlen(word) >= THRESHOLD_TEXT_SIZE)
		return "range too long";
	strcpy(text, word);
	switch (range_parse(word, range)) {
	case 0:
		return NULL;
	case -ERANGE:
		return "range starts after its end";
	default:
		return "invalid range, expected 10, 10:, ~:10, 10:20 or @10:20";
	}
}

static const char *parse_hold(const char *word, uint32_t *hold)
{
	uint64_t number;

	if (word == NULL || !number_parse(word, 1, THRESHOLD_HOLD_MAX, &number))
		return "invalid hold, expected 1 to 1000000";
	*hold = (uint32_t)number;
	return NULL;
}

static const char *parse_rest(char *const words[], struct threshold *threshold)
{
	const char *problem = NULL;
	bool clear_given = false, hold_given = false;

	for (; problem == NULL && words[0] != NULL; words += 2) {
		if (strcmp(words[0], "clear") == 0 && !clear_given) {
			clear_given = true;
			problem = parse_range(words[1], &threshold->clear, threshold->clear_text);
		} else if (strcmp(words[0], "hold") == 0 && !hold_given) {
			hold_given = true;
			problem = parse_hold(words[1], &threshold->hold);
		} else {
			problem = "unexpected word after the range, expected clear RANGE or hold "
				  "NUMBER";
		}
	}
	return problem;
}

static const char *parse_words(char *const words[], struct threshold *threshold)
{
	size_t taken = 0;
	const char *problem = parse_name(words[0], threshold);

	if (problem != NULL)
		return problem;
	problem = parse_metric(words + 1, threshold, &taken);
	if (problem != NULL)
		return problem;
	problem = parse_range(words[1 + taken], &threshold->range, threshold->range_text);
	if (problem != NULL)
		return problem;
	threshold->clear = threshold->range;
	strcpy(threshold->clear_text, threshold->range_text);
	threshold->hold = 1;
	return parse_rest(words + 1 + taken + 1, threshold);
}

int threshold_parse(const char *text, struct threshold *threshold, const char **problem)
{
	char *copy = strdup(text);
	char *words[WORDS_MAX + 1];
	struct threshold parsed = {0};

	*problem = "out of memory";
	if (copy == NULL)
		return -EINVAL;
	split_words(copy, words);
	*problem = parse_words(words, &parsed);
	free(copy);
	if (*problem != NULL)
		return -EINVAL;
	*threshold = parsed;
	return 0;
}

/* ---- lists ---- */

struct thresholds *thresholds_new(void)
{
	struct thresholds *thresholds = calloc(1, sizeof(*thresholds));

	if (thresholds != NULL)
		thresholds->holders = 1;
	return thresholds;
}

int thresholds_add(struct thresholds **thresholds, const struct threshold *threshold)
{
	size_t count = (*thresholds)->count;
	size_t i = count;
	struct thresholds *larger;

	if (thresholds_find(*thresholds, threshold->name) >= 0)
		return -EEXIST;
	larger = realloc(*thresholds, sizeof(*larger) + (count + 1) * sizeof(*threshold));
	if (larger == NULL)
		return -ENOMEM;
	*thresholds = larger;
	while (i > 0 && watch_name_compare(larger->threshold[i - 1].name, threshold->name) > 0) {
		larger->threshold[i] = larger->threshold[i - 1];
		i--;
	}
	larger->threshold[i] = *threshold;
	larger->count++;
	return 0;
}

struct thresholds *thresholds_hold(struct thresholds *thresholds)
{
	thresholds->holders++;
	return thresholds;
}

void thresholds_release(struct thresholds *thresholds)
{
	if (thresholds != NULL && --thresholds->holders == 0)
		free(thresholds);
}

const struct threshold *thresholds_resolve(struct thresholds *thresholds, struct watches *watches,
					   unsigned int owner_states, const char **problem)
{
	for (size_t i = 0; i < thresholds->count; i++) {
		struct threshold *threshold = &thresholds->threshold[i];
		const struct watch *watch = watches_find(watches, threshold->metric.watch);

		*problem = metric_problem(&threshold->metric, watches, owner_states);
		if (*problem != NULL)
			return threshold;
		if (threshold->metric.kind == METRIC_WATCH)
			watches_attribute(watches, threshold->metric.watch);
		if (watch != NULL)
			strcpy(threshold->watch_text, watch->text);
		else if (threshold->metric.watch[0] != '\0')
			snprintf(threshold->watch_text, sizeof(threshold->watch_text), "port %s",
				 threshold->metric.watch);
	}
	return NULL;
}

ptrdiff_t thresholds_find(const struct thresholds *thresholds, const char *name)
{
	for (size_t i = 0; i < thresholds->count; i++) {
		if (strcmp(thresholds->threshold[i].name, name) == 0)
			return (ptrdiff_t)i;
	}
	return -1;
}

bool threshold_equals(const struct threshold *left, const struct threshold *right)
{
	return strcmp(left->name, right->name) == 0 &&
	       strcmp(left->metric_text, right->metric_text) == 0 &&
	       strcmp(left->range_text, right->range_text) == 0 &&
	       strcmp(left->clear_text, right->clear_text) == 0 &&
	       strcmp(left->watch_text, right->watch_text) == 0 && left->hold == right->hold;
}
