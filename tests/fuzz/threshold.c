/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of the configuration: as a threshold, as a range, as a metric and as a TCP state.
 */
#include "model/threshold.c"

#include "clock.h"
#include "fuzz.h"

#include <ctype.h>
#include <math.h>

/* ---- ranges ---- */

/* The ends belong to what lies between them, and their neighbours on the other side do not. */
static void check_ends(const struct range *range)
{
	assert(range->low <= range->high && range->low < INFINITY && range->high > -INFINITY);
	assert(range_contains(range, range->low) == !range->inverted);
	assert(range_contains(range, range->high) == !range->inverted);
	if (isfinite(range->low))
		assert(range_contains(range, nextafter(range->low, -INFINITY)) == range->inverted);
	if (isfinite(range->high))
		assert(range_contains(range, nextafter(range->high, INFINITY)) == range->inverted);
}

static void check_text(const struct range *range, const char *text)
{
	const char *colon = strchr(text, ':');

	assert(range->inverted == (text[0] == '@'));
	text += range->inverted;
	if (colon == NULL) {
		assert(range->low == 0 && range->high == strtod(text, NULL));
		return;
	}
	assert(range->low == (*text == '~' ? -INFINITY : strtod(text, NULL)));
	assert(range->high == (colon[1] == '\0' ? INFINITY : strtod(colon + 1, NULL)));
}

static void check_range(const char *text)
{
	const struct range untouched = {.low = 7, .high = 77};
	struct range range = untouched;

	if (range_parse(text, &range) == 0) {
		check_text(&range, text);
		check_ends(&range);
	} else {
		assert(range.low == 7 && range.high == 77 && !range.inverted);
	}
}

/* ---- metrics and states ---- */

/* 75 and a bit more in each second are 76. */
static void check_rate(const struct metric *metric, struct snapshot *snapshot)
{
	static struct rates rates;
	uint32_t value;

	rates.count = 0;
	rates_add(&rates, snapshot);
	assert(!metric_value(metric, snapshot, &rates, &value));
	snapshot->taken_ns = metric->seconds * NS_PER_SECOND;
	snapshot->host.value[metric->object] += metric->seconds * UINT64_C(75) + 1;
	rates_add(&rates, snapshot);
	assert(metric_value(metric, snapshot, &rates, &value) && value == 76);
	memset(&rates, 0, sizeof(rates));
}

static void check_metric_value(const struct metric *metric)
{
	struct listener listener = {.endpoint = metric->endpoint, .fill = 75};
	struct watch_count watch = {.known = true, .port_use_known = true, .port_use = 75};
	struct zone zone = {.index = 7};
	struct owner_count owner = {.name = "a.service"};
	struct snapshot snapshot = {
		.closed_counted = true,
		.listeners = &listener,
		.listeners_count = 1,
		.listen_fill = 75,
		.watches = &watch,
		.watches_count = 1,
		.zones = &zone,
		.zones_count = 1,
		.owners_known = true,
		.owner_states = (1U << STATES) - 1,
		.owners = &owner,
		.owners_count = 1,
	};
	uint32_t value = 0;

	strcpy(zone.name, metric->zone_name);
	if (metric->zone_name[0] != '\0')
		listener.endpoint.zone = zone.index;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			snapshot.sockets[family][state] = 75;
	}
	strcpy(watch.name, metric->watch);
	watch.sockets[FAMILY_IPV6][metric->state] = 75;
	owner.sockets[FAMILY_IPV6][metric->state] = 75;
	host_set(&snapshot.host, metric->object, 3);
	host_set(&snapshot.host, metric->limit, 4);
	if (metric->kind == METRIC_RATE) {
		check_rate(metric, &snapshot);
		return;
	}
	assert(metric_value(metric, &snapshot, NULL, &value));
	assert(value == 75 || (value == 150 && metric->kind == METRIC_STATE));
}

static void check_metric(char *const words[])
{
	struct metric metric;
	const char *problem;
	int taken = metric_parse(words, &metric, &problem);

	if (taken < 0) {
		assert(taken == -EINVAL && problem != NULL);
		return;
	}
	assert(taken == 2 || taken == 3 || (taken == 4 && metric.kind == METRIC_RATE));
	assert(metric.kind <= METRIC_RATE && metric.state < STATES);
	assert((metric.kind == METRIC_RATE) == (metric.seconds != 0));
	assert((metric.kind == METRIC_WATCH || metric.kind == METRIC_PORTS) ==
	       (metric.watch[0] != '\0'));
	assert((metric.kind == METRIC_LISTEN) == (metric.any || metric.endpoint.port != 0));
	check_metric_value(&metric);
}

/* Writes @p text as people might: the other case, and a separator before each letter. */
static void disguise(const char *text, char *disguised)
{
	for (; *text != '\0'; text++) {
		*disguised++ = '_';
		*disguised++ = isupper((unsigned char)*text) ? (char)tolower((unsigned char)*text)
							     : (char)toupper((unsigned char)*text);
	}
	*disguised = '\0';
}

static void check_state(const char *text)
{
	char *disguised = malloc(2 * strlen(text) + 1);
	enum tcp_state state, same;

	assert(disguised != NULL);
	disguise(text, disguised);
	if (tcp_state_parse(text, &state) == 0) {
		assert(state < STATES);
		assert(tcp_state_parse(disguised, &same) == 0 && same == state);
		assert(tcp_state_parse(tcp_state_name(state), &same) == 0 && same == state);
	} else {
		assert(tcp_state_parse(disguised, &same) != 0);
	}
	free(disguised);
}

/* ---- thresholds ---- */

static bool same_range(const struct range *left, const struct range *right)
{
	return left->low == right->low && left->high == right->high &&
	       left->inverted == right->inverted;
}

static bool same_metric(const struct metric *left, const struct metric *right)
{
	return left->kind == right->kind && left->state == right->state &&
	       memcmp(left->families, right->families, sizeof(left->families)) == 0 &&
	       strcmp(left->watch, right->watch) == 0 && left->object == right->object &&
	       left->limit == right->limit && left->seconds == right->seconds &&
	       endpoint_compare(&left->endpoint, &right->endpoint) == 0;
}

/* Its texts, put together, are the same threshold. */
static void check_again(const struct threshold *threshold)
{
	char text[sizeof(*threshold) + sizeof("clear hold 1000000")];
	struct threshold again;
	const char *problem;

	snprintf(text, sizeof(text), "%s %s %s clear %s hold %u", threshold->name,
		 threshold->metric_text, threshold->range_text, threshold->clear_text,
		 threshold->hold);
	assert(threshold_parse(text, &again, &problem) == 0);
	assert(threshold_equals(threshold, &again));
	assert(same_metric(&threshold->metric, &again.metric));
	assert(same_range(&threshold->range, &again.range));
	assert(same_range(&threshold->clear, &again.clear));
}

static void check_threshold(const char *text)
{
	struct threshold untouched, threshold;
	const char *problem;

	memset(&untouched, 0x55, sizeof(untouched));
	threshold = untouched;
	if (threshold_parse(text, &threshold, &problem) != 0) {
		assert(problem != NULL && memcmp(&threshold, &untouched, sizeof(untouched)) == 0);
		return;
	}
	assert(problem == NULL && threshold.name[0] != '\0');
	assert(threshold.hold >= 1 && threshold.hold <= THRESHOLD_HOLD_MAX);
	check_again(&threshold);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char *words[WORDS_MAX + 1];

	check_threshold(text);
	check_range(text);
	check_state(text);
	split_words(text, words);
	check_metric(words);
	free(text);
	return 0;
}
