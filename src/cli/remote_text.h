/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tcp-states-snmp writes, read into a snapshot.
 *
 * A line holds an object, by its OID below the root of TCP-STATE-COUNT-MIB, and its value:
 *
 *     1.1.1.3.1.5 42                       a number
 *     1.8.6.0 counting the sockets         a text
 *     1.1.1.3.1.5 noSuchInstance           what SNMP says instead of one
 *
 * It comes from the network, and nothing in it is taken on trust: every object has its place and
 * its limits, comes once, and is missed where it does not come.
 */
#ifndef CLI_REMOTE_TEXT_H
#define CLI_REMOTE_TEXT_H

#include "model/snapshot.h"

#define REMOTE_PROBLEM_SIZE 512

/**
 * Reads what was written.
 * @param text is changed
 * @param ports those that were asked for
 * @param now_ns on the clock of clock.h
 * @param snapshot the caller's to free; set only on success
 * @param problem on failure what is wrong, as of remote_count()
 * @return 0; -ENOENT: the counts or a port are not served; -ESTALE: the counts are too old;
 *         -EPROTO: this is no answer of tcp-state-agent; -ENOMEM
 */
int remote_text_parse(char *text, const struct watched_ports *ports, int64_t now_ns,
		      struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE]);

/** Makes @p text fit on a line of a monitoring plug-in: printable ASCII, and no '|'. */
void remote_text_clean(char *text);

#endif
