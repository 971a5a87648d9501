/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attendant: a process that does for the confined agent what needs files.
 *
 * It reads the configuration again when it is asked to, with the rights that the agent had at its
 * start, and removes the pid file at the end. It is asked through a socket, with a command of one
 * octet, and answers with settings by value: what the agent is told by others does not reach it.
 */
#ifndef AGENT_ATTENDANT_H
#define AGENT_ATTENDANT_H

#include "agent/daemon.h"
#include "agent/settings.h"

struct attendant {
	int socket; /**< to the attendant; -1: there is none */
};

/**
 * Starts it. It ends with the agent, however that ends. To be called before the agent has threads.
 * @param process tells the pid file
 * @param source is where it reads the configuration
 * @return 0 or -errno
 */
int attendant_start(struct attendant *attendant, const struct daemon_process *process,
		    const struct settings_source *source);

/** Asks for the configuration to be read again. @return 0 or -errno: -EPIPE if it has ended */
int attendant_read_settings(const struct attendant *attendant);

/**
 * Takes the answer, to be called when the socket is readable. What is wrong with the configuration
 * is logged already.
 * @param settings is written only on success
 * @return 0, or what settings_read() has returned, or -EPIPE if the attendant has ended
 */
int attendant_take_settings(const struct attendant *attendant, struct settings *settings);

/** Has it remove the pid file and end, and waits for that, though not for long. */
void attendant_stop(struct attendant *attendant);

#endif
