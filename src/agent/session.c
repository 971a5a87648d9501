/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/session.h"

#include "agent/master_socket.h"
#include "agent/netsnmp_internals.h"
#include "build.h"
#include "clock.h"

#include <errno.h>
#include <limits.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TRY_AGAIN_NS (100 * NS_PER_MS)
#define TRY_AGAIN_MAX_NS (5 * NS_PER_SECOND)

/* Then the socket's path may have come to lead to another snmpd than the one that hangs. */
#define ANSWER_NS (5 * NS_PER_SECOND)

/* A master may for a moment still hold the registration of a session that it has not seen end. */
#define REFUSED_FOR_GOOD_NS (3 * NS_PER_SECOND)

/* Seconds that a master may wait for our answers: we only look up what is there. */
#define AGENTX_TIMEOUT 1

/* ---- waiting ---- */

/* A timer of our own, because the library's are allocated: one that failed would end the tries. */
static void set_timer(const struct session *session, int64_t wait_ns)
{
	const struct itimerspec wait = {.it_value = clock_timespec(wait_ns)};

	timerfd_settime(session->timer, 0, &wait, NULL);
}

static void stop_timer(const struct session *session)
{
	set_timer(session, 0);
}

static void wait_to_try(struct session *session, int64_t wait_ns)
{
	session->state = SESSION_WAITING;
	session->agentx = NULL;
	set_timer(session, wait_ns);
}

/* For masters that answer and then break the session: they are not asked ten times a second. */
static void wait_longer_to_try(struct session *session)
{
	wait_to_try(session, session->wait_ns);
	session->wait_ns *= 2;
	if (session->wait_ns > TRY_AGAIN_MAX_NS)
		session->wait_ns = TRY_AGAIN_MAX_NS;
}

/* The library must not lose a session while it is at it; it sees the end when it reads next. */
static void break_session(const struct session *session)
{
	master_socket_break(snmp_sess_transport(snmp_sess_pointer(session->agentx)));
}

/* ---- requests ---- */

static int send_request(const struct session *session, netsnmp_pdu *pdu, netsnmp_callback answered,
			void *argument)
{
	int request;

	pdu->sessid = session->agentx->sessid;
	request = snmp_async_send(session->agentx, pdu, answered, argument);
	if (request == 0)
		snmp_free_pdu(pdu);
	return request;
}

static bool set_context(netsnmp_pdu *pdu, const char *context)
{
	if (context[0] == '\0')
		return true;
	pdu->flags |= AGENTX_MSG_FLAG_NON_DEFAULT_CONTEXT;
	pdu->community = (u_char *)strdup(context);
	if (pdu->community == NULL)
		return false;
	pdu->community_len = strlen(context);
	return true;
}

/* Sends what @p complete says is complete, and waits for the answer; no answer ends the session. */
static void ask(struct session *session, netsnmp_pdu *pdu, bool complete, netsnmp_callback answered)
{
	session->request = complete ? send_request(session, pdu, answered, session) : 0;
	if (!complete)
		snmp_free_pdu(pdu);
	if (session->request == 0)
		break_session(session);
	set_timer(session, ANSWER_NS);
}

/* ---- opening and registering ---- */

static void registered(struct session *session)
{
	stop_timer(session);
	session->state = SESSION_REGISTERED;
	session->wait_ns = TRY_AGAIN_NS;
	session->refused_since_ns = 0;
	snmp_log(LOG_NOTICE, "registered with snmpd\n");
}

static void refused(struct session *session, long error)
{
	int64_t now_ns = clock_now_ns();

	if (session->refused_since_ns == 0)
		session->refused_since_ns = now_ns;
	if (now_ns - session->refused_since_ns > REFUSED_FOR_GOOD_NS) {
		snmp_log(LOG_ERR, "snmpd refuses the registration: error %ld\n", error);
		session->callbacks.refused(session->callbacks.context);
	}
	break_session(session);
}

static int register_answered(int operation, netsnmp_session *agentx, int request, netsnmp_pdu *pdu,
			     void *argument)
{
	struct session *session = argument;

	(void)request;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || agentx != session->agentx)
		return 1;
	if (pdu->errstat == SNMP_ERR_NOERROR)
		registered(session);
	else
		refused(session, pdu->errstat);
	return 1;
}

static void send_register(struct session *session)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_MSG_REGISTER);
	bool complete = pdu != NULL && set_context(pdu, session->snmp_context) &&
			snmp_add_null_var(pdu, session->root, session->root_length) != NULL;

	if (complete)
		pdu->priority = DEFAULT_MIB_PRIORITY;
	session->state = SESSION_REGISTERING;
	ask(session, pdu, complete, register_answered);
}

