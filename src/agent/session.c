/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/session.h"

#include "agent/netsnmp_internals.h"
#include "clock.h"

#include <errno.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <net-snmp/agent/agent_callbacks.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TRY_AGAIN_NS (100 * NS_PER_MS)
#define TRY_AGAIN_MAX_NS (5 * NS_PER_SECOND)

/* A probe is given up when the socket's path may meanwhile have come to lead to another snmpd. */
#define PROBE_NS (5 * NS_PER_SECOND)

/* A master may for a moment still hold the registration of a session that it has not seen end. */
#define REFUSED_FOR_GOOD_NS (3 * NS_PER_SECOND)

/* Seconds; the library counts them in microseconds. */
#define ANSWER_LIMIT (10 * 365 * 24 * 3600L)

static void try_now(unsigned int alarm, void *argument);
static void probe_answered(int descriptor, void *argument);

static void cancel_alarm(struct session *session)
{
	if (session->alarm != 0)
		snmp_alarm_unregister(session->alarm);
	session->alarm = 0;
}

static void set_alarm(struct session *session, int64_t wait_ns)
{
	struct timeval wait = {
		.tv_sec = wait_ns / NS_PER_SECOND,
		.tv_usec = wait_ns % NS_PER_SECOND / NS_PER_US,
	};

	cancel_alarm(session);
	session->alarm = snmp_alarm_register_hr(wait, 0, try_now, session);
}

static void wait_to_try(struct session *session)
{
	session->state = SESSION_WAITING;
	set_alarm(session, session->wait_ns);
}

/* For masters that answer and then break the session: they are not asked ten times a second. */
static void wait_longer_to_try(struct session *session)
{
	wait_to_try(session);
	session->wait_ns *= 2;
	if (session->wait_ns > TRY_AGAIN_MAX_NS)
		session->wait_ns = TRY_AGAIN_MAX_NS;
}

/* ---- the master's address ---- */

static const char *master_address(void)
{
	const char *address =
		netsnmp_ds_get_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET);

	return address != NULL ? address : NETSNMP_AGENTX_SOCKET;
}

static int parse_address(const char *address, struct sockaddr_un *master)
{
	static const char transport[] = "unix:";
	const char *path = address;

	if (strncmp(address, transport, sizeof(transport) - 1) == 0)
		path += sizeof(transport) - 1;
	if (path[0] != '/')
		return -EAFNOSUPPORT;
	if (strlen(path) >= sizeof(master->sun_path))
		return -ENAMETOOLONG;
	memset(master, 0, sizeof(*master));
	master->sun_family = AF_UNIX;
	strcpy(master->sun_path, path);
	return 0;
}

const char *session_address_problem(const char *address)
{
	struct sockaddr_un master;

	switch (parse_address(address, &master)) {
	case 0:
		return NULL;
	case -ENAMETOOLONG:
		return "is too long for the path of a unix socket";
	default:
		return "is not the path of a unix socket";
	}
}

/* ---- probing ---- */

static int connect_to_master(int probe)
{
	struct sockaddr_un master;
	int error = parse_address(master_address(), &master);

	if (error != 0)
		return error;
	if (connect(probe, (const struct sockaddr *)&master, sizeof(master)) < 0)
		return -errno;
	return 0;
}

static int send_open(int probe)
{
	/* RFC 2741, section 6.2.1: network byte order, packet 1, 1 s, null id, no description */
	static const unsigned char open_pdu[] = {
		1, 1, 0x10, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 0, 0,    12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};

	if (send(probe, open_pdu, sizeof(open_pdu), MSG_NOSIGNAL) != sizeof(open_pdu))
		return -errno;
	return 0;
}

static int open_probe(struct session *session)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (probe < 0)
		return -errno;
	error = connect_to_master(probe);
	if (error == 0)
		error = send_open(probe);
	if (error == 0 && register_readfd(probe, probe_answered, session) != FD_REGISTERED_OK)
		error = -EMFILE;
	if (error != 0) {
		close(probe);
		return error;
	}
	session->probe = probe;
	return 0;
}

static void close_probe(struct session *session)
{
	if (session->probe < 0)
		return;
	unregister_readfd(session->probe);
	close(session->probe);
	session->probe = -1;
}

static void log_probe(struct session *session, int error)
{
	if (error != 0 && error != session->probe_error)
		snmp_log(LOG_WARNING, "waiting for snmpd at %s: %s\n", master_address(),
			 strerror(-error));
	session->probe_error = error;
}

static void try_now(unsigned int alarm, void *argument)
{
	struct session *session = argument;
	int error;

	(void)alarm;
	session->alarm = 0;
	close_probe(session);
	error = open_probe(session);
	log_probe(session, error);
	if (error != 0) {
		wait_to_try(session);
		return;
	}
	session->state = SESSION_PROBING;
	set_alarm(session, PROBE_NS);
}

/* ---- opening and registering ---- */

static void interrupt(int signal)
{
	(void)signal;
}

/*
 * The library's connect() blocks without limit when snmpd stops serving right after it has answered
 * the probe and its backlog is full. A signal interrupts it, and goes on coming until it has.
 */
