/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/chart.h"
#include "cli/grid.h"
#include "cli/tables.h"

#include <errno.h>

#define BAR_PLACES 10

/* Of the backlog, where it is time to look. */
#define NEARLY_FULL_PERCENT 80

/* The port is what an endpoint is known by. */
#define ENDPOINT_LEAST 14

enum column {
	COLUMN_FILL,
	COLUMN_QUEUED,
	COLUMN_BACKLOG,
	COLUMN_DROPPED,
	COLUMN_SOCKETS,
	COLUMN_ENDPOINT,
	COLUMNS,
};

static const struct grid_column columns[COLUMNS] = {
	[COLUMN_FILL] = {"queue", .dispensable = 1},
	[COLUMN_QUEUED] = {"queued", .right = true},
	[COLUMN_BACKLOG] = {"backlog", .right = true},
	[COLUMN_DROPPED] = {"drops", .right = true},
	[COLUMN_SOCKETS] = {"sockets", .right = true, .dispensable = 2},
	[COLUMN_ENDPOINT] = {"endpoint", .shrinks_to = ENDPOINT_LEAST},
};

static enum colour fill_colour(const struct listener *listener)
{
	if (listener->queued == 0)
		return COLOUR_DIM;
	if (listener->queued >= listener->backlog)
		return COLOUR_RED;
	return UINT64_C(100) * listener->queued < (uint64_t)NEARLY_FULL_PERCENT * listener->backlog
		       ? COLOUR_GREEN
		       : COLOUR_YELLOW;
}

static void write_number(struct grid_cell *cell, uint32_t number)
{
	snprintf(cell->text, sizeof(cell->text), "%u", number);
}

static int add_listener(struct grid *grid, const struct listener *listener, bool utf8)
{
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	chart_bar(cells[COLUMN_FILL].text, BAR_PLACES, listener->queued, listener->backlog, utf8);
	cells[COLUMN_FILL].colour = fill_colour(listener);
	write_number(&cells[COLUMN_QUEUED], listener->queued);
	write_number(&cells[COLUMN_BACKLOG], listener->backlog);
	write_number(&cells[COLUMN_DROPPED], listener->dropped);
	if (listener->dropped > 0)
		cells[COLUMN_DROPPED].colour = COLOUR_RED;
	write_number(&cells[COLUMN_SOCKETS], listener->sockets);
	endpoint_text(&listener->endpoint, cells[COLUMN_ENDPOINT].text);
	return 0;
}

int table_listeners(FILE *file, const struct snapshot *snapshot, const struct view *view,
		    const struct style *style)
{
	struct grid grid;
	int error = 0;

	grid_initialise(&grid, columns, COLUMNS);
	for (size_t place = 0; error == 0 && place < snapshot->listeners_count; place++) {
		const struct listener *listener = &snapshot->listeners[place];

		if (view->families[listener->endpoint.family])
			error = add_listener(&grid, listener, style->utf8);
	}
	if (error == 0)
		grid_print(file, &grid, style);
	grid_finalise(&grid);
	return error;
}
