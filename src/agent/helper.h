/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The helper process, which accesses files for the confined agent.
 *
 * On request it reloads the configuration, with the rights that the agent had at its start, and
 * opens the conntrack files, which appear when the nf_conntrack kernel module is loaded; at the end
 * it removes the pid file. A request is one byte through a socket. The response is settings by
 * value, or descriptors of files whose names are constants: input from snmpd or the network does
 * not reach the helper.
 *
 * Each reload is done by a child process that has ten seconds. A file system that hangs delays
 * neither the helper nor the next reload.
 */
#ifndef AGENT_HELPER_H
#define AGENT_HELPER_H

#include "agent/daemon.h"
#include "agent/settings.h"
#include "collect/proc.h"

#include <stddef.h>

/** The name that ps(1) and the log show. */
#define HELPER_PROCESS_NAME "tcp-state-files"

struct helper {
	int socket;       /**< to the helper; -1: not started */
	int files_socket; /**< from the helper, for descriptors */
	int units_socket; /**< for units_request(); the collector's when it has started */
	int names_socket; /**< for cgroup_names_request(); likewise */
	char *received;   /**< the part of a response received so far; from malloc() */
	size_t length;
};

/**
 * Starts the helper process, which exits with the agent. To be called before the agent has threads.
 * @param process has the pid file
 * @param source is where the configuration is read from
 * @return 0 or -errno
 */
int helper_start(struct helper *helper, struct daemon_process *process,
		 const struct settings_source *source);

/**
 * Requests a reload of the configuration. The next request has to wait for the response.
 * @return 0 or -errno: -EPIPE if the helper exited
 */
int helper_request_settings(const struct helper *helper);

/**
 * Receives the part of the response that has arrived. To be called when the socket is readable.
 * Errors in the configuration are already logged.
 * @param settings is written only on success, and is then the caller's to finalise
 * @return 0; -EAGAIN if more is to come; -EPIPE if the helper exited; or, where the configuration
 *         was not read, the result of settings_read(), -ETIMEDOUT or -errno
 */
int helper_receive_settings(struct helper *helper, struct settings *settings);

/** Requests the conntrack files. @return 0 or -errno: -EPIPE if the helper exited */
int helper_request_conntrack(const struct helper *helper);

/**
 * Receives the response. To be called when files_socket is readable.
 * @param descriptors the caller's to close; written only on success
 * @return 0; -ENOENT: the files do not exist; or -EPIPE if the helper exited
 */
int helper_receive_conntrack(const struct helper *helper, int descriptors[PROC_CONNTRACK_FILES]);

/** Has the helper remove the pid file and exit, and waits for that, but not for long. */
void helper_stop(struct helper *helper);

#endif
