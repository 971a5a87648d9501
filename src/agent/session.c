/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/session.h"

#include "agent/logging.h"
#include "agent/master_socket.h"
#include "agent/netsnmp_internals.h"
#include "build.h"
#include "clock.h"

#include <errno.h>
#include <limits.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define RETRY_NS (100 * NS_PER_MS)
#ifndef RETRY_MAX_NS
#define RETRY_MAX_NS (5 * NS_PER_SECOND)
#endif

/* The retry interval from which repeated short sessions are logged. */
#define KEEPS_BREAKING_NS (4 * RETRY_NS)

/* A session that has been registered for this long is stable. */
#define STABLE_NS (5 * NS_PER_SECOND)

/* After this time the path of the socket may refer to another snmpd than the one that hangs. */
#define RESPONSE_TIMEOUT_NS (5 * NS_PER_SECOND)

/* A master may briefly keep the registration of a session whose end it has not noticed. */
#define REFUSAL_TIMEOUT_NS (3 * NS_PER_SECOND)

/* Seconds that a master waits for a response: requests are answered from memory. */
#define AGENTX_TIMEOUT 1

/* ---- logging ---- */

enum event {
	EVENT_REGISTERED,
	EVENT_LOST,
	EVENT_REFUSED,
	EVENT_CLOSED,
	EVENT_UNEXPECTED,
	EVENT_KEEPS_BREAKING,
};

/* Each event is logged once, until a session is stable or another snmpd is there. */
static bool is_first(struct session *session, enum event event)
{
	bool first = (session->logged & 1U << event) == 0;

	session->logged |= 1U << event;
	return first;
}

static void log_once(struct session *session, enum event event, int priority, const char *text)
{
	if (is_first(session, event))
		log_line(priority, "%s", text);
}

/* ---- waiting ---- */

/* Not a timer of the library, which are allocated: a failed allocation would end the retries. */
static void set_timer(const struct session *session, int64_t wait_ns)
{
	const struct itimerspec wait = {.it_value = clock_timespec(wait_ns)};

	timerfd_settime(session->timer, 0, &wait, NULL);
}

static void schedule_retry(struct session *session, int64_t wait_ns)
{
	session->state = SESSION_WAITING;
	session->agentx = NULL;
	set_timer(session, wait_ns);
}

static void forget_failures(struct session *session)
{
	session->wait_ns = RETRY_NS;
	session->logged = 0;
}

/* For masters that break the session after connecting: they are not retried at the full rate. */
static void schedule_slower_retry(struct session *session)
{
	schedule_retry(session, session->wait_ns);
	if (session->wait_ns >= KEEPS_BREAKING_NS)
		log_once(session, EVENT_KEEPS_BREAKING, LOG_WARNING,
			 "snmpd keeps breaking the session, retrying less often");
	session->wait_ns *= 2;
	if (session->wait_ns > RETRY_MAX_NS)
		session->wait_ns = RETRY_MAX_NS;
}

/* The library may be using the session: it notices the end when it reads next. */
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

/* Sends @p pdu unless it is incomplete, and expects a response, or else breaks the session. */
static void send_and_expect(struct session *session, netsnmp_pdu *pdu, bool complete,
			    netsnmp_callback answered)
{
	session->request = complete ? send_request(session, pdu, answered, session) : 0;
	if (!complete)
		snmp_free_pdu(pdu);
	if (session->request == 0)
		break_session(session);
	set_timer(session, RESPONSE_TIMEOUT_NS);
}

/* ---- opening and registering ---- */

static void session_registered(struct session *session)
{
	session->state = SESSION_REGISTERED;
	session->refused_since_ns = 0;
	session->silent = !is_first(session, EVENT_REGISTERED);
	if (!session->silent)
		log_line(LOG_NOTICE, "registered with snmpd");
	set_timer(session, STABLE_NS);
}

static void session_stable(struct session *session)
{
	if (session->silent)
		log_line(LOG_NOTICE, "registered with snmpd");
	forget_failures(session);
}

