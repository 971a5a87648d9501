/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unix socket to snmpd, as a transport for net-snmp's library.
 *
 * The library's own transport waits without limit where snmpd does not accept or read, stores
 * whatever length a PDU claims to have, and queues as many requests as come. This one never waits
 * to connect, waits for a fifth of a second to send, takes one PDU at a time and none that is
 * longer than one can be; where something goes wrong it ends the connection, which the library then
 * sees as snmpd's.
 */
#ifndef AGENT_MASTER_SOCKET_H
#define AGENT_MASTER_SOCKET_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

/**
 * Checks that @p address (as in agentXSocket) is that of a unix socket, the only transport on which
 * AgentX is protected.
 * @return NULL, or what is wrong with it
 */
const char *master_socket_problem(const char *address);

/**
 * Connects to @p address, at once or not at all.
 * @return 0 and a transport for snmp_add_full(), which owns it from then on; or -errno: -EAGAIN if
 *         the master's backlog is full
 */
int master_socket_connect(const char *address, netsnmp_transport **transport);

/** Ends the connection, whatever was still to be read: the library sees that when it reads next. */
void master_socket_break(const netsnmp_transport *transport);

#endif
