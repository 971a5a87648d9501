/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom the agent runs as. It needs no privilege to count; only snmpd's AgentX socket asks for one.
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
 * Finds @p user and @p group, each a name or a number, or NULL to stay as it is. Logs what is
 * wrong.
 * @return 0, or -ENOENT if there is no such user or group, or -ENOMEM
 */
int identity_find(struct identity *identity, const char *user, const char *group);

/**
 * Becomes @p identity, for good, with the supplementary groups of the user and no others. Logs what
 * is wrong.
 * @return 0 or -errno
 */
int identity_become(const struct identity *identity);

void identity_finalise(struct identity *identity);

#endif
