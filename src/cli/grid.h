/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of aligned columns that are never wider than the terminal: less important columns are left
 * out, and others shrink.
 */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include "cli/style.h"

#define GRID_COLUMNS_MAX 10
#define GRID_TEXT_SIZE 128

struct grid_column {
	const char *heading;
	bool right;               /**< right-aligned */
	unsigned int dispensable; /**< the column with the highest is left out first; 0: never */
	size_t shrinks_to; /**< minimum width, by truncating texts on the left; 0: never shrinks */
	bool unmarked;     /**< truncation is not marked: a chart */
};

struct grid_cell {
	enum colour colour;
	char text[GRID_TEXT_SIZE]; /**< UTF-8; each character is one column wide */
};

struct grid {
	const struct grid_column *columns;
	size_t columns_count;
	struct grid_cell *cells; /**< columns_count per row */
	size_t rows;
	size_t capacity;
};

/** Creates a grid without rows. @p columns, at most GRID_COLUMNS_MAX, must outlive it. */
void grid_initialise(struct grid *grid, const struct grid_column *columns, size_t count);

/** Adds a row. @return its empty cells, valid until the next row is added; NULL if out of memory */
struct grid_cell *grid_add(struct grid *grid);

/** Writes the headings, if any, and the rows. */
void grid_print(FILE *file, const struct grid *grid, const struct style *style);

/** Writes as much of @p text as fits into a line. */
void grid_print_line(FILE *file, const struct style *style, enum colour colour, const char *text);

void grid_finalise(struct grid *grid);

/** The width of @p text in characters. */
size_t grid_text_width(const char *text);

#endif
