/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/grid.h"

#include <stdlib.h>
#include <string.h>

#define GAP 2

struct layout {
	bool shown[GRID_COLUMNS_MAX];
	size_t widths[GRID_COLUMNS_MAX];
};

void grid_initialise(struct grid *grid, const struct grid_column *columns, size_t count)
{
	*grid = (struct grid){.columns = columns, .columns_count = count};
}

void grid_finalise(struct grid *grid)
{
	free(grid->cells);
	*grid = (struct grid){0};
}

struct grid_cell *grid_add(struct grid *grid)
{
	size_t row_size = grid->columns_count * sizeof(*grid->cells);
	struct grid_cell *row;

	if (grid->rows == grid->capacity) {
		size_t capacity = grid->capacity == 0 ? 16 : 2 * grid->capacity;
		struct grid_cell *cells = realloc(grid->cells, capacity * row_size);

		if (cells == NULL)
			return NULL;
		grid->cells = cells;
		grid->capacity = capacity;
	}
	row = &grid->cells[grid->rows++ * grid->columns_count];
	memset(row, 0, row_size);
	return row;
}

/* ---- UTF-8 ---- */

static bool continues_character(char octet)
{
	return ((unsigned char)octet & 0xc0) == 0x80;
}

size_t grid_text_width(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += !continues_character(*text);
	return width;
}

/* Skips @p count characters. */
static const char *skip_characters(const char *text, size_t count)
{
	for (; count > 0 && *text != '\0'; count--) {
		do {
			text++;
		} while (continues_character(*text));
	}
	return text;
}

/* ---- the columns and their widths ---- */

static const struct grid_cell *cell_at(const struct grid *grid, size_t row, size_t column)
{
	return &grid->cells[row * grid->columns_count + column];
}

static size_t natural_width(const struct grid *grid, size_t column)
{
	size_t width = grid_text_width(grid->columns[column].heading);

	for (size_t row = 0; row < grid->rows; row++) {
		size_t needed = grid_text_width(cell_at(grid, row, column)->text);

		if (needed > width)
			width = needed;
	}
	return width;
}

/* The number of characters by which a column may shrink. */
static size_t slack(const struct grid *grid, const struct layout *layout, size_t column)
{
	size_t least = grid->columns[column].shrinks_to;

	return least > 0 && layout->widths[column] > least ? layout->widths[column] - least : 0;
}

static size_t width_of(const struct grid *grid, const struct layout *layout, bool shrunk)
{
	size_t width = 0;

	for (size_t column = 0; column < grid->columns_count; column++) {
		if (!layout->shown[column])
			continue;
		width += layout->widths[column] + (width > 0 ? GAP : 0);
		if (shrunk)
			width -= slack(grid, layout, column);
	}
	return width;
}

static unsigned int most_dispensable(const struct grid *grid, const struct layout *layout)
{
	unsigned int most = 0;

	for (size_t column = 0; column < grid->columns_count; column++) {
		if (layout->shown[column] && grid->columns[column].dispensable > most)
			most = grid->columns[column].dispensable;
	}
	return most;
}

static void leave_out(const struct grid *grid, struct layout *layout, unsigned int dispensable)
{
	for (size_t column = 0; column < grid->columns_count; column++) {
		if (grid->columns[column].dispensable == dispensable)
			layout->shown[column] = false;
	}
}

static void shrink(const struct grid *grid, struct layout *layout, size_t width)
{
	for (size_t column = 0; column < grid->columns_count; column++) {
		size_t now = width_of(grid, layout, false);
		size_t less = slack(grid, layout, column);

		if (!layout->shown[column] || now <= width)
			continue;
		layout->widths[column] -= now - width < less ? now - width : less;
	}
}

