/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source of snapshots: this machine, or another one by SNMP.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/remote.h"
#include "collect/group_counter.h"
#include "collect/refresher.h"

#include <time.h>

struct source {
	struct refresh_options refresh_options; /**< for this machine */
	const struct watched_ports *ports;      /**< also counted; NULL: none */
	const struct grouping *grouping;        /**< counted instead; NULL: none */
	struct remote remote;                   /**< host NULL: this machine */
};

/**
 * Counts once.
 * @param snapshot owned by the caller; set only on success
 * @param problem on failure, the reason, which must be escaped before it is printed
 * @return 0 or -errno
 */
int source_count(const struct source *source, struct snapshot **snapshot,
		 char problem[REMOTE_PROBLEM_SIZE]);

/** When the counts were taken. */
time_t source_time(const struct snapshot *snapshot);

/** The name of the machine whose sockets are counted. */
void source_name(const struct source *source, char *name, size_t size);

#endif
