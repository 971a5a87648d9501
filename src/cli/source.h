/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where snapshots come from: this machine, or another one by SNMP.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/remote.h"
#include "collect/gatherer.h"

struct source {
	struct wanted wanted; /**< of this machine; of another one its ports alone matter */
	struct remote remote; /**< host NULL: this machine */
};

/**
 * Counts once.
 * @param snapshot the caller's to free; set only on success
 * @param problem on failure a sentence without its stop
 * @return 0 or -errno
 */
int source_count(const struct source *source, struct snapshot **snapshot,
		 char problem[REMOTE_PROBLEM_SIZE]);

/** The name of the machine that is counted. */
void source_name(const struct source *source, char *name, size_t size);

#endif
