/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/counts_table.h"

#include "cli/chart.h"
#include "cli/grid.h"
#include "model/agent_details.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>

#define SPARKLINE_LEAST 8

typedef uint32_t state_counts[STATES];

enum column {
	COLUMN_STATE,
	COLUMN_IPV4,
	COLUMN_IPV6,
	COLUMN_TOTAL,
	COLUMN_MINIMUM,
	COLUMN_MAXIMUM,
	COLUMN_CHANGE,
	COLUMN_MINUTE,
	COLUMNS,
};

/* A table: the sockets of the machine or of a port. */
struct table {
	const struct snapshot *snapshot;
	const state_counts *sockets;     /* of each family */
	const struct watch_count *watch; /* that they belong to, or NULL */
	const struct view *view;
	const struct style *style;
	const struct trend *trend; /* or NULL */
	enum column columns[COLUMNS];
	size_t columns_count;
};

static bool both_families(const struct view *view)
{
	return view->families[FAMILY_IPV4] && view->families[FAMILY_IPV6];
}

/* The window's extremes are those of all sockets of both families. */
static bool has_extremes(const struct table *table)
{
	return table->snapshot->agent != NULL && table->watch == NULL &&
	       table->view->subject == VIEW_COUNTS && both_families(table->view);
}

static void choose_columns(struct table *table)
{
	const struct view *view = table->view;
	const bool shown[COLUMNS] = {
		[COLUMN_STATE] = true,
		[COLUMN_IPV4] = view->families[FAMILY_IPV4],
		[COLUMN_IPV6] = view->families[FAMILY_IPV6],
		[COLUMN_TOTAL] = both_families(view),
		[COLUMN_MINIMUM] = has_extremes(table),
		[COLUMN_MAXIMUM] = has_extremes(table),
		[COLUMN_CHANGE] = table->trend != NULL,
		[COLUMN_MINUTE] = table->trend != NULL,
	};

	for (enum column column = 0; column < COLUMNS; column++) {
		if (shown[column])
			table->columns[table->columns_count++] = column;
	}
}

static void describe_columns(const struct table *table, struct grid_column columns[COLUMNS])
{
	/* If the table has totals, it can do without the families. */
	const unsigned int family = both_families(table->view) ? 3 : 0;
	const struct grid_column all[COLUMNS] = {
		[COLUMN_STATE] = {.heading = "state"},
		[COLUMN_IPV4] = {"ipv4", .right = true, .dispensable = family},
		[COLUMN_IPV6] = {"ipv6", .right = true, .dispensable = family},
		[COLUMN_TOTAL] = {"total", .right = true},
		[COLUMN_MINIMUM] = {"min", .right = true, .dispensable = 4},
		[COLUMN_MAXIMUM] = {"max", .right = true, .dispensable = 4},
		[COLUMN_CHANGE] = {"change", .right = true, .dispensable = 1},
		[COLUMN_MINUTE] = {"last minute", .dispensable = 2, .shrinks_to = SPARKLINE_LEAST,
				   .unmarked = true},
	};

	for (size_t i = 0; i < table->columns_count; i++)
		columns[i] = all[table->columns[i]];
}

static bool is_counted(const struct table *table, enum tcp_state state)
{
	return snapshot_counts_watch(table->snapshot, table->watch, state);
}

static uint64_t shown_families(const struct table *table, enum tcp_state state)
{
	uint64_t sockets = 0;

	if (!is_counted(table, state))
		return 0;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		if (table->view->families[family])
			sockets += table->sockets[family][state];
	}
	return sockets;
}

static void write_number_cell(struct grid_cell *cell, uint64_t number)
{
	snprintf(cell->text, sizeof(cell->text), "%" PRIu64, number);
	cell->colour = number == 0 ? COLOUR_DIM : COLOUR_PLAIN;
}

/* A state that is not counted is not zero, and has no history. */
static void write_uncounted(struct grid_cell *cell, enum column column)
{
	if (column == COLUMN_CHANGE || column == COLUMN_MINUTE)
		return;
	snprintf(cell->text, sizeof(cell->text), "-");
	cell->colour = COLOUR_DIM;
}