static int open_answered(int operation, netsnmp_session *agentx, int request, netsnmp_pdu *pdu,
			 void *argument)
{
	struct session *session = argument;

	(void)request;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || agentx != session->agentx)
		return 1;
	if (pdu->errstat != SNMP_ERR_NOERROR) {
		snmp_log(LOG_ERR, "snmpd refuses the session: error %ld\n", pdu->errstat);
		break_session(session);
		return 1;
	}
	agentx->sessid = pdu->sessid;
	netsnmp_set_agent_uptime(pdu->time);
	session->callbacks.opened(session->callbacks.context);
	send_register(session);
	return 1;
}

static void send_open(struct session *session)
{
	static const char description[] = "tcp-state-agent " AGENT_VERSION;
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_MSG_OPEN);
	bool complete =
		pdu != NULL &&
		snmp_pdu_add_variable(pdu, session->root, session->root_length, ASN_OCTET_STR,
				      description, sizeof(description) - 1) != NULL;

	if (complete)
		pdu->time = AGENTX_TIMEOUT;
	session->state = SESSION_OPENING;
	ask(session, pdu, complete, open_answered);
}

/* ---- what snmpd sends ---- */

static bool is_due_when_registered(const struct session *session, const netsnmp_pdu *pdu)
{
	switch (pdu->command) {
	case AGENTX_MSG_GET:
	case AGENTX_MSG_GETNEXT:
	case AGENTX_MSG_GETBULK:
	case AGENTX_MSG_TESTSET:
	case AGENTX_MSG_CLEANUPSET:
	case AGENTX_MSG_RESPONSE:
		return pdu->sessid == session->agentx->sessid;
	default:
		return false;
	}
}

static bool is_due(const struct session *session, const netsnmp_pdu *pdu)
{
	bool answers = pdu->command == AGENTX_MSG_RESPONSE && pdu->reqid == session->request;

	switch (session->state) {
	case SESSION_OPENING:
		return answers;
	case SESSION_REGISTERING:
		return answers && pdu->sessid == session->agentx->sessid;
	case SESSION_REGISTERED:
		return is_due_when_registered(session, pdu);
	case SESSION_CLOSED:
	case SESSION_WAITING:
		break;
	}
	return false;
}

/* The library drops what it cannot decode and goes on, and hands over the rest in any state. */
static int parse(netsnmp_session *agentx, netsnmp_pdu *pdu, u_char *octets, size_t length)
{
	const struct session *session = agentx->callback_magic;
	int error = agentx_parse(agentx, pdu, octets, length);

	if (error == SNMPERR_SUCCESS && is_due(session, pdu))
		return SNMPERR_SUCCESS;
	if (pdu->command == AGENTX_MSG_CLOSE)
		snmp_log(LOG_NOTICE, "snmpd closes the session\n");
	else
		snmp_log(LOG_ERR, "snmpd sends what is malformed or not due\n");
	break_session(session);
	return SNMPERR_ASN_PARSE_ERR;
}

static bool belongs_to_set(const netsnmp_pdu *pdu)
{
	return pdu->command == AGENTX_MSG_TESTSET || pdu->command == AGENTX_MSG_CLEANUPSET;
}

/*
 * Nothing can be set; to find that out the library would keep the request until snmpd has cleaned
 * up, or for good, and use it, or its session, after that is gone.
 */
static void refuse_set(const struct session *session, const netsnmp_pdu *pdu)
{
	netsnmp_pdu *answer;

	if (pdu->command != AGENTX_MSG_TESTSET)
		return;
	answer = snmp_pdu_create(AGENTX_MSG_RESPONSE);
	if (answer == NULL) {
		break_session(session);
		return;
	}
	answer->flags |= pdu->flags & AGENTX_MSG_FLAG_NETWORK_BYTE_ORDER;
	answer->transid = pdu->transid;
	answer->reqid = pdu->reqid;
	answer->errstat = SNMP_ERR_NOTWRITABLE;
	answer->errindex = 1;
	send_request(session, answer, NULL, NULL);
}

/* ---- the connection ---- */

static void lost(struct session *session)
{
	if (session->state == SESSION_REGISTERED) {
		snmp_log(LOG_NOTICE, "lost the session with snmpd, waiting for it\n");
		wait_to_try(session, TRY_AGAIN_NS);
	} else {
		wait_longer_to_try(session);
	}
}

