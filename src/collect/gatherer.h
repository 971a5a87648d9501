/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathers a snapshot: all that one refresh asks the kernel.
 */
#ifndef COLLECT_GATHERER_H
#define COLLECT_GATHERER_H

#include "collect/counter.h"
#include "model/port.h"
#include "model/refresh.h"

#include <stdbool.h>

/** What the configuration wants to be gathered. */
struct wanted {
	enum count_policy policy;
	bool bound_inactive; /**< as closed; sock_diag_try_bound_inactive() has succeeded */
	struct watched_ports ports;
};

struct gatherer {
	struct kernel kernel;
	struct counter counter;
};

/** Opens what has to be opened by path, so that gathering needs no right to open a file. */
void gatherer_initialise(struct gatherer *gatherer);

/** Gathers a snapshot, or learns what fails; the refresh's interval is left to the caller. */
struct refresh gatherer_refresh(struct gatherer *gatherer, const struct wanted *wanted);

/**
 * Counts by both methods, as counter_compare() does; the policy of @p wanted does not matter.
 * @param failed on failure what failed, a constant string
 */
int gatherer_compare(struct gatherer *gatherer, const struct wanted *wanted,
		     struct comparison *comparison, const char **failed);

void gatherer_finalise(struct gatherer *gatherer);

#endif
