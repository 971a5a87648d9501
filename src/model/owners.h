/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owners that are served: those with the most sockets, with their maxima within the window.
 */
#ifndef MODEL_OWNERS_H
#define MODEL_OWNERS_H

#include "model/peak.h"
#include "model/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Owners with a name of their own; the sockets of further ones are those of OWNER_OTHERS. */
#define OWNERS_SERVED_MAX 64

/** An owner from its first socket until a window after its last. */
struct tracked_owner {
	char name[OWNER_NAME_MAX + 1];
	int64_t last_ns; /**< when it had sockets for the last time */
	bool served;
	struct peak total;
	struct peak *peaks[STATES]; /**< from malloc(); NULL: there was no socket yet */
	uint32_t sockets[STATES];   /**< now */
};

/** All zero: there were no owners yet. */
struct owner_windows {
	struct tracked_owner *tracked; /**< in the order of owner_name_compare() */
	size_t count;
	struct tracked_owner others;
};

/**
 * Adds the owners of @p report's snapshot and sets those of the report: the OWNERS_SERVED_MAX with
 * the largest number of sockets within the report's window.
 * @return 0 or -ENOMEM
 */
int owner_windows_add(struct owner_windows *windows, struct report *report);

/** Frees the windows; they are then empty. */
void owner_windows_finalise(struct owner_windows *windows);

#endif
