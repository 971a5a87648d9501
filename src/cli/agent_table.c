/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/agent_table.h"

#include "cli/grid.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>

enum column {
	COLUMN_NAME,
	COLUMN_VALUE,
	COLUMN_RANGE,
	COLUMN_SINCE,
	COLUMN_TOP,
	COLUMNS,
};

static const struct grid_column columns[COLUMNS] = {
	[COLUMN_NAME] = {.heading = "raised"},
	[COLUMN_VALUE] = {"value", .right = true},
	[COLUMN_RANGE] = {"range", .right = true, .dispensable = 3},
	[COLUMN_SINCE] = {"since", .dispensable = 2},
	[COLUMN_TOP] = {"top", .dispensable = 1},
};

static void write_text_cell(struct grid_cell *cell, const char *text, bool utf8)
{
	utf8_escape(cell->text, sizeof(cell->text), text, utf8 ? UTF8_ANYWHERE : UTF8_ASCII);
}

static int add_raised(struct grid *grid, const struct raised_threshold *raised, bool utf8)
{
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	write_text_cell(&cells[COLUMN_NAME], raised->name, utf8);
	if (raised->has_value)
		snprintf(cells[COLUMN_VALUE].text, GRID_TEXT_SIZE, "%" PRIu32, raised->value);
	else
		snprintf(cells[COLUMN_VALUE].text, GRID_TEXT_SIZE, "-");
	write_text_cell(&cells[COLUMN_RANGE], raised->range, utf8);
	write_text_cell(&cells[COLUMN_SINCE], raised->since, utf8);
	write_text_cell(&cells[COLUMN_TOP], raised->top, utf8);
	cells[COLUMN_NAME].colour = cells[COLUMN_VALUE].colour = COLOUR_RED;
	return 0;
}

int agent_table_write(FILE *file, const struct agent_details *agent, const struct style *style)
{
	struct grid grid;
	int error = 0;

	if (agent->raised_count == 0) {
		char line[80];

		snprintf(line, sizeof(line), "no threshold of %zu raised", agent->thresholds);
		grid_print_line(file, style, COLOUR_PLAIN, line);
		return 0;
	}
	grid_initialise(&grid, columns, COLUMNS);
	for (size_t i = 0; error == 0 && i < agent->raised_count; i++)
		error = add_raised(&grid, &agent->raised[i], style->utf8);
	if (error == 0)
		grid_print(file, &grid, style);
	grid_finalise(&grid);
	return error;
}