static void registration_refused(struct session *session, long error)
{
	int64_t now_ns = clock_now_ns();

	if (session->refused_since_ns == 0)
		session->refused_since_ns = now_ns;
	if (now_ns - session->refused_since_ns > REFUSAL_TIMEOUT_NS) {
		log_line(LOG_ERR, "snmpd refused the registration: error %ld", error);
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
		session_registered(session);
	else
		registration_refused(session, pdu->errstat);
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
	send_and_expect(session, pdu, complete, register_answered);
}

static int open_answered(int operation, netsnmp_session *agentx, int request, netsnmp_pdu *pdu,
			 void *argument)
{
	struct session *session = argument;

	(void)request;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || agentx != session->agentx)
		return 1;
	if (pdu->errstat != SNMP_ERR_NOERROR) {
		if (is_first(session, EVENT_REFUSED))
			log_line(LOG_ERR, "snmpd refused the session: error %ld", pdu->errstat);
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
	send_and_expect(session, pdu, complete, open_answered);
}

/* ---- PDUs from snmpd ---- */

static bool is_expected_when_registered(const struct session *session, const netsnmp_pdu *pdu)
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

static bool is_expected(const struct session *session, const netsnmp_pdu *pdu)
{
	bool is_response = pdu->command == AGENTX_MSG_RESPONSE && pdu->reqid == session->request;

	switch (session->state) {
	case SESSION_OPENING:
		return is_response;
	case SESSION_REGISTERING:
		return is_response && pdu->sessid == session->agentx->sessid;
	case SESSION_REGISTERED:
		return is_expected_when_registered(session, pdu);
	case SESSION_CLOSED:
	case SESSION_WAITING:
		break;
	}
	return false;
}

/* The library skips PDUs that it cannot decode, and passes on all others in any state. */
static int parse_pdu(netsnmp_session *agentx, netsnmp_pdu *pdu, u_char *octets, size_t length)
{
	struct session *session = agentx->callback_magic;
	int error = agentx_parse(agentx, pdu, octets, length);

	if (error == SNMPERR_SUCCESS && is_expected(session, pdu))
		return SNMPERR_SUCCESS;
	if (pdu->command == AGENTX_MSG_CLOSE)
		log_once(session, EVENT_CLOSED, LOG_NOTICE, "snmpd closed the session");
	else
		log_once(session, EVENT_UNEXPECTED, LOG_ERR,
			 "malformed or unexpected PDU from snmpd, reconnecting");
	break_session(session);
	return SNMPERR_ASN_PARSE_ERR;
}

static bool belongs_to_set(const netsnmp_pdu *pdu)
{
	return pdu->command == AGENTX_MSG_TESTSET || pdu->command == AGENTX_MSG_CLEANUPSET;
}

/*
 * No object is writable. The library would keep the request until CleanupSet, perhaps forever, and
 * use it or its session after they were freed.
 */
static void refuse_set(const struct session *session, const netsnmp_pdu *pdu)
{
	netsnmp_pdu *response;

	if (pdu->command != AGENTX_MSG_TESTSET)
		return;
	response = snmp_pdu_create(AGENTX_MSG_RESPONSE);
	if (response == NULL) {
		break_session(session);
		return;
	}
	response->flags |= pdu->flags & AGENTX_MSG_FLAG_NETWORK_BYTE_ORDER;
	response->transid = pdu->transid;
	response->reqid = pdu->reqid;
	response->errstat = SNMP_ERR_NOTWRITABLE;
	response->errindex = 1;
	send_request(session, response, NULL, NULL);
}

/* ---- the connection ---- */

static void session_lost(struct session *session)
{
	if (session->state == SESSION_REGISTERED)
		log_once(session, EVENT_LOST, LOG_NOTICE,
			 "lost the session with snmpd, reconnecting");
	schedule_slower_retry(session);
}

/* Handles everything but responses: requests of the master, and the end of the connection. */
static int handle_message(int operation, netsnmp_session *agentx, int request, netsnmp_pdu *pdu,
			  void *argument)
{
	struct session *session = argument;

	if (operation == NETSNMP_CALLBACK_OP_DISCONNECT) {
		if (agentx == session->agentx)
			session_lost(session);
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

/* Failures of the previous snmpd are not those of another one. */
static void recognise_master(struct session *session, const netsnmp_transport *transport)
{
	struct ucred master = {0};
	socklen_t length = sizeof(master);

	getsockopt(transport->sock, SOL_SOCKET, SO_PEERCRED, &master, &length);
	if (master.pid != session->master)
		forget_failures(session);
	session->master = master.pid;
}

static int connect_to_master(struct session *session)
{
	netsnmp_transport *transport;
	netsnmp_session agentx;
	int error = master_socket_connect(master_address(), &transport);

	if (error != 0)
		return error;
	recognise_master(session, transport);
	snmp_sess_init(&agentx);
	agentx.version = AGENTX_VERSION_1;
	agentx.flags |= SNMP_FLAGS_STREAM_SOCKET;
	agentx.retries = 0;
	/* Timeouts are handled in this module, not in the library. */
	agentx.timeout = LONG_MAX / 4;
	agentx.callback = handle_message;
	agentx.callback_magic = session;
	session->agentx = snmp_add_full(&agentx, transport, NULL, parse_pdu, NULL, NULL,
					agentx_realloc_build, agentx_check_packet, NULL);
	return session->agentx != NULL ? 0 : -ENOMEM;
}

static void log_connect(struct session *session, int error)
{
	if (error != 0 && error != session->connect_error)
		log_line(LOG_WARNING, "waiting for snmpd at %s: %s", master_address(),
			 strerror(-error));
	session->connect_error = error;
}

static void connect_now(struct session *session)
{
	int error = connect_to_master(session);

	log_connect(session, error);
	if (error == -ENOENT || error == -ECONNREFUSED) /* it has exited */
		forget_failures(session);
	if (error != 0)
		schedule_retry(session, RETRY_NS);
	else
		send_open(session);
}

static void timer_expired(int timer, void *argument)
{
	struct session *session = argument;
	uint64_t expirations;

	if (read(timer, &expirations, sizeof(expirations)) < 0)
		return;
	if (session->state == SESSION_WAITING)
		connect_now(session);
	else if (session->state == SESSION_REGISTERED)
		session_stable(session);
	else
		break_session(session);
}

/* ---- public functions ---- */

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
		.wait_ns = RETRY_NS,
	};
	session->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (session->timer < 0)
		return -errno;
	register_readfd(session->timer, timer_expired, session);
	return 0;
}

void session_start(struct session *session)
{
	connect_now(session);
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
