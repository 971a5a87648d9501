/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine-readable formats: each writes the contents of a view as one document.
 */
#ifndef CLI_FORMATS_H
#define CLI_FORMATS_H

#include "cli/view.h"
#include "model/snapshot.h"

#include <stdio.h>

struct format {
	/** One function for each subject; NULL where the format has no form for it. */
	void (*write[VIEW_SUBJECTS])(FILE *file, const struct snapshot *snapshot,
				     const struct view *view);
	const char *end; /**< ends every document */
};

/** RFC 4180, but with the platform's line ends. */
extern const struct format csv_format;

/** RFC 8259. Unknown values are null. */
extern const struct format json_format;

/** The Prometheus text format 0.0.4, for the textfile collector of node_exporter. */
extern const struct format prometheus_format;

/** What LibreNMS' application "ss" reads; counts only. */
extern const struct format librenms_format;

static inline void format_write(const struct format *format, FILE *file,
				const struct snapshot *snapshot, const struct view *view)
{
	format->write[view->subject](file, snapshot, view);
	fputs(format->end, file);
}

#endif