/* More sockets in these states mean a leak, a flood or peers that do not answer. */
static bool growth_is_bad(enum tcp_state state)
{
	return state == STATE_SYN_SENT || state == STATE_SYN_RECEIVED ||
	       state == STATE_FIN_WAIT_1 || state == STATE_CLOSE_WAIT || state == STATE_LAST_ACK ||
	       state == STATE_CLOSING;
}

/* Only changes are shown, so that they stand out. */
static void write_change(struct grid_cell *cell, enum tcp_state state, int64_t change)
{
	if (change == 0)
		return;
	snprintf(cell->text, sizeof(cell->text), "%+" PRId64, change);
	if (growth_is_bad(state))
		cell->colour = change > 0 ? COLOUR_YELLOW : COLOUR_GREEN;
}

static void write_extreme_cell(const struct table *table, enum tcp_state state, enum column column,
			       struct grid_cell *cell)
{
	const struct agent_details *agent = table->snapshot->agent;

	if (agent->extremes_known[state])
		write_number_cell(cell, column == COLUMN_MINIMUM ? agent->minimum[state]
								 : agent->maximum[state]);
	else
		write_uncounted(cell, column);
}

static void write_count_cell(const struct table *table, enum tcp_state state, enum column column,
			     struct grid_cell *cell)
{
	if (column != COLUMN_STATE && !is_counted(table, state)) {
		write_uncounted(cell, column);
		return;
	}
	switch (column) {
	case COLUMN_STATE:
		snprintf(cell->text, sizeof(cell->text), "%s", tcp_state_name(state));
		break;
	case COLUMN_IPV4:
		write_number_cell(cell, table->sockets[FAMILY_IPV4][state]);
		break;
	case COLUMN_IPV6:
		write_number_cell(cell, table->sockets[FAMILY_IPV6][state]);
		break;
	case COLUMN_TOTAL:
		write_number_cell(cell, shown_families(table, state));
		break;
	case COLUMN_MINIMUM:
	case COLUMN_MAXIMUM:
		write_extreme_cell(table, state, column, cell);
		break;
	case COLUMN_CHANGE:
		write_change(cell, state, table->trend->change[state]);
		break;
	case COLUMN_MINUTE:
		chart_sparkline(cell->text, table->trend->largest[state], table->trend->steps,
				table->style->utf8);
		break;
	case COLUMNS:
		break;
	}
}

static int add_state_row(struct grid *grid, const struct table *table, enum tcp_state state)
{
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < table->columns_count; i++)
		write_count_cell(table, state, table->columns[i], &cells[i]);
	return 0;
}

static uint64_t sum_of_family(const struct table *table, enum tcp_family family)
{
	uint64_t sum = 0;

	for (enum tcp_state state = 0; state < STATES; state++) {
		if (table->view->states[state] && is_counted(table, state))
			sum += table->sockets[family][state];
	}
	return sum;
}

static int add_total(struct grid *grid, const struct table *table)
{
	const uint64_t sums[FAMILIES] = {sum_of_family(table, FAMILY_IPV4),
					 sum_of_family(table, FAMILY_IPV6)};
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < table->columns_count; i++) {
		enum column column = table->columns[i];

		if (column == COLUMN_STATE)
			snprintf(cells[i].text, sizeof(cells[i].text), "total");
		else if (column == COLUMN_IPV4 || column == COLUMN_IPV6)
			write_number_cell(&cells[i],
					  sums[column == COLUMN_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6]);
		else if (column == COLUMN_TOTAL)
			write_number_cell(&cells[i], sums[FAMILY_IPV4] + sums[FAMILY_IPV6]);
		cells[i].colour = COLOUR_BOLD;
	}
	return 0;
}

static int fill(struct grid *grid, const struct table *table)
{
	size_t rows = 0;
	int error = 0;

	for (enum tcp_state state = 0; error == 0 && state < STATES; state++) {
		if (!table->view->states[state])
			continue;
		error = add_state_row(grid, table, state);
		rows++;
	}
	if (error == 0 && rows > 1)
		error = add_total(grid, table);
	return error;
}

static int print(FILE *file, struct table *table)
{
	struct grid_column columns[COLUMNS];
	struct grid grid;
	int error;

	choose_columns(table);
	describe_columns(table, columns);
	grid_initialise(&grid, columns, table->columns_count);
	error = fill(&grid, table);
	if (error == 0)
		grid_print(file, &grid, table->style);
	grid_finalise(&grid);
	return error;
}

