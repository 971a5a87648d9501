/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maximum of a value within a sliding time window, in a fixed amount of memory.
 *
 * Only values that are larger than all later ones are kept. If there are more than PEAK_POINTS, for
 * example because the value decreases step by step, the two that are closest in time are merged,
 * and the larger value lasts until the later time. A maximum may then stay up to a quarter longer
 * than the window, and is never missed within it.
 */
#ifndef MODEL_PEAK_H
#define MODEL_PEAK_H

#include <stddef.h>
#include <stdint.h>

#define PEAK_POINTS 16

struct peak_point {
	int64_t from_ns;  /**< when the value was added */
	int64_t until_ns; /**< the time of the latest point merged into this one */
	uint32_t value;
};

/** All zero: no value was added yet. */
struct peak {
	size_t count;
	struct peak_point points[PEAK_POINTS]; /**< oldest first, which is largest first */
};

/** The maximum since @p since_ns; 0 without any value. */
uint32_t peak_since(const struct peak *peak, int64_t since_ns);

/**
 * Adds the value at @p at_ns, which is not before the previous one, and removes values older than
 * @p since_ns.
 * @return the maximum of the values that are left
 */
uint32_t peak_add(struct peak *peak, int64_t at_ns, uint32_t value, int64_t since_ns);

#endif
