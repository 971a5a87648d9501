/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libnetsnmpagent exports and installs no header for, declared as its sources have it
 * (net-snmp 5.9: agent/mibgroup/agentx/subagent.c, client.h, protocol.h). configure makes sure that
 * the library has them.
 */
#ifndef AGENT_NETSNMP_INTERNALS_H
#define AGENT_NETSNMP_INTERNALS_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

/* RFC 2741, sections 6.1 and 6.2.2 */
#define AGENTX_MSG_CLOSE 2
#define AGENTX_MSG_NOTIFY 12
#define AGENTX_CLOSE_SHUTDOWN 5

/** The one session with the master; NULL while there is none. */
extern netsnmp_session *main_session;

/** @return 0 and main_session is open, or -1 */
int subagent_open_master_session(void);

/** The library's own way to open a session as soon as it has read its configuration. */
int subagent_startup(int major, int minor, void *server_argument, void *client_argument);

/** To be called before a session that is not lost is closed. */
void agentx_unregister_callbacks(netsnmp_session *session);

/** Asks and waits for the answer. @return 1 if registered, else 0 */
int agentx_register(netsnmp_session *session, oid start[], size_t start_length, int priority,
		    int range_subid, oid range_upper_bound, int timeout, u_char flags,
		    const char *context);

#endif
