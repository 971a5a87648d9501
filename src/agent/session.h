/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AgentX session with snmpd: opened, registered, and reconnected when it is lost.
 *
 * net-snmp's library has such a session, but it blocks for every response, retries only after
 * seconds, and loses registrations when snmpd exits during the handshake. Therefore the library
 * only encodes and decodes here; this module opens and registers, and waits for responses in the
 * main loop:
 *
 *     WAITING --(100 ms)--> OPENING --(response)--> REGISTERING --(response)--> REGISTERED
 *        ^--------------------'--------- lost ----------'-------------------------'
 *
 * A session is stable after a few seconds. While the same snmpd breaks sessions earlier, retries
 * slow down, and each event is logged once.
 *
 * An snmpd that hangs sends no response; once it continues, it does. A malformed or unexpected PDU
 * ends the session.
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdint.h>

struct session_callbacks {
	void (*opened)(void *context);  /**< before the first request of the new session */
	void (*refused)(void *context); /**< snmpd keeps refusing the registration: give up */
	void *context;
};

enum session_state {
	SESSION_CLOSED,
	SESSION_WAITING,
	SESSION_OPENING,
	SESSION_REGISTERING,
	SESSION_REGISTERED,
};

struct session {
	const oid *root;
	size_t root_length;
	const char *snmp_context; /**< "" is the default one */
	struct session_callbacks callbacks;
	enum session_state state;
	netsnmp_session *agentx;  /**< the library's; NULL while CLOSED or WAITING */
	int request;              /**< awaiting a response while OPENING and REGISTERING */
	int timer;                /**< running unless CLOSED or stable */
	int64_t wait_ns;          /**< before the next retry; grows while sessions break */
	unsigned int logged;      /**< a bit for each event that was logged */
	bool silent;              /**< the last registration was not logged */
	pid_t master;             /**< process id of the last master; 0 if unknown */
	int64_t refused_since_ns; /**< 0: the last registration was not refused */
	int connect_error;        /**< the last one, which is logged once */
};

/**
 * Keeps the library from opening a session itself. To be called once, between init_agent() and
 * init_snmp().
 */
void session_prepare_library(void);

/**
 * Prepares a session with the master that agentXSocket names, in which the tree below @p root is
 * registered.
 * @return 0, and the session is to be ended with session_stop(); or -errno
 */
int session_initialise(struct session *session, const oid *root, size_t root_length,
		       const char *snmp_context, const struct session_callbacks *callbacks);

/** Connects immediately, and keeps the session from then on. */
void session_start(struct session *session);

bool session_is_registered(const struct session *session);

/** Writes the status as a line without its end: registered, or the reason why not. */
void session_describe(const struct session *session, char *text, size_t size);

/**
 * Sends a notification.
 *
 * @param variables are owned by the library, even on failure
 * @param answered is called with @p argument when snmpd responds or the session ends
 * @return the request id that @p answered is called with, or 0 if it could not be sent
 */
int session_notify(const struct session *session, netsnmp_variable_list *variables,
		   netsnmp_callback answered, void *argument);

/** Closes the session, without waiting for a response. */
void session_stop(struct session *session);

#endif
