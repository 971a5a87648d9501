/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verify.h"

#include "cli/grid.h"
#include "collect/gatherer.h"

#include <errno.h>
#include <inttypes.h>

/* Where few sockets come and go all the time, the kernel's counts miss one in five times. */
#define TRIES 10

enum column {
	COLUMN_FAMILY,
	COLUMN_STATE,
	COLUMN_BEFORE,
	COLUMN_FULL,
	COLUMN_AFTER,
	COLUMN_DISTANCE,
	COLUMNS,
};

static const struct grid_column columns[COLUMNS] = {
	[COLUMN_FAMILY] = {.heading = "family"},
	[COLUMN_STATE] = {.heading = "state"},
	[COLUMN_BEFORE] = {"derived", .right = true},
	[COLUMN_FULL] = {"full", .right = true},
	[COLUMN_AFTER] = {"derived again", .right = true, .dispensable = 1},
	[COLUMN_DISTANCE] = {"off by", .right = true},
};

int verify_count(struct comparison *comparison, const char **problem)
{
	const struct wanted wanted = {.policy = COUNT_AUTO};
	struct gatherer gatherer;
	int error = -ENODATA;

	gatherer_initialise(&gatherer);
	for (int try = 0; try < TRIES; try++) {
		error = gatherer_compare(&gatherer, &wanted, comparison, problem);
		if (error == 0 ? comparison_agrees(comparison) : error != -ENODATA)
			break;
	}
	gatherer_finalise(&gatherer);
	return error;
}

static void write_count(struct grid_cell *cell, const struct tally *tally, enum tcp_family family,
			enum tcp_state state)
{
	snprintf(cell->text, sizeof(cell->text), "%u", tally->counts.sockets[family][state]);
}

static int add_state(struct grid *grid, const struct comparison *comparison, enum tcp_family family,
		     enum tcp_state state)
{
	int64_t distance = comparison_distance(comparison, family, state);
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	snprintf(cells[COLUMN_FAMILY].text, GRID_TEXT_SIZE, "%s", tcp_family_name(family));
	snprintf(cells[COLUMN_STATE].text, GRID_TEXT_SIZE, "%s", tcp_state_name(state));
	write_count(&cells[COLUMN_BEFORE], &comparison->before, family, state);
	write_count(&cells[COLUMN_FULL], &comparison->full, family, state);
	write_count(&cells[COLUMN_AFTER], &comparison->after, family, state);
	snprintf(cells[COLUMN_DISTANCE].text, GRID_TEXT_SIZE, "%" PRId64, distance);
	cells[COLUMN_DISTANCE].colour = distance == 0 ? COLOUR_DIM : COLOUR_RED;
	return 0;
}

int verify_print(FILE *file, const struct comparison *comparison, const struct style *style)
{
	struct grid grid;
	int error = 0;

	grid_initialise(&grid, columns, COLUMNS);
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; error == 0 && state < STATES; state++)
			error = add_state(&grid, comparison, family, state);
	}
	if (error == 0) {
		grid_print(file, &grid, style);
		fprintf(file, "\noff by %" PRId64 ", churn allows %" PRId64 "\nthey %s\n",
			comparison_total_distance(comparison), comparison_allowance(comparison),
			comparison_agrees(comparison) ? "agree" : "disagree");
	}
	grid_finalise(&grid);
	return error;
}
