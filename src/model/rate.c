/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/rate.h"

#include "clock.h"

#include <string.h>

#define RESOLUTION 16
#define WRAP_GROWTH_MAX (UINT32_C(1) << 30)

static void add_counter(struct rates *rates, size_t i, uint64_t value, int64_t now_ns)
{
	uint64_t before = rates->counters[i].seen ? rates->counters[i].value : value;
	uint32_t wrapped = (uint32_t)value - (uint32_t)before;

	rates->counters[i].seen = true;
	rates->counters[i].value = value;
	if (value >= before) {
		rates->counters[i].grown += value - before;
	} else if (before <= UINT32_MAX && wrapped < WRAP_GROWTH_MAX) {
		rates->counters[i].grown += wrapped;
	} else {
		rates->counters[i].has_gone_back = true;
		rates->counters[i].gone_back_ns = now_ns;
	}
}

static void drop_sample(struct rates *rates, size_t i)
{
	rates->count--;
	memmove(&rates->samples[i], &rates->samples[i + 1],
		(rates->count - i) * sizeof(rates->samples[0]));
}

/* The newest sample and the last one before the longest period are always kept. */
static bool is_needed(const struct rates *rates, size_t i, int64_t now_ns)
{
	const struct rate_sample *samples = rates->samples;
	int64_t next_age_ns;

	if (i + 1 == rates->count)
		return true;
	next_age_ns = now_ns - samples[i + 1].taken_ns;
	if (i == 0)
		return next_age_ns < RATE_SECONDS_MAX * NS_PER_SECOND;
	return samples[i + 1].taken_ns - samples[i - 1].taken_ns > next_age_ns / RESOLUTION;
}

static void thin_out(struct rates *rates, int64_t now_ns)
{
	for (size_t i = 0; i < rates->count;) {
		if (is_needed(rates, i, now_ns))
			i++;
		else
			drop_sample(rates, i);
	}
}

void rates_add(struct rates *rates, const struct snapshot *snapshot)
{
	struct rate_sample *sample;

	thin_out(rates, snapshot->taken_ns);
	if (rates->count == RATE_SAMPLES)
		drop_sample(rates, 0);
	sample = &rates->samples[rates->count++];
	*sample = (struct rate_sample){.taken_ns = snapshot->taken_ns};
	for (size_t i = 0; i < RATE_OBJECTS; i++) {
		sample->known[i] = snapshot->host.known[RATE_FIRST + i];
		if (sample->known[i])
			add_counter(rates, i, snapshot->host.value[RATE_FIRST + i],
				    snapshot->taken_ns);
		sample->grown[i] = rates->counters[i].grown;
	}
}

/*
 * The oldest sample of @p counter that is at most @p ns older than @p newest, and a little for
 * refreshes that are late. If all are older, the last one; NULL if there is none.
 *
 * It never becomes an older one, whichever samples are dropped: growth that is over would count
 * again.
 */
static const struct rate_sample *find_base(const struct rates *rates, size_t counter,
					   const struct rate_sample *newest, int64_t ns)
{
	const int64_t oldest_ns = newest->taken_ns - ns - ns / RESOLUTION / 2;
	const struct rate_sample *base = NULL;

	for (const struct rate_sample *sample = rates->samples; sample < newest; sample++) {
		if (!sample->known[counter] || sample->taken_ns == newest->taken_ns)
			continue;
		base = sample;
		if (sample->taken_ns >= oldest_ns)
			break;
	}
	return base;
}

/* Growth in one second, rounded up; microseconds keep the product within 64 bits. */
static uint32_t per_second(uint64_t grown, int64_t ns)
{
	const uint64_t us_per_second = NS_PER_SECOND / NS_PER_US;
	const uint64_t us = ns < NS_PER_US ? 1 : (uint64_t)(ns / NS_PER_US);
	uint64_t rate;

	if (grown > UINT64_MAX / us_per_second - us)
		return UINT32_MAX;
	rate = (grown * us_per_second + us - 1) / us;
	return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
}

bool rates_get(const struct rates *rates, enum host_object counter, uint32_t seconds,
	       uint32_t *rate)
{
	const size_t i = (size_t)counter - RATE_FIRST;
	const struct rate_sample *newest, *base;

	if (rates->count == 0)
		return false;
	newest = &rates->samples[rates->count - 1];
	if (!newest->known[i])
		return false;
	base = find_base(rates, i, newest, seconds * NS_PER_SECOND);
	if (base == NULL ||
	    (rates->counters[i].has_gone_back && rates->counters[i].gone_back_ns > base->taken_ns))
		return false;
	*rate = per_second(newest->grown[i] - base->grown[i], newest->taken_ns - base->taken_ns);
	return true;
}