static void lay_out(const struct grid *grid, size_t width, struct layout *layout)
{
	unsigned int dispensable;

	for (size_t column = 0; column < grid->columns_count; column++) {
		layout->shown[column] = true;
		layout->widths[column] = natural_width(grid, column);
	}
	while (width_of(grid, layout, true) > width &&
	       (dispensable = most_dispensable(grid, layout)) > 0)
		leave_out(grid, layout, dispensable);
	shrink(grid, layout, width);
}

/* ---- writing ---- */

struct line {
	FILE *file;
	const struct style *style;
	size_t used;    /* width of the line so far */
	size_t pending; /* spaces before the next text, so that none ends a line */
};

/* Writes the first @p characters of @p text, or as many as fit into the line. */
static void write_grid_text(struct line *line, enum colour colour, const char *text,
			    size_t characters)
{
	size_t room = line->style->width - line->used;

	if (characters == 0 || line->pending >= room)
		return;
	room -= line->pending;
	if (characters > room)
		characters = room;
	fprintf(line->file, "%*s", (int)line->pending, "");
	style_write(line->file, line->style, colour, text,
		    (size_t)(skip_characters(text, characters) - text));
	line->used += line->pending + characters;
	line->pending = 0;
}

static void write_grid_cell(struct line *line, const struct grid_column *column, size_t width,
			    enum colour colour, const char *text)
{
	size_t characters = grid_text_width(text);
	size_t spaces = characters < width ? width - characters : 0;

	if (column->right)
		line->pending += spaces;
	write_grid_text(line, colour, text, width - spaces);
	if (!column->right)
		line->pending += spaces;
}

static void end_line(struct line *line)
{
	fputc('\n', line->file);
	line->used = 0;
	line->pending = 0;
}

static bool has_headings(const struct grid *grid)
{
	for (size_t column = 0; column < grid->columns_count; column++) {
		if (grid->columns[column].heading[0] != '\0')
			return true;
	}
	return false;
}

static void print_headings(struct line *line, const struct grid *grid, const struct layout *layout)
{
	for (size_t column = 0; column < grid->columns_count; column++) {
		if (!layout->shown[column])
			continue;
		write_grid_cell(line, &grid->columns[column], layout->widths[column], COLOUR_BOLD,
				grid->columns[column].heading);
		line->pending += GAP;
	}
	end_line(line);
}

/* A text that is too long ends at the right edge of its column, after a mark. */
static void write_truncated_cell(struct line *line, const struct grid_column *column, size_t width,
				 const struct grid_cell *cell)
{
	const size_t characters = grid_text_width(cell->text);
	char text[GRID_TEXT_SIZE + sizeof("…")];

	if (characters <= width || width == 0 || column->unmarked) {
		write_grid_cell(
			line, column, width, cell->colour,
			skip_characters(cell->text, characters > width ? characters - width : 0));
		return;
	}
	snprintf(text, sizeof(text), "%s%s", line->style->utf8 ? "…" : "<",
		 skip_characters(cell->text, characters - width + 1));
	write_grid_cell(line, column, width, cell->colour, text);
}

static void print_grid_row(struct line *line, const struct grid *grid, const struct layout *layout,
			   size_t row)
{
	for (size_t column = 0; column < grid->columns_count; column++) {
		const struct grid_cell *cell = cell_at(grid, row, column);
		size_t width = layout->widths[column];

		if (!layout->shown[column])
			continue;
		write_truncated_cell(line, &grid->columns[column], width, cell);
		line->pending += GAP;
	}
	end_line(line);
}

void grid_print(FILE *file, const struct grid *grid, const struct style *style)
{
	struct line line = {.file = file, .style = style};
	struct layout layout;

	lay_out(grid, style->width, &layout);
	if (has_headings(grid))
		print_headings(&line, grid, &layout);
	for (size_t row = 0; row < grid->rows; row++)
		print_grid_row(&line, grid, &layout, row);
}

void grid_print_line(FILE *file, const struct style *style, enum colour colour, const char *text)
{
	struct line line = {.file = file, .style = style};

	write_grid_text(&line, colour, text, grid_text_width(text));
	end_line(&line);
}
