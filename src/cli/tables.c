/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/tables.h"

#include "cli/counts_table.h"
#include "cli/listeners_table.h"
#include "cli/summary_table.h"

#include <errno.h>

int table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
		const struct style *style, const struct trend *trends)
{
	switch (view->subject) {
	case VIEW_COUNTS:
	case VIEW_PORTS:
	case VIEW_WATCHES:
		return counts_table_write(file, snapshot, view, style, trends);
	case VIEW_LISTENERS:
		return listeners_table_write(file, snapshot, view, style);
	case VIEW_SUMMARY:
		return summary_table_write(file, snapshot, style);
	case VIEW_SUBJECTS:
		break;
	}
	return -EINVAL;
}
