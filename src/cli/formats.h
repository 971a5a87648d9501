/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots as texts for programs: what a view shows, as one document.
 */
#ifndef CLI_FORMATS_H
#define CLI_FORMATS_H

#include "cli/view.h"
#include "model/snapshot.h"

#include <stdio.h>

struct format {
	/** Of each subject. */
	void (*write[VIEW_SUBJECTS])(FILE *file, const struct snapshot *snapshot,
				     const struct view *view);
	const char *end; /**< of every document */
};

/** RFC 4180, but for lines that end as those of other programs here. */
extern const struct format csv_format;

/** RFC 8259; what is not known is null. */
extern const struct format json_format;

/** Prometheus' text format 0.0.4, as node_exporter's textfile collector takes it. */
extern const struct format prometheus_format;

static inline void format_write(const struct format *format, FILE *file,
				const struct snapshot *snapshot, const struct view *view)
{
	format->write[view->subject](file, snapshot, view);
	fputs(format->end, file);
}

#endif
