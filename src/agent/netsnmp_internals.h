/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that libnetsnmpagent exports without installing a header, declared as in its sources
 * (net-snmp 5.9: agent/mibgroup/agentx/subagent.h and protocol.h). configure checks for them.
 */
#ifndef AGENT_NETSNMP_INTERNALS_H
#define AGENT_NETSNMP_INTERNALS_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

/* AgentX among the library's SNMP versions. */
#define AGENTX_VERSION_1 (192 | 1)

/* RFC 2741, sections 6.1 and 6.2.2 */
#define AGENTX_MSG_OPEN 1
#define AGENTX_MSG_CLOSE 2
#define AGENTX_MSG_REGISTER 3
#define AGENTX_MSG_GET 5
#define AGENTX_MSG_GETNEXT 6
#define AGENTX_MSG_GETBULK 7
#define AGENTX_MSG_TESTSET 8
#define AGENTX_MSG_CLEANUPSET 11
#define AGENTX_MSG_NOTIFY 12
#define AGENTX_MSG_RESPONSE 18
#define AGENTX_MSG_FLAG_NON_DEFAULT_CONTEXT 0x08
#define AGENTX_MSG_FLAG_NETWORK_BYTE_ORDER 0x10
#define AGENTX_CLOSE_SHUTDOWN 5

/** Opens the library's session when the library has read its configuration. */
int subagent_startup(int major, int minor, void *server_argument, void *client_argument);

/** Passes a request of the master to the handlers, and sends their response. */
int handle_agentx_packet(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu,
			 void *magic);

/* AgentX for snmp_add_full(): decoding, encoding, and the length of a PDU. */
int agentx_parse(netsnmp_session *session, netsnmp_pdu *pdu, u_char *data, size_t length);
int agentx_realloc_build(netsnmp_session *session, netsnmp_pdu *pdu, u_char **buffer,
			 size_t *buffer_size, size_t *length);
int agentx_check_packet(u_char *packet, size_t length);

#endif
