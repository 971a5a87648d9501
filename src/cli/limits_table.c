/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/limits_table.h"

#include "cli/chart.h"
#include "cli/grid.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define BAR_PLACES 10

enum column {
	COLUMN_NAME,
	COLUMN_USED,
	COLUMN_LIMIT,
	COLUMN_PERCENT,
	COLUMN_BAR,
	COLUMNS,
};

static const struct grid_column columns[COLUMNS] = {
	[COLUMN_NAME] = {.heading = "limit"},
	[COLUMN_USED] = {"used", .right = true},
	[COLUMN_LIMIT] = {"of", .right = true},
	[COLUMN_PERCENT] = {"", .right = true, .dispensable = 1},
	[COLUMN_BAR] = {"", .dispensable = 2},
};

static void write_host_value(struct grid_cell *cell, const struct host *host,
			     enum host_object object)
{
	if (host->known[object])
		snprintf(cell->text, sizeof(cell->text), "%" PRIu64, host->value[object]);
	else
		snprintf(cell->text, sizeof(cell->text), "-");
}

static enum colour colour_of_percent(uint64_t percent)
{
	if (percent >= STYLE_FULL)
		return COLOUR_RED;
	return percent >= STYLE_NEARLY_FULL ? COLOUR_YELLOW : COLOUR_PLAIN;
}

static int add_limit(struct grid *grid, const char *name, const struct host *host,
		     enum host_object used, enum host_object limit, bool utf8)
{
	struct grid_cell *cells = grid_add(grid);
	uint64_t percent;

	if (cells == NULL)
		return -ENOMEM;
	snprintf(cells[COLUMN_NAME].text, GRID_TEXT_SIZE, "%s", name);
	write_host_value(&cells[COLUMN_USED], host, used);
	write_host_value(&cells[COLUMN_LIMIT], host, limit);
	if (!host->known[used] || !host->known[limit] || host->value[limit] == 0)
		return 0;
	percent = host->value[used] * 100 / host->value[limit];
	snprintf(cells[COLUMN_PERCENT].text, GRID_TEXT_SIZE, "%" PRIu64 "%%", percent);
	chart_bar(cells[COLUMN_BAR].text, BAR_PLACES, host->value[used], host->value[limit], utf8);
	for (size_t i = 0; i < COLUMNS; i++)
		cells[i].colour = colour_of_percent(percent);
	return 0;
}

/* A counter says something only while it grows. */
static int add_counter(struct grid *grid, const char *name, const struct host *host,
		       const struct host *before, enum host_object counter)
{
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	snprintf(cells[COLUMN_NAME].text, GRID_TEXT_SIZE, "%s", name);
	write_host_value(&cells[COLUMN_USED], host, counter);
	if (before == NULL || !host->known[counter] || !before->known[counter] ||
	    host->value[counter] <= before->value[counter])
		return 0;
	snprintf(cells[COLUMN_LIMIT].text, GRID_TEXT_SIZE, "+%" PRIu64,
		 host->value[counter] - before->value[counter]);
	for (size_t i = 0; i < COLUMNS; i++)
		cells[i].colour = COLOUR_RED;
	return 0;
}

int limits_table_write(FILE *file, const struct host *host, const struct host *before,
		       const struct style *style)
{
	static const struct {
		const char *name;
		enum host_object used, limit;
	} limits[] = {
		{"orphans", HOST_ORPHANS, HOST_ORPHANS_MAX},
		{"timeWait", HOST_TIME_WAITS, HOST_TIME_WAITS_MAX},
		{"memory (KiB)", HOST_MEMORY, HOST_MEMORY_MAX},
		{"conntrack", HOST_CONNTRACKS, HOST_CONNTRACKS_MAX},
	};
	static const struct {
		const char *name;
		enum host_object counter;
	} counters[] = {
		{"listen overflows", HOST_LISTEN_OVERFLOWS},
		{"SYN cookies sent", HOST_SYNCOOKIES_SENT},
	};
	struct grid grid;
	int error = 0;

	grid_initialise(&grid, columns, COLUMNS);
	for (size_t i = 0; error == 0 && i < sizeof(limits) / sizeof(limits[0]); i++) {
		/* Without conntrack, there is nothing to limit. */
		if (limits[i].used != HOST_CONNTRACKS || host->known[HOST_CONNTRACKS])
			error = add_limit(&grid, limits[i].name, host, limits[i].used,
					  limits[i].limit, style->utf8);
	}
	for (size_t i = 0; error == 0 && i < sizeof(counters) / sizeof(counters[0]); i++)
		error = add_counter(&grid, counters[i].name, host, before, counters[i].counter);
	if (error == 0)
		grid_print(file, &grid, style);
	grid_finalise(&grid);
	return error;
}