/* ---- the view ---- */

size_t counts_tables(const struct snapshot *snapshot, const struct view *view)
{
	switch (view->subject) {
	case VIEW_COUNTS:
		return 1;
	case VIEW_PORTS:
		return view->ports->count;
	case VIEW_WATCHES:
		return snapshot->watches_count;
	default:
		return 0;
	}
}

static const struct watch_count *watch_of_table(const struct snapshot *snapshot,
						const struct view *view, size_t table)
{
	if (view->subject == VIEW_WATCHES)
		return &snapshot->watches[table];
	return view->subject == VIEW_PORTS ? watched_port_count(snapshot, &view->ports->port[table])
					   : view_selection(view, snapshot);
}

static struct table make_table(const struct snapshot *snapshot, const struct view *view,
			       size_t table)
{
	const struct watch_count *watch = watch_of_table(snapshot, view, table);

	return (struct table){
		.snapshot = snapshot,
		.sockets = watch == NULL ? snapshot->sockets : watch->sockets,
		.watch = watch,
		.view = view,
	};
}

void counts_table_totals(const struct snapshot *snapshot, const struct view *view, size_t table,
			 uint32_t totals[STATES])
{
	const struct table counted = make_table(snapshot, view, table);

	for (enum tcp_state state = 0; state < STATES; state++)
		totals[state] = (uint32_t)shown_families(&counted, state);
}

/* "port 443, https, peer 192.0.2.0/24" */
static void print_port(FILE *file, const struct watched_port *port, const char *conditions,
		       const struct style *style)
{
	const enum utf8_target target = style->utf8 ? UTF8_ANYWHERE : UTF8_ASCII;
	char service[UTF8_ESCAPED_SIZE(SERVICE_NAME_SIZE)], number[PORT_TEXT_SIZE];
	char others[UTF8_ESCAPED_SIZE(WATCH_TEXT_MAX + 1)];
	char text[sizeof("port , , ") + sizeof(number) + sizeof(service) + sizeof(others)];

	watched_port_text(port, number);
	utf8_escape(service, sizeof(service), port->service, target);
	utf8_escape(others, sizeof(others), conditions, target);
	snprintf(text, sizeof(text), "port %s%s%s%s%s", number, service[0] == '\0' ? "" : ", ",
		 service, others[0] == '\0' ? "" : ", ", others);
	grid_print_line(file, style, COLOUR_BOLD, text);
}

static void print_conditions(FILE *file, const char *conditions, const struct style *style)
{
	char text[UTF8_ESCAPED_SIZE(WATCH_TEXT_MAX + 1)];

	utf8_escape(text, sizeof(text), conditions, style->utf8 ? UTF8_ANYWHERE : UTF8_ASCII);
	grid_print_line(file, style, COLOUR_BOLD, text);
}

/* "db: peerPort 5432, 12 % of the local ports" */
static void print_watch(FILE *file, const struct watch_count *watch, const struct style *style)
{
	char text[UTF8_ESCAPED_SIZE(WATCH_TEXT_MAX + 1)];
	char line[WATCH_NAME_MAX + sizeof(text) + sizeof(": , 4294967295 % of the local ports")];

	utf8_escape(text, sizeof(text), watch->text, style->utf8 ? UTF8_ANYWHERE : UTF8_ASCII);
	if (watch->port_use_known)
		snprintf(line, sizeof(line), "%s: %s, %u %% of the local ports", watch->name, text,
			 watch->port_use);
	else
		snprintf(line, sizeof(line), "%s: %s", watch->name, text);
	grid_print_line(file, style, COLOUR_BOLD, line);
}

int counts_table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
		       const struct style *style, const struct trend *trends)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < counts_tables(snapshot, view); i++) {
		struct table table = make_table(snapshot, view, i);

		table.style = style;
		table.trend = trends == NULL ? NULL : &trends[i];

		if (i > 0)
			fputc('\n', file);
		if (view->subject == VIEW_PORTS)
			print_port(file, &view->ports->port[i], view->ports->conditions, style);
		if (table.watch != NULL && view->subject == VIEW_COUNTS)
			print_conditions(file, view->ports->conditions, style);
		if (view->subject == VIEW_WATCHES)
			print_watch(file, &snapshot->watches[i], style);
		error = print(file, &table);
	}
	return error;
}
