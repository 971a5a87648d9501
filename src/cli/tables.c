/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/tables.h"

#include <errno.h>

int table_write(FILE *file, const struct snapshot *snapshot, const struct view *view,
		const struct style *style, const struct trend *trends)
{
	switch (view->subject) {
	case VIEW_COUNTS:
	case VIEW_PORTS:
		return table_counts(file, snapshot, view, style, trends);
	case VIEW_LISTENERS:
		return table_listeners(file, snapshot, view, style);
	case VIEW_SUMMARY:
		return table_summary(file, snapshot, style);
	case VIEW_SUBJECTS:
		break;
	}
	return -EINVAL;
}
