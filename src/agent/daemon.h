/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Becoming a daemon.
 *
 * All that can be wrong is found by daemon_prepare(), while somebody may still look at the terminal
 * and wait for the exit status.
 */
#ifndef AGENT_DAEMON_H
#define AGENT_DAEMON_H

#include "agent/options.h"
#include "agent/privileges.h"

#include <stdio.h>

struct daemon_process {
	bool foreground;
	const char *pid_file_name; /**< NULL: none */
	FILE *pid_file;            /**< open until it is written */
	struct identity identity;
};

/** Opens and looks up what daemon_become() needs; logs what is wrong. @return 0 or -errno */
int daemon_prepare(struct daemon_process *process, const struct options *options);

/** Goes to the background, writes the pid file and drops privileges. @return 0 or -errno */
int daemon_become(struct daemon_process *process);

/** Removes the pid file, as far as the privileges that are left allow it. */
void daemon_remove_pid_file(const struct daemon_process *process);

void daemon_finalise(struct daemon_process *process);

#endif
