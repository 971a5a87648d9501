/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unix socket to snmpd, as a transport for net-snmp's library.
 *
 * The library's own transport blocks without limit where snmpd does not accept or read, trusts the
 * length in a PDU, and queues any number of requests. This one never blocks to connect, blocks for
 * at most 200 ms to send, and receives one PDU at a time, of limited length. After an error it
 * shuts the connection down, as if snmpd had.
 */
#ifndef AGENT_MASTER_SOCKET_H
#define AGENT_MASTER_SOCKET_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

/**
 * Checks that @p address (as in agentXSocket) is that of a unix socket, the only transport on which
 * AgentX is protected.
 * @return NULL, or the reason why it is not usable
 */
const char *master_socket_problem(const char *address);

/**
 * Connects to @p address without blocking.
 * @return 0 and a transport for snmp_add_full(), which then owns it; or -errno: -EAGAIN if the
 *         backlog of the master is full
 */
int master_socket_connect(const char *address, netsnmp_transport **transport);

/** Shuts the connection down, with unread input; the library notices when it reads next. */
void master_socket_break(const netsnmp_transport *transport);

#endif
