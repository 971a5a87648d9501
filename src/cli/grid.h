/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of aligned columns that are never wider than the place where they are shown: columns that
 * matter less are left out, others shrink.
 */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include "cli/style.h"

#define GRID_COLUMNS_MAX 8
#define GRID_TEXT_SIZE 128

struct grid_column {
	const char *heading;
	bool right;               /**< aligned at the right */
	unsigned int dispensable; /**< those with the highest are left out first; 0: never */
	size_t shrinks_to; /**< may lose the left of its texts down to this width; 0: may not */
};

struct grid_cell {
	enum colour colour;
	char text[GRID_TEXT_SIZE]; /**< each character, of ASCII or not, takes one place */
};

struct grid {
	const struct grid_column *columns;
	size_t columns_count;
	struct grid_cell *cells; /**< columns_count for each row */
	size_t rows;
	size_t capacity;
};

/** A grid without rows. @p columns, at most GRID_COLUMNS_MAX, are the caller's to keep. */
void grid_initialise(struct grid *grid, const struct grid_column *columns, size_t count);

/** Adds a row. @return its cells, all empty, valid until the next row; or NULL without memory */
struct grid_cell *grid_add(struct grid *grid);

/** Writes the headings, if there are any, and the rows. */
void grid_print(FILE *file, const struct grid *grid, const struct style *style);

void grid_finalise(struct grid *grid);

/** How many places @p text takes. */
size_t grid_text_width(const char *text);

#endif
