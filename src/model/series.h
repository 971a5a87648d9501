/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The windows of rows that come and go: a row keeps its windows as long as it is in every snapshot.
 *
 * Rows are known by their endpoint; a watched port is an endpoint without an address, and what is
 * always there is one row with an endpoint that is all zero.
 */
#ifndef MODEL_SERIES_H
#define MODEL_SERIES_H

#include "model/listener.h"
#include "model/window.h"

struct series {
	size_t width; /**< how many windows a row has */
	size_t rows;
	struct endpoint *keys;  /**< in endpoint_compare()'s order */
	struct window *windows; /**< width for each row */
};

void series_initialise(struct series *series, size_t width);

/**
 * Makes the rows those of @p keys, which are in endpoint_compare()'s order and all different. Rows
 * that were there before keep their windows, others begin with empty ones.
 * @return 0, or -ENOMEM, and then nothing has changed
 */
int series_follow(struct series *series, const struct endpoint *keys, size_t rows);

/**
 * Adds a row's values, as window_add() does each.
 * @param values width of them
 * @param extremes width of them
 * @return 0 or -ENOMEM
 */
int series_add(struct series *series, size_t row, int64_t at_ns, int64_t span_ns,
	       const uint32_t *values, struct extremes *extremes);

void series_finalise(struct series *series);

#endif
