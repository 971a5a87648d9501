/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads another host's counts from its snmpd and tcp-state-agent.
 *
 * The SNMP client is a separate program, tcp-states-snmp, so that counting local sockets neither
 * needs net-snmp nor waits until it is loaded.
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "cli/remote_text.h"

#include <stdbool.h>

struct remote {
	const char *host;          /**< as for net-snmp: NAME, ADDRESS, udp6:[ADDRESS]:PORT */
	const char *community;     /**< with SNMPv2c; NULL: as the options say */
	char *const *snmp_options; /**< options of net-snmp's commands, NULL after the last */
	bool listeners;            /**< also read the listen queues */
	bool watches;              /**< also read all watches; not together with ports */
	bool owners;               /**< also read the owners of sockets */
	bool thresholds;           /**< also read raised thresholds and the window's extremes */
};

/**
 * Reads the counts of @p remote.
 *
 * Waits as long as net-snmp's options -t and -r allow. The client is killed with the caller.
 * @param snapshot owned by the caller; set only on success
 * @param problem on failure, the host and the reason; it may contain any octets and must be escaped
 *        before it is printed
 * @param ports whose counts are also read; NULL: none
 * @return 0; -ENOENT: the counts or a port are not served; -ESTALE: the counts are too old; another
 *         -errno: no answer, or an unusable one
 */
int remote_count(const struct remote *remote, const struct watched_ports *ports,
		 struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE]);

#endif
