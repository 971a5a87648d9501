/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The minimum and maximum of a value within a sliding time window.
 *
 * The result is exact, in constant time for each value: only values that are the extreme of all
 * later ones are kept.
 */
#ifndef MODEL_WINDOW_H
#define MODEL_WINDOW_H

#include <stddef.h>
#include <stdint.h>

struct extremes {
	uint32_t min;
	uint32_t max;
};

struct window_point {
	int64_t at_ns;
	uint32_t value;
};

/** A ring buffer of points, oldest first. */
struct window_queue {
	struct window_point *points;
	size_t capacity; /**< a power of 2, or 0 */
	size_t first;
	size_t length;
};

/** All zero: an empty window. */
struct window {
	struct window_queue minima;
	struct window_queue maxima;
};

/**
 * Adds the value at @p at_ns, which is not before the previous one, and removes values that are
 * more than @p span_ns older.
 * @param extremes of the values that are left
 * @return 0, or -ENOMEM, and then @p value was not added
 */
int window_add(struct window *window, int64_t at_ns, uint32_t value, int64_t span_ns,
	       struct extremes *extremes);

/** Empties @p window and frees its memory. */
void window_finalise(struct window *window);

#endif
