/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest and the largest value of a series within a sliding window of time.
 *
 * Exact, and constant in time for each value that is added: of the values in the window only those
 * are kept that are the extreme of all that came after them.
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

/** A ring of points, the oldest first. */
struct window_queue {
	struct window_point *points;
	size_t capacity; /**< a power of 2, or 0 */
	size_t first;
	size_t length;
};

/** All zero: a window that has seen nothing. */
struct window {
	struct window_queue minima;
	struct window_queue maxima;
};

/**
 * Adds the value that the series has at @p at_ns, which is not before that of the value before, and
 * forgets what is more than @p span_ns older.
 * @param extremes of what is then in the window
 * @return 0, or -ENOMEM, and then the window is as it was but for what it forgot
 */
int window_add(struct window *window, int64_t at_ns, uint32_t value, int64_t span_ns,
	       struct extremes *extremes);

/** Frees what @p window has; it has then seen nothing. */
void window_finalise(struct window *window);

#endif
