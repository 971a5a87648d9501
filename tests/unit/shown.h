/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot to show, and what was written of it.
 */
#ifndef SHOWN_H
#define SHOWN_H

#include "cli/style.h"
#include "cli/view.h"
#include "model/snapshot.h"

#include <stdint.h>

/** No colours, ASCII, lines as long as they like. */
#define PLAIN ((struct style){.width = SIZE_MAX})

/** ipv4: 2 listen, 30 established, 4 timeWait; ipv6: 1 listen. Ports 443, https, and 8080; two
 * listeners; host values known but for those of fragments. Unchanging. */
const struct snapshot *shown_snapshot(void);

/** All families and states of @p subject. */
struct view shown_all(enum view_subject subject);

/** A file in memory to write to. */
FILE *shown_open(void);

/** Closes the file and asserts that what was written to it is @p expected. */
void shown_assert(FILE *file, const char *expected);

#endif
