/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/summary_table.h"

#include "cli/grid.h"
#include "cli/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define NUMBER_SIZE sizeof("-9223372036854775808")

enum column {
	COLUMN_TRANSPORT,
	COLUMN_TOTAL,
	COLUMN_IPV4,
	COLUMN_IPV6,
	COLUMNS,
};

static const struct grid_column columns[COLUMNS] = {
	[COLUMN_TRANSPORT] = {.heading = "Transport"},
	[COLUMN_TOTAL] = {"Total", .right = true},
	[COLUMN_IPV4] = {"IP", .right = true},
	[COLUMN_IPV6] = {"IPv6", .right = true},
};

/* An unknown value is not shown as zero. */
static void number_text(char *text, size_t size, struct summary_number number)
{
	if (number.known)
		snprintf(text, size, "%" PRId64, number.value);
	else
		snprintf(text, size, "-");
}

static int add_transport(struct grid *grid, const char *transport, struct summary_number ipv4,
			 struct summary_number ipv6)
{
	struct grid_cell *cells = grid_add(grid);

	if (cells == NULL)
		return -ENOMEM;
	snprintf(cells[COLUMN_TRANSPORT].text, GRID_TEXT_SIZE, "%s", transport);
	number_text(cells[COLUMN_TOTAL].text, GRID_TEXT_SIZE, summary_add(ipv4, ipv6));
	number_text(cells[COLUMN_IPV4].text, GRID_TEXT_SIZE, ipv4);
	number_text(cells[COLUMN_IPV6].text, GRID_TEXT_SIZE, ipv6);
	return 0;
}

/* RAW, UDP and TCP sockets. */
static struct summary_number internet(const struct summary *summary, enum tcp_family family)
{
	return summary_add(summary->in_use[SUMMARY_TCP][family],
			   summary_add(summary->in_use[SUMMARY_RAW][family],
				       summary->in_use[SUMMARY_UDP][family]));
}

static int print_transports(FILE *file, const struct summary *summary, const struct style *style)
{
	static const struct {
		const char *name;
		enum summary_transport transport;
	} transports[] = {
		{"RAW", SUMMARY_RAW},
		{"UDP", SUMMARY_UDP},
		{"TCP", SUMMARY_TCP},
	};
	const struct summary_number *fragments = summary->in_use[SUMMARY_FRAGMENTS];
	struct grid grid;
	int error = 0;

	grid_initialise(&grid, columns, COLUMNS);
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		const struct summary_number *in_use = summary->in_use[transports[i].transport];

		error = add_transport(&grid, transports[i].name, in_use[FAMILY_IPV4],
				      in_use[FAMILY_IPV6]);
		if (error != 0)
			goto cleanup;
	}
	error = add_transport(&grid, "INET", internet(summary, FAMILY_IPV4),
			      internet(summary, FAMILY_IPV6));
	if (error != 0)
		goto cleanup;
	error = add_transport(&grid, "FRAG", fragments[FAMILY_IPV4], fragments[FAMILY_IPV6]);
	if (error != 0)
		goto cleanup;
	grid_print(file, &grid, style);

cleanup:
	grid_finalise(&grid);
	return error;
}

static void print_totals(FILE *file, const struct summary *summary, const struct style *style)
{
	static const char *const layouts[] = {
		"TCP:   %s (estab %s, closed %s, orphaned %s, timewait %s)",
		"TCP:   %s\n  estab %s\n  closed %s\n  orphaned %s\n  timewait %s",
	};
	char numbers[SUMMARY_TOTALS][NUMBER_SIZE];
	char tcp[SUMMARY_TOTALS * (NUMBER_SIZE + sizeof("  orphaned "))];

	for (enum summary_total total = 0; total < SUMMARY_TOTALS; total++)
		number_text(numbers[total], sizeof(numbers[total]), summary->totals[total]);
	for (size_t layout = 0; layout < sizeof(layouts) / sizeof(layouts[0]); layout++) {
		snprintf(tcp, sizeof(tcp), layouts[layout], numbers[SUMMARY_TCP_TOTAL],
			 numbers[SUMMARY_ESTABLISHED], numbers[SUMMARY_CLOSED],
			 numbers[SUMMARY_ORPHANED], numbers[SUMMARY_TIME_WAIT]);
		if (strlen(tcp) <= style->width)
			break;
	}
	fprintf(file, "Total: %s\n%s\n\n", numbers[SUMMARY_SOCKETS], tcp);
}

int summary_table_write(FILE *file, const struct snapshot *snapshot, const struct style *style)
{
	const struct summary summary = summary_of(snapshot);

	print_totals(file, &summary, style);
	return print_transports(file, &summary, style);
}
