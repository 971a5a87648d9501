/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot for the tests of the output formats, and a file in memory for their output.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "cli/formats.h"
#include "cli/style.h"
#include "cli/view.h"
#include "model/snapshot.h"

#include <stdint.h>

/** No colours, ASCII, unlimited width. */
#define PLAIN ((struct style){.width = SIZE_MAX})

/** ipv4: 2 listen, 30 established, 4 timeWait; ipv6: 1 listen. Ports 443 (https) and 8080; two
 * listeners; all host values except those of fragments. The same on every call. */
const struct snapshot *fixture_snapshot(void);

/** Ports 443 and 8080. */
extern const struct watched_ports fixture_ports;

/** @return a view of all families and states of @p subject */
struct view fixture_view_all(enum view_subject subject);

/** Opens a file in memory. */
FILE *output_open(void);

/** Closes the file and asserts that its content is @p expected. */
void output_assert(FILE *file, const char *expected);

/** Asserts that @p format writes @p expected for port 80 of IPv4, in state listen, with @p service.
 */
void assert_service(const struct format *format, const char *service, const char *expected);

#endif
