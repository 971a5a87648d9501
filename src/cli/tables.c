/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/tables.h"

#include "cli/counts_table.h"
#include "cli/groups_table.h"
#include "cli/limits_table.h"
#include "cli/listeners_table.h"
#include "cli/summary_table.h"

#include <errno.h>

static int write_counts(FILE *file, const struct snapshot *snapshot, const struct view *view,
			const struct style *style, const struct table_history *history)
{
	const struct snapshot *before = history == NULL ? NULL : history->before;
	int error = counts_table_write(file, snapshot, view, style,
				       history == NULL ? NULL : history->trends);

	if (error != 0 || !view->limits)
		return error;
	fputc('\n', file);
	return limits_table_write(file, &snapshot->host, before == NULL ? NULL : &before->host,
				  style);
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
