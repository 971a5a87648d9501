/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/tables.h"

#include "cli/agent_table.h"
#include "cli/counts_table.h"
#include "cli/groups_table.h"
#include "cli/limits_table.h"
#include "cli/listeners_table.h"
#include "cli/summary_table.h"

#include "cli/grid.h"
#include "clock.h"
#include "utf8.h"

#include <errno.h>

void table_write_origin(FILE *file, const struct snapshot *snapshot, const struct view *view,
			const struct style *style)
{
	char host[UTF8_ESCAPED_SIZE(VIEW_HOST_SIZE)], line[sizeof(host) + 64];
	const int64_t age_ns = clock_now_ns() - snapshot->taken_ns;

	utf8_escape(host, sizeof(host), view->host, style->utf8 ? UTF8_ANYWHERE : UTF8_ASCII);
	snprintf(line, sizeof(line), "%s, counted %.1f s ago", host,
		 (double)age_ns / (double)NS_PER_SECOND);
	grid_print_line(file, style, COLOUR_BOLD, line);
}

static int write_counts(FILE *file, const struct snapshot *snapshot, const struct view *view,
			const struct style *style, const struct table_history *history)
{
	const struct snapshot *before = history == NULL ? NULL : history->before;
	int error = counts_table_write(file, snapshot, view, style,
				       history == NULL ? NULL : history->trends);

	if (error != 0 || !view->limits)
		return error;
	fputc('\n', file);
	error = limits_table_write(file, &snapshot->host, before == NULL ? NULL : &before->host,
				   style);
	if (error != 0 || snapshot->agent == NULL)
		return error;
	fputc('\n', file);
	return agent_table_write(file, snapshot->agent, style);
}

int table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
		const struct style *style, const struct table_history *history)
{
	switch (view->subject) {
	case VIEW_COUNTS:
	case VIEW_PORTS:
	case VIEW_WATCHES:
		return write_counts(file, snapshot, view, style, history);
	case VIEW_LISTENERS:
		return listeners_table_write(file, snapshot, view, style,
					     history == NULL ? NULL : history->before);
	case VIEW_SUMMARY:
		return summary_table_write(file, snapshot, style);
	case VIEW_GROUPS:
		return groups_table_write(file, &snapshot->groups, style);
	case VIEW_SUBJECTS:
		break;
	}
	return -EINVAL;
}
