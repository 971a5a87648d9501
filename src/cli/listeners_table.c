/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/listeners_table.h"

#include "cli/chart.h"
#include "cli/devices.h"
#include "cli/grid.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define BAR_PLACES 10

/* The port is what identifies an endpoint to most readers. */
#define ENDPOINT_LEAST 14

enum column {
	COLUMN_BAR,
	COLUMN_FILL,
	COLUMN_QUEUED,
	COLUMN_BACKLOG,
	COLUMN_SYN_QUEUE,
	COLUMN_DROPPED,
	COLUMN_SOCKETS,
	COLUMN_ENDPOINT,
	COLUMN_DEVICES,
	COLUMNS,
};

static const struct grid_column columns[COLUMNS] = {
	[COLUMN_BAR] = {"queue", .dispensable = 2},
	[COLUMN_FILL] = {"fill", .right = true, .dispensable = 1},
	[COLUMN_QUEUED] = {"queued", .right = true},
	[COLUMN_BACKLOG] = {"backlog", .right = true},
	[COLUMN_SYN_QUEUE] = {"syn", .right = true, .dispensable = 4},
	[COLUMN_DROPPED] = {"drops", .right = true},
	[COLUMN_SOCKETS] = {"sockets", .right = true, .dispensable = 3},
	[COLUMN_ENDPOINT] = {"endpoint", .shrinks_to = ENDPOINT_LEAST},
	[COLUMN_DEVICES] = {"device", .dispensable = 5},
};

static enum colour fill_colour(const struct listener *listener)
{
	if (listener->queued == 0)
		return COLOUR_DIM;
	if (listener->fill >= STYLE_FULL)
		return COLOUR_RED;
	return listener->fill < STYLE_NEARLY_FULL ? COLOUR_GREEN : COLOUR_YELLOW;
}

static void write_number_cell(struct grid_cell *cell, uint64_t number)
{
	snprintf(cell->text, sizeof(cell->text), "%" PRIu64, number);
}

static void write_devices_cell(struct grid_cell *cell, const struct listener *listener, bool utf8)
{
	char text[DEVICES_TEXT_SIZE];

	devices_text(listener, text);
	utf8_escape(cell->text, sizeof(cell->text), text, utf8 ? UTF8_ANYWHERE : UTF8_ASCII);
}

/* "12", or "12 (+3)" while it grows */
static void write_drops_cell(struct grid_cell *cell, const struct listener *listener,
			     const struct snapshot *before)
{
	const struct listener *earlier =
		before == NULL ? NULL : snapshot_listener(before, &listener->endpoint);

	if (earlier == NULL || listener->dropped <= earlier->dropped) {
		write_number_cell(cell, listener->dropped);
		return;
	}
	snprintf(cell->text, sizeof(cell->text), "%" PRIu64 " (+%" PRIu64 ")", listener->dropped,
		 listener->dropped - earlier->dropped);
	cell->colour = COLOUR_RED;
}

static int add_listener_row(struct grid *grid, const struct listener *listener,
			    const struct snapshot *before, bool utf8)
{
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	chart_bar(cells[COLUMN_BAR].text, BAR_PLACES, listener->fill, STYLE_FULL, utf8);
	cells[COLUMN_BAR].colour = fill_colour(listener);
	snprintf(cells[COLUMN_FILL].text, sizeof(cells[COLUMN_FILL].text), "%u%%", listener->fill);
	write_number_cell(&cells[COLUMN_QUEUED], listener->queued);
	write_number_cell(&cells[COLUMN_BACKLOG], listener->backlog);
	write_number_cell(&cells[COLUMN_SYN_QUEUE], listener->syn_queue);
	write_drops_cell(&cells[COLUMN_DROPPED], listener, before);
	write_number_cell(&cells[COLUMN_SOCKETS], listener->sockets);
	endpoint_text(&listener->endpoint, cells[COLUMN_ENDPOINT].text);
	if (grid->columns_count > COLUMN_DEVICES)
		write_devices_cell(&cells[COLUMN_DEVICES], listener, utf8);
	return 0;
}

/* The fullest endpoint is first. Equally full ones keep their order. */
static int compare_listeners(const void *left, const void *right)
{
	const struct listener *one = *(const struct listener *const *)left;
	const struct listener *other = *(const struct listener *const *)right;

	if (one->fill != other->fill)
		return one->fill < other->fill ? 1 : -1;
	return (one > other) - (one < other);
}

/* Selects the listeners of the view. @p devices is set if one is bound to an interface. @return
 * their number */
static size_t sort_listeners(const struct snapshot *snapshot, const struct view *view,
			     const struct listener **sorted, bool *devices)
{
	size_t count = 0;

	*devices = false;
	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		const struct listener *listener = &snapshot->listeners[i];

		if (!view_has_listener(view, listener))
			continue;
		sorted[count++] = listener;
		*devices |= listener->devices_count > 0;
	}
	if (count > 1) /* NOLINTNEXTLINE(bugprone-sizeof-expression) these are pointers */
		qsort(sorted, count, sizeof(*sorted), compare_listeners);
	return count;
}

int listeners_table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
			  const struct style *style, const struct snapshot *before)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) these are pointers */
	const struct listener **sorted = calloc(snapshot->listeners_count + 1, sizeof(*sorted));
	struct grid grid;
	size_t count;
	bool devices;
	int error = 0;

	if (sorted == NULL)
		return -ENOMEM;
	count = sort_listeners(snapshot, view, sorted, &devices);
	grid_initialise(&grid, columns, devices ? COLUMNS : COLUMN_DEVICES);
	for (size_t i = 0; i < count; i++) {
		error = add_listener_row(&grid, sorted[i], before, style->utf8);
		if (error != 0)
			goto cleanup;
	}
	grid_print(file, &grid, style);

cleanup:
	grid_finalise(&grid);
	free(sorted);
	return error;
}
