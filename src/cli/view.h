/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of a snapshot that is shown.
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "model/port.h"
#include "model/tcp.h"

#include <stdbool.h>

enum view_subject {
	VIEW_COUNTS,
	VIEW_PORTS,
	VIEW_WATCHES, /**< of another machine's agent */
	VIEW_LISTENERS,
	VIEW_SUMMARY,
	VIEW_SUBJECTS,
};

struct view {
	enum view_subject subject;
	bool families[FAMILIES];           /**< at least one */
	bool states[STATES];               /**< at least one; for counts, ports and watches */
	const struct watched_ports *ports; /**< for ports */
};

#endif