static int open_within_a_second(void)
{
	const struct itimerval limit = {.it_value = {.tv_sec = 1}, .it_interval = {.tv_sec = 1}};
	const struct itimerval none = {0};
	const struct sigaction action = {.sa_handler = interrupt};
	struct sigaction before;
	int result;

	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &limit, NULL);
	result = subagent_open_master_session();
	setitimer(ITIMER_REAL, &none, NULL);
	sigaction(SIGALRM, &before, NULL);
	return result == 0 ? 0 : -ECONNABORTED;
}

static void limit_sending(void)
{
	const struct timeval limit = {.tv_usec = 200000};
	const netsnmp_transport *transport = snmp_sess_transport(snmp_sess_pointer(main_session));

	setsockopt(transport->sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static void drop_session(void)
{
	if (main_session == NULL)
		return;
	agentx_unregister_callbacks(main_session);
	remove_trap_session(main_session);
	snmp_close(main_session);
	main_session = NULL;
}

/* Returns 0, -EEXIST if the master refuses, or -ECONNABORTED if it does not answer. */
static int register_root(const struct session *session)
{
	const char *context = session->snmp_context[0] == '\0' ? NULL : session->snmp_context;
	oid root[MAX_OID_LEN];

	memcpy(root, session->root, session->root_length * sizeof(oid));
	if (agentx_register(main_session, root, session->root_length, DEFAULT_MIB_PRIORITY, 0, 0, 0,
			    0, context) == 1)
		return 0;
	if (main_session != NULL && main_session->s_snmp_errno == SNMPERR_SUCCESS)
		return -EEXIST;
	return -ECONNABORTED;
}

static void registered(struct session *session)
{
	session->state = SESSION_REGISTERED;
	session->wait_ns = TRY_AGAIN_NS;
	session->refused_since_ns = 0;
	snmp_log(LOG_INFO, "registered with snmpd at %s\n", master_address());
}

static void refused(struct session *session)
{
	int64_t now_ns = clock_now_ns();

	if (session->refused_since_ns == 0)
		session->refused_since_ns = now_ns;
	if (now_ns - session->refused_since_ns > REFUSED_FOR_GOOD_NS)
		session->callbacks.refused(session->callbacks.context);
}

static void open_session(struct session *session)
{
	int error = open_within_a_second();

	if (error == 0) {
		limit_sending();
		session->callbacks.opened(session->callbacks.context);
		error = register_root(session);
	}
	if (error == 0) {
		registered(session);
		return;
	}
	drop_session();
	if (error == -EEXIST)
		refused(session);
	wait_longer_to_try(session);
}

static void probe_answered(int descriptor, void *argument)
{
	struct session *session = argument;
	unsigned char answer;
	ssize_t length = recv(descriptor, &answer, sizeof(answer), 0);

	cancel_alarm(session);
	close_probe(session);
	if (length > 0)
		open_session(session);
	else
		wait_to_try(session);
}

/* ---- the library's side ---- */

/* May come from within open_session(), which sees the loss by itself and sets the alarm anew. */
static int session_lost(int major, int minor, void *lost, void *argument)
{
	struct session *session = argument;

	(void)major;
	(void)minor;
	(void)lost;
	snmp_log(LOG_NOTICE, "lost the session with snmpd, waiting for it\n");
	wait_to_try(session);
	return SNMPERR_SUCCESS;
}

void session_prepare_library(void)
{
	snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG,
				 subagent_startup, NULL, 1);
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 0);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS,
			       1);
}

void session_start(struct session *session, const oid *root, size_t root_length,
		   const char *snmp_context, const struct session_callbacks *callbacks)
{
	*session = (struct session){
		.root = root,
		.root_length = root_length,
		.snmp_context = snmp_context,
		.callbacks = *callbacks,
		.probe = -1,
		.wait_ns = TRY_AGAIN_NS,
	};
	/* A repeated PDU would be carried out twice; a lost one shows as a time-out (1 s). */
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_RETRIES, 0);
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_TIMEOUT, 1);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, session_lost,
			       session);
	try_now(0, session);
}

bool session_is_registered(const struct session *session)
{
	return session->state == SESSION_REGISTERED;
}

int session_notify(const struct session *session, netsnmp_variable_list *variables,
		   netsnmp_callback answered, void *argument)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_MSG_NOTIFY);
	int request;

	if (pdu == NULL || !session_is_registered(session)) {
		snmp_free_varbind(variables);
		snmp_free_pdu(pdu);
		return 0;
	}
	pdu->sessid = main_session->sessid;
	pdu->variables = variables;
	/* A hung snmpd reads it when it goes on; only the session's end ends the waiting. */
	pdu->flags |= UCD_MSG_FLAG_PDU_TIMEOUT;
	pdu->time = ANSWER_LIMIT;
	request = snmp_async_send(main_session, pdu, answered, argument);
	if (request == 0)
		snmp_free_pdu(pdu);
	return request;
}

static void send_close(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_MSG_CLOSE);

	if (pdu == NULL)
		return;
	pdu->errstat = AGENTX_CLOSE_SHUTDOWN;
	pdu->sessid = main_session->sessid;
	if (snmp_send(main_session, pdu) == 0)
		snmp_free_pdu(pdu);
}

void session_stop(struct session *session)
{
	close_probe(session);
	cancel_alarm(session);
	if (main_session != NULL)
		send_close();
	drop_session();
}
