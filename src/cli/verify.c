/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verify.h"

#include "cli/grid.h"
#include "collect/refresher.h"

#include <errno.h>
#include <inttypes.h>

/* While sockets come and go all the time, the kernel's counts differ in one of five attempts. */
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

int verify_count(struct verification *verification, const char **problem)
{
	struct refresher refresher;
	int error = -ENODATA;

	refresher_initialise(&refresher);
	for (int try = 0; try < TRIES; try++) {
		error = refresher_verify(&refresher, verification, problem);
		if (error == 0 ? verification_agrees(verification) : error != -ENODATA)
			break;
	}
	refresher_finalise(&refresher);
	return error;
}

/* Closed sockets are not counted here. */
static void write_count(struct grid_cell *cell, uint32_t count, enum tcp_state state)
{
	if (state == STATE_CLOSED)
		snprintf(cell->text, sizeof(cell->text), "-");
	else
		snprintf(cell->text, sizeof(cell->text), "%u", count);
}

static int add_compared_state(struct grid *grid, const struct verification *verification,
			      enum tcp_family family, enum tcp_state state)
{
	int64_t distance = verification_distance(verification, family, state);
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	snprintf(cells[COLUMN_FAMILY].text, GRID_TEXT_SIZE, "%s", tcp_family_name(family));
	snprintf(cells[COLUMN_STATE].text, GRID_TEXT_SIZE, "%s", tcp_state_name(state));
	write_count(&cells[COLUMN_BEFORE], verification->before.sockets[family][state], state);
	write_count(&cells[COLUMN_FULL], verification->full[family][state], state);
	write_count(&cells[COLUMN_AFTER], verification->after.sockets[family][state], state);
	if (state == STATE_CLOSED)
		snprintf(cells[COLUMN_DISTANCE].text, GRID_TEXT_SIZE, "-");
	else
		snprintf(cells[COLUMN_DISTANCE].text, GRID_TEXT_SIZE, "%" PRId64, distance);
	cells[COLUMN_DISTANCE].colour = distance == 0 ? COLOUR_DIM : COLOUR_RED;
	return 0;
}

int verify_print(FILE *file, const struct verification *verification, const struct style *style)
{
	struct grid grid;
	int error = 0;

	grid_initialise(&grid, columns, COLUMNS);
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; error == 0 && state < STATES; state++)
			error = add_compared_state(&grid, verification, family, state);
	}
	if (error == 0) {
		grid_print(file, &grid, style);
		fprintf(file, "\noff by %" PRId64 ", churn allows %" PRId64 "\nthey %s\n",
			verification_total_distance(verification),
			verification_allowance(verification),
			verification_agrees(verification) ? "agree" : "disagree");
	}
	grid_finalise(&grid);
	return error;
}
