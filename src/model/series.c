/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void series_initialise(struct series *series, size_t width)
{
	*series = (struct series){.width = width};
}

static struct window *row_windows(const struct series *series, size_t row)
{
	return &series->windows[row * series->width];
}

static void finalise_row(struct series *series, size_t row)
{
	for (size_t window = 0; window < series->width; window++)
		window_finalise(&row_windows(series, row)[window]);
}

/* Both are in the same order, so that one walk over both finds what they share. */
static void move_windows(struct series *from, struct series *to)
{
	size_t old = 0;

	for (size_t row = 0; row < to->rows; row++) {
		while (old < from->rows && endpoint_compare(&from->keys[old], &to->keys[row]) < 0)
			finalise_row(from, old++);
		if (old == from->rows || endpoint_compare(&from->keys[old], &to->keys[row]) != 0)
			continue;
		memcpy(row_windows(to, row), row_windows(from, old),
		       to->width * sizeof(struct window));
		old++;
	}
	while (old < from->rows)
		finalise_row(from, old++);
	free(from->keys);
	free(from->windows);
}

int series_follow(struct series *series, const struct endpoint *keys, size_t rows)
{
	struct series followed = {.width = series->width, .rows = rows};

	if (rows > 0) {
		followed.keys = malloc(rows * sizeof(*keys));
		followed.windows = calloc(rows * series->width, sizeof(struct window));
		if (followed.keys == NULL || followed.windows == NULL) {
			free(followed.keys);
			free(followed.windows);
			return -ENOMEM;
		}
		memcpy(followed.keys, keys, rows * sizeof(*keys));
	}
	move_windows(series, &followed);
	*series = followed;
	return 0;
}

int series_add(struct series *series, size_t row, int64_t at_ns, int64_t span_ns,
	       const uint32_t *values, struct extremes *extremes)
{
	struct window *windows = row_windows(series, row);

	for (size_t window = 0; window < series->width; window++) {
		int error = window_add(&windows[window], at_ns, values[window], span_ns,
				       &extremes[window]);
		if (error != 0)
			return error;
	}
	return 0;
}

void series_finalise(struct series *series)
{
	for (size_t row = 0; row < series->rows; row++)
		finalise_row(series, row);
	free(series->keys);
	free(series->windows);
	series_initialise(series, series->width);
}
