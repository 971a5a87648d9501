/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refreshes: reads the kernel once and makes a snapshot of it.
 */
#ifndef COLLECT_REFRESHER_H
#define COLLECT_REFRESHER_H

#include "collect/dump.h"
#include "collect/listeners.h"
#include "collect/owner_counter.h"
#include "collect/proc.h"
#include "collect/watch_counter.h"
#include "model/count.h"
#include "model/refresh.h"

#include <stdbool.h>

/** The parts of the configuration that a refresh depends on. */
struct refresh_options {
	enum count_policy policy;
	bool bound_inactive; /**< as closed; sock_diag_try_bound_inactive() has succeeded */
	bool owners;         /**< name the owners of sockets that are listed */
	struct listeners_limit listeners;
};

/**
 * A bit for each state in which sockets have owners: every refresh lists them, and not just some,
 * and they have cgroups, unlike those in TIME_WAIT. 0: there are no owners.
 */
unsigned int refresh_owner_states(const struct refresh_options *options);

struct refresher {
	struct dump dump;
	struct proc proc;
	struct listeners listeners;
	struct watch_counter watches;
	struct owner_counter owners;
	struct trust trust;
};

/** Opens everything that has to be opened by path: a refresh needs no permission to open a file. */
void refresher_initialise(struct refresher *refresher);

/** Reads these conntrack files from now on, as proc_set_conntrack(). */
void refresher_set_conntrack(struct refresher *refresher,
			     const int descriptors[PROC_CONNTRACK_FILES]);

/** Counts these watches from now on, and owns them. */
void refresher_set_watches(struct refresher *refresher, struct watches *watches);

/** Requests the cgroups of units through this socket, as watch_counter_set_units_socket(). */
void refresher_set_units_socket(struct refresher *refresher, int socket);

/** Finds the cgroups of units without another process, as watch_counter_set_units_find(). */
void refresher_set_units_find(struct refresher *refresher, units_find *find);

/** Requests the names of cgroups through this socket, as owner_counter_set_socket(). */
void refresher_set_names_socket(struct refresher *refresher, int socket);

/** As owner_counter_prefetch(). */
void refresher_prefetch_names(struct refresher *refresher);

/** Makes a snapshot, or reports the failure; the refresh's interval is left to the caller. */
struct refresh refresher_refresh(struct refresher *refresher,
				 const struct refresh_options *options);

/**
 * Counts by both methods, whether a check is due or not.
 * @param failed on failure what failed, a constant string
 * @return 0 or -errno, as sock_diag_count() says; -ENODATA if nothing can be derived
 */
int refresher_verify(struct refresher *refresher, struct verification *verification,
		     const char **failed);

void refresher_finalise(struct refresher *refresher);

#endif