/* What belongs to no request of ours: requests of the master's, and the end. */
static int take_message(int operation, netsnmp_session *agentx, int request, netsnmp_pdu *pdu,
			void *argument)
{
	struct session *session = argument;

	if (operation == NETSNMP_CALLBACK_OP_DISCONNECT) {
		if (agentx == session->agentx)
			lost(session);
		return 1;
	}
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && belongs_to_set(pdu)) {
		refuse_set(session, pdu);
		return 1;
	}
	return handle_agentx_packet(operation, agentx, request, pdu, NULL);
}

static const char *master_address(void)
{
	const char *address =
		netsnmp_ds_get_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET);

	return address != NULL ? address : NETSNMP_AGENTX_SOCKET;
}

static int connect_to_master(struct session *session)
{
	netsnmp_transport *transport;
	netsnmp_session agentx;
	int error = master_socket_connect(master_address(), &transport);

	if (error != 0)
		return error;
	snmp_sess_init(&agentx);
	agentx.version = AGENTX_VERSION_1;
	agentx.flags |= SNMP_FLAGS_STREAM_SOCKET;
	agentx.retries = 0;
	/* This module and its callers wait; the library shall not. */
	agentx.timeout = LONG_MAX / 4;
	agentx.callback = take_message;
	agentx.callback_magic = session;
	session->agentx = snmp_add_full(&agentx, transport, NULL, parse, NULL, NULL,
					agentx_realloc_build, agentx_check_packet, NULL);
	return session->agentx != NULL ? 0 : -ENOMEM;
}

static void log_connect(struct session *session, int error)
{
	if (error != 0 && error != session->connect_error)
		snmp_log(LOG_WARNING, "waiting for snmpd at %s: %s\n", master_address(),
			 strerror(-error));
	session->connect_error = error;
}

static void try_now(struct session *session)
{
	int error = connect_to_master(session);

	log_connect(session, error);
	if (error != 0)
		wait_to_try(session, TRY_AGAIN_NS);
	else
		send_open(session);
}

static void time_is_up(int timer, void *argument)
{
	struct session *session = argument;
	uint64_t expirations;

	if (read(timer, &expirations, sizeof(expirations)) < 0)
		return;
	if (session->state == SESSION_WAITING)
		try_now(session);
	else
		break_session(session);
}

/* ---- for others ---- */

void session_prepare_library(void)
{
	snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG,
				 subagent_startup, NULL, 1);
}

int session_initialise(struct session *session, const oid *root, size_t root_length,
		       const char *snmp_context, const struct session_callbacks *callbacks)
{
	*session = (struct session){
		.root = root,
		.root_length = root_length,
		.snmp_context = snmp_context,
		.callbacks = *callbacks,
		.wait_ns = TRY_AGAIN_NS,
	};
	session->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (session->timer < 0)
		return -errno;
	register_readfd(session->timer, time_is_up, session);
	return 0;
}

void session_start(struct session *session)
{
	try_now(session);
}

bool session_is_registered(const struct session *session)
{
	return session->state == SESSION_REGISTERED;
}

void session_describe(const struct session *session, char *text, size_t size)
{
	if (session_is_registered(session))
		snprintf(text, size, "registered with snmpd");
	else if (session->connect_error == 0)
		snprintf(text, size, "waiting for snmpd at %s", master_address());
	else
		snprintf(text, size, "waiting for snmpd at %s: %s", master_address(),
			 strerror(-session->connect_error));
}

int session_notify(const struct session *session, netsnmp_variable_list *variables,
		   netsnmp_callback answered, void *argument)
{
	netsnmp_pdu *pdu =
		session_is_registered(session) ? snmp_pdu_create(AGENTX_MSG_NOTIFY) : NULL;

	if (pdu == NULL) {
		snmp_free_varbind(variables);
		return 0;
	}
	pdu->variables = variables;
	return send_request(session, pdu, answered, argument);
}

static void send_close(const struct session *session)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_MSG_CLOSE);

	if (pdu == NULL)
		return;
	pdu->errstat = AGENTX_CLOSE_SHUTDOWN;
	send_request(session, pdu, NULL, NULL);
}

void session_stop(struct session *session)
{
	netsnmp_session *agentx = session->agentx;

	unregister_readfd(session->timer);
	close(session->timer);
	if (agentx == NULL)
		return;
	if (session->state != SESSION_OPENING)
		send_close(session);
	session->state = SESSION_CLOSED;
	session->agentx = NULL;
	snmp_close(agentx);
}
