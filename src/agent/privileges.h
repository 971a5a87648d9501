/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user and groups that the agent runs as. Counting needs no privilege; connecting to snmpd's
 * AgentX socket may.
 */
#ifndef AGENT_PRIVILEGES_H
#define AGENT_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

struct identity {
	bool changes_user, changes_group;
	char *user_name; /**< from malloc(); NULL unless the user changes */
	uid_t uid;
	gid_t gid;
};

/**
 * Finds @p user and @p group, each a name or a number, or NULL for no change. Logs errors.
 * @return 0, -ENOENT if the user or group is unknown, or -ENOMEM
 */
int identity_find(struct identity *identity, const char *user, const char *group);

/**
 * Changes to @p identity permanently, with the supplementary groups of that user only. Logs errors.
 * @return 0 or -errno
 */
int identity_become(const struct identity *identity);

void identity_finalise(struct identity *identity);

#endif
