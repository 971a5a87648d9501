/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots as texts for programs. Each function writes what @p view shows, as one document.
 */
#ifndef CLI_FORMATS_H
#define CLI_FORMATS_H

#include "cli/view.h"
#include "model/snapshot.h"

#include <stdio.h>

/** RFC 4180, but for lines that end as those of other programs here. */
void csv_write(FILE *file, const struct snapshot *snapshot, const struct view *view);

/** RFC 8259; what is not known is null. */
void json_write(FILE *file, const struct snapshot *snapshot, const struct view *view);

/** Prometheus' text format 0.0.4, as node_exporter's textfile collector takes it. */
void prometheus_write(FILE *file, const struct snapshot *snapshot, const struct view *view);

#endif
