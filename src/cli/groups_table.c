/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/groups_table.h"

#include "cli/chart.h"
#include "cli/grid.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>

/* With headings and sums, they fit into 24 lines. */
#define ROWS_MAX 16
#define BAR_PLACES 20

/* The columns after those of the keys. */
enum column {
	COLUMN_SOCKETS,
	COLUMN_BAR,
	COLUMN_PORT_USE,
	COLUMNS,
};

_Static_assert((int)GROUP_KEYS + (int)COLUMNS <= GRID_COLUMNS_MAX, "all keys");
_Static_assert(GROUP_TEXT_SIZE <= GRID_TEXT_SIZE, "a group's text");

static size_t describe_columns(const struct groups *groups, struct grid_column *columns)
{
	size_t count = 0;

	for (size_t i = 0; i < groups->keys.count; i++) {
		const enum group_key key = groups->keys.key[i];
		const bool number = key == KEY_PORT || key == KEY_PEER_PORT;

		columns[count++] = (struct grid_column){
			.heading = group_key_name(key),
			.right = number,
			.shrinks_to = number ? 0 : 14,
		};
	}
	columns[count++] = (struct grid_column){"sockets", .right = true};
	columns[count++] = (struct grid_column){"", .dispensable = 2};
	if (groups->port_use_known)
		columns[count++] =
			(struct grid_column){"local ports", .right = true, .dispensable = 1};
	return count;
}

static const char *name_of_missing(enum group_key key)
{
	return key == KEY_PEER || key == KEY_PEER_PORT ? "no peer" : "no owner";
}

static void write_key_cell(struct grid_cell *cell, const struct groups *groups,
			   const struct group *group, enum group_key key, bool utf8)
{
	char text[GROUP_TEXT_SIZE];

	if (group_text(groups, group, key, text)) {
		utf8_escape(cell->text, sizeof(cell->text), text,
			    utf8 ? UTF8_ANYWHERE : UTF8_ASCII);
		return;
	}
	snprintf(cell->text, sizeof(cell->text), "%s", name_of_missing(key));
	cell->colour = COLOUR_DIM;
}

/* "52 %", or "52 % to 5432" if the port is not a key */
static void write_port_use_cell(struct grid_cell *cell, const struct groups *groups,
				const struct group *group)
{
	if (group->port_use_port == 0)
		return;
	if (group_keys_contain(&groups->keys, KEY_PEER_PORT))
		snprintf(cell->text, sizeof(cell->text), "%u %%", group->port_use);
	else
		snprintf(cell->text, sizeof(cell->text), "%u %% to %u", group->port_use,
			 group->port_use_port);
	if (group->port_use >= STYLE_NEARLY_FULL)
		cell->colour = COLOUR_YELLOW;
}

static int add_group_row(struct grid *grid, const struct groups *groups, const struct group *group,
			 bool utf8)
{
	struct grid_cell *cells = grid_add(grid);
	const size_t keys = groups->keys.count;

	if (cells == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < keys; i++)
		write_key_cell(&cells[i], groups, group, groups->keys.key[i], utf8);
	snprintf(cells[keys + COLUMN_SOCKETS].text, GRID_TEXT_SIZE, "%u", group->sockets);
	chart_bar(cells[keys + COLUMN_BAR].text, BAR_PLACES, group->sockets, groups->total, utf8);
	if (groups->port_use_known)
		write_port_use_cell(&cells[keys + COLUMN_PORT_USE], groups, group);
	return 0;
}

static int add_sum_row(struct grid *grid, const struct groups *groups, const char *name,
		       uint64_t sockets, enum colour colour)
{
	struct grid_cell *cells = grid_add(grid);
	struct grid_cell *number;

	if (cells == NULL)
		return -ENOMEM;
	number = &cells[groups->keys.count + COLUMN_SOCKETS];
	snprintf(cells[0].text, sizeof(cells[0].text), "%s", name);
	snprintf(number->text, sizeof(number->text), "%" PRIu64, sockets);
	cells[0].colour = number->colour = colour;
	return 0;
}

static int fill_groups(struct grid *grid, const struct groups *groups, bool utf8)
{
	const size_t shown = groups->count > ROWS_MAX + 1 ? ROWS_MAX : groups->count;
	uint64_t others = groups->total;
	int error = 0;

	for (size_t i = 0; error == 0 && i < shown; i++) {
		error = add_group_row(grid, groups, &groups->group[i], utf8);
		others -= groups->group[i].sockets;
	}
	if (error == 0 && shown < groups->count) {
		char name[32];

		snprintf(name, sizeof(name), "%zu others", groups->count - shown);
		error = add_sum_row(grid, groups, name, others, COLOUR_DIM);
	}
	return error == 0 ? add_sum_row(grid, groups, "total", groups->total, COLOUR_BOLD) : error;
}

int groups_table_write(FILE *file, const struct groups *groups, const struct style *style)
{
	struct grid_column columns[GRID_COLUMNS_MAX];
	struct grid grid;
	int error;

	grid_initialise(&grid, columns, describe_columns(groups, columns));
	error = fill_groups(&grid, groups, style->utf8);
	if (error == 0)
		grid_print(file, &grid, style);
	grid_finalise(&grid);
	return error;
}
