/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AgentX session with snmpd: opened, registered, lost and opened again.
 *
 * net-snmp's library has all that for itself, but it waits for every answer and looks at nothing
 * else meanwhile, tries again only after seconds, and loses registrations when snmpd goes away in
 * the middle of the handshake. So the library only encodes and decodes here; this module opens and
 * registers, and waits for the answers in the main loop like for everything else:
 *
 *     WAITING --(100 ms)--> OPENING --(answer)--> REGISTERING --(answer)--> REGISTERED
 *        ^--------------------'-------- lost --------'------------------------'
 *
 * An snmpd that hangs does not answer, and one that goes on serving does so at once. One that says
 * what cannot be decoded or is not due has ended the session.
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdint.h>

struct session_callbacks {
	void (*opened)(void *context);  /**< before anything can be asked in the new session */
	void (*refused)(void *context); /**< snmpd goes on refusing the registration: give up */
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
	int request;              /**< that waits for its answer while OPENING and REGISTERING */
	int timer;                /**< set while WAITING, OPENING or REGISTERING */
	int64_t wait_ns;          /**< before the next try; grows while sessions break at once */
	int64_t refused_since_ns; /**< 0: the last registration was not refused */
	int connect_error;        /**< the last one, so that it is logged once */
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

/** Begins to keep the session; the first try is made at once. */
void session_start(struct session *session);

bool session_is_registered(const struct session *session);

/** Writes how it stands, as one line without its end: whether snmpd is there, and why not. */
void session_describe(const struct session *session, char *text, size_t size);

/**
 * Sends a notification.
 *
 * @param variables are the library's from then on, whatever comes of it
 * @param answered is called with @p argument when snmpd answers, or when the session ends before
 * @return the id that @p answered will be called with, or 0 if it could not be sent
 */
int session_notify(const struct session *session, netsnmp_variable_list *variables,
		   netsnmp_callback answered, void *argument);

/** Says goodbye to snmpd, without waiting for its answer. */
void session_stop(struct session *session);

#endif
