/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom the agent runs as. It needs no privilege to count; only snmpd's AgentX socket asks for one.
 */
#ifndef AGENT_PRIVILEGES_H
#define AGENT_PRIVILEGES_H

/**
 * Becomes @p user and @p group, for good, with the supplementary groups of @p user and no others.
 * Each may be a name or a number, or NULL to leave it as it is. Logs what is wrong.
 * @return 0 or -errno; -ENOENT if there is no such user or group
 */
int privileges_drop(const char *user, const char *group);

#endif
