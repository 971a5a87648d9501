/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses the output of tcp-states-snmp into a snapshot.
 *
 * A line holds an object, by its OID below the root of TCP-STATE-COUNT-MIB, and its value:
 *
 *     1.1.1.3.1.5 42                       a number
 *     1.8.6.0 cannot count sockets         a text
 *     1.1.1.3.1.5 noSuchInstance           an exception of SNMP
 *
 * The text is from the network and not trusted: only requested objects are accepted, each once and
 * within its limits, and none may be missing.
 */
#ifndef CLI_REMOTE_TEXT_H
#define CLI_REMOTE_TEXT_H

#include "model/port.h"
#include "model/snapshot.h"

#include <stdbool.h>

#define REMOTE_PROBLEM_SIZE 512

/** What was requested in addition to the counts of all sockets. */
struct remote_request {
	const struct watched_ports *ports; /**< their watches; NULL: none */
	bool watches;                      /**< all watches, instead of ports */
	bool owners;
	bool thresholds; /**< and the window's extremes */
};

/**
 * Parses @p text.
 * @param text is changed
 * @param now_ns on the clock of clock.h
 * @param snapshot owned by the caller; set only on success
 * @param problem on failure, the reason, as for remote_count() but without the host
 * @return 0; -ENOENT: the counts or a port are not served; -ESTALE: the counts are too old;
 *         -EPROTO: not an answer of tcp-state-agent; -ENOMEM
 */
int remote_text_parse(char *text, const struct remote_request *request, int64_t now_ns,
		      struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE]);

#endif
