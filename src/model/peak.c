/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/peak.h"

#include <string.h>

static size_t first_since(const struct peak *peak, int64_t since_ns)
{
	size_t first = 0;

	while (first < peak->count && peak->points[first].until_ns < since_ns)
		first++;
	return first;
}

uint32_t peak_since(const struct peak *peak, int64_t since_ns)
{
	size_t first = first_since(peak, since_ns);

	return first < peak->count ? peak->points[first].value : 0;
}

static void remove_points(struct peak *peak, size_t first, size_t count)
{
	struct peak_point *points = &peak->points[first];

	peak->count -= count;
	memmove(points, points + count, (peak->count - first) * sizeof(*points));
}

/* The period that the point at @p i would cover if merged with the previous one. */
static int64_t merged_ns(const struct peak *peak, size_t i)
{
	return peak->points[i].until_ns - peak->points[i - 1].from_ns;
}

static void merge_closest(struct peak *peak)
{
	size_t closest = 1;

	for (size_t i = 2; i < peak->count; i++) {
		if (merged_ns(peak, i) < merged_ns(peak, closest))
			closest = i;
	}
	peak->points[closest - 1].until_ns = peak->points[closest].until_ns;
	remove_points(peak, closest, 1);
}

uint32_t peak_add(struct peak *peak, int64_t at_ns, uint32_t value, int64_t since_ns)
{
	remove_points(peak, 0, first_since(peak, since_ns));
	while (peak->count > 0 && peak->points[peak->count - 1].value <= value)
		peak->count--;
	if (peak->count == PEAK_POINTS)
		merge_closest(peak);
	peak->points[peak->count++] = (struct peak_point){at_ns, at_ns, value};
	return peak->points[0].value;
}
