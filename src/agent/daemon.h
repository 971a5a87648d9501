/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The background process and its pid file.
 *
 * daemon_prepare() finds every error while a terminal may still show it and the exit status is
 * awaited. That status follows from daemon_ready(), or from a failure before it.
 */
#ifndef AGENT_DAEMON_H
#define AGENT_DAEMON_H

#include "agent/options.h"
#include "agent/privileges.h"

#include <sys/types.h>

struct daemon_process {
	bool foreground;
	const char *pid_file_name; /**< NULL: none */
	int pid_file;              /**< open and locked while the daemon runs; -1: none */
	dev_t pid_file_device;     /**< identify the file that is locked; 0: none */
	ino_t pid_file_inode;
	int ready; /**< the started process waits for it; -1: not in the background */
	struct identity identity;
};

/**
 * Looks up the identity, and locks the pid file without changing it. Logs errors.
 * @return 0 or -errno: -EEXIST if another process has locked the file
 */
int daemon_prepare(struct daemon_process *process, const struct options *options);

/** Moves to the background, writes the pid file and drops privileges. @return 0 or -errno */
int daemon_become(struct daemon_process *process);

/** Lets the process that was started exit with status 0. */
void daemon_ready(struct daemon_process *process);

/**
 * Removes the pid file if it is still that of this daemon and permissions allow it. The daemon must
 * still have it locked; another process may remove it for the daemon.
 */
void daemon_remove_pid_file(const struct daemon_process *process);

/** Closes the pid file in a child process, where the lock would outlive the daemon. */
void daemon_detach(struct daemon_process *process);

void daemon_finalise(struct daemon_process *process);

#endif
