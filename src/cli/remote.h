/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads another host's counts from its snmpd and tcp-state-agent.
 *
 * SNMP is spoken by a program of its own, tcp-states-snmp, so that whoever counts the machine he is
 * on neither needs net-snmp nor waits for it to be loaded.
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "cli/remote_text.h"

#include <stdbool.h>

struct remote {
	const char *host;          /**< as net-snmp has it: NAME, ADDRESS, udp6:[ADDRESS]:PORT */
	char *const *snmp_options; /**< net-snmp's common ones, NULL after the last */
	bool listeners;            /**< read the listen queues too */
	const struct watched_ports *ports; /**< read the counts of these too */
};

/**
 * Reads the counts of @p remote.
 *
 * Waits as long as net-snmp's options -t and -r say; a caller that ends meanwhile ends that too.
 * @param snapshot the caller's to free; set only on success
 * @param problem on failure a sentence, without its stop, on one line and without '|'
 * @return 0; -ENOENT: what is asked for is not served there; -ESTALE: the counts there are too old;
 *         another -errno: there is no answer, or it cannot be used
 */
int remote_count(const struct remote *remote, struct snapshot **snapshot,
		 char problem[REMOTE_PROBLEM_SIZE]);

#endif
