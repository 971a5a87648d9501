/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-states-snmp: asks another host's snmpd for the counts, for the programs that show them.
 *
 *     tcp-states-snmp [-Cl] [-CpPORT]... [OPTION]... -- HOST
 *
 * -Cl asks for the listen queues too, -Cp for a watched port; OPTIONs are net-snmp's common ones.
 * The answers are written as remote_text reads them. What goes wrong is said on the last line of
 * standard error, and the exit status is 1.
 */
#include "build.h"
#include "cli/remote_objects.h"
#include "model/port.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Few enough that an answer fits into an Ethernet frame, SNMPv3's headers and all. */
#define PDU_OBJECTS 32

#define LISTEN_ROWS_PER_PDU 6
#define LISTEN_ROWS_MAX 65536

#define ENTRIES(array) (sizeof(array) / sizeof((array)[0]))
#define ROOT_LENGTH ENTRIES(((const oid[]){MIB_ROOT}))

struct name {
	oid oid[MAX_OID_LEN];
	size_t length;
};

struct asking {
	netsnmp_session *session;
	netsnmp_pdu *pdu; /* under way to be filled; NULL: none */
	size_t objects;   /* in it */
};

/* What net-snmp hands to parse_wish() has no place for it. */
static bool listeners_wished;
static struct watched_ports ports_wished;

/* ---- requests ---- */

static int tell_no_response(const netsnmp_session *session, int status)
{
	const int error = session->s_snmp_errno;

	if (status == STAT_TIMEOUT || error == SNMPERR_TIMEOUT)
		fprintf(stderr,
			"%s does not answer: it is out of reach, snmpd does not run there, or the "
			"community or a pass phrase is wrong\n",
			session->peername);
	else
		fprintf(stderr, "%s: %s\n", session->peername, snmp_api_errstring(error));
	return -1;
}

static int tell_error_status(const netsnmp_session *session, long status)
{
	const char *meaning = "";

	if (status == SNMP_ERR_GENERR)
		meaning = ": snmpd runs there, but tcp-state-agent does not answer it";
	if (status == SNMP_ERR_AUTHORIZATIONERROR || status == SNMP_ERR_NOACCESS)
		meaning = ": snmpd does not let this user or community read";
	fprintf(stderr, "%s answers %s%s\n", session->peername, snmp_errstring((int)status),
		meaning);
	return -1;
}

/* Sends @p pdu, which the library frees. @return the answer, or NULL, and that is told */
static netsnmp_pdu *ask(netsnmp_session *session, netsnmp_pdu *pdu)
{
	netsnmp_pdu *response = NULL;
	int status = snmp_synch_response(session, pdu, &response);

	if (status == STAT_SUCCESS && response->errstat == SNMP_ERR_NOERROR)
		return response;
	if (status == STAT_SUCCESS)
		tell_error_status(session, response->errstat);
	else
		tell_no_response(session, status);
	snmp_free_pdu(response);
	return NULL;
}

static bool is_below(const netsnmp_variable_list *variable, const oid *name, size_t length)
{
	return variable->name_length > length &&
	       snmp_oid_ncompare(variable->name, variable->name_length, name, length, length) == 0;
}

/* ---- what is written ---- */

static void write_text(const u_char *text, size_t length)
{
	for (size_t place = 0; place < length; place++)
		putchar(text[place] < ' ' ? ' ' : text[place]);
}

static void write_value(const netsnmp_variable_list *variable)
{
	switch (variable->type) {
	case ASN_INTEGER:
	case ASN_COUNTER:
	case ASN_GAUGE:
	case ASN_TIMETICKS:
		printf("%lu", (unsigned long)*variable->val.integer & 0xffffffff);
		break;
	case ASN_COUNTER64:
		printf("%llu", (unsigned long long)variable->val.counter64->high << 32 |
				       (variable->val.counter64->low & 0xffffffff));
		break;
	case ASN_OCTET_STR:
		write_text(variable->val.string, variable->val_len);
		break;
	case SNMP_NOSUCHOBJECT:
		fputs("noSuchObject", stdout);
		break;
	case SNMP_NOSUCHINSTANCE:
		fputs("noSuchInstance", stdout);
		break;
	default:
		printf("type %d", variable->type);
	}
}

/* @return false if it is not of this MIB */
static bool write_object(const netsnmp_variable_list *variable)
{
	static const oid root[] = {MIB_ROOT};

	if (!is_below(variable, root, ROOT_LENGTH))
		return false;
	for (size_t place = ROOT_LENGTH; place < variable->name_length; place++)
		printf(place == ROOT_LENGTH ? "%lu" : ".%lu", variable->name[place]);
	putchar(' ');
	write_value(variable);
	putchar('\n');
	return true;
}

static int tell_senseless(const netsnmp_session *session)
{
	fprintf(stderr, "%s answers what was not asked\n", session->peername);
	return -1;
}

/* ---- fixed rows, by GET ---- */

static int send_objects(struct asking *asking)
{
	netsnmp_pdu *response;
	bool asked_for = true;

	if (asking->pdu == NULL)
		return 0;
	response = ask(asking->session, asking->pdu);
	asking->pdu = NULL;
	asking->objects = 0;
	if (response == NULL)
		return -1;
	for (const netsnmp_variable_list *variable = response->variables;
	     asked_for && variable != NULL; variable = variable->next_variable)
		asked_for = write_object(variable);
	snmp_free_pdu(response);
	return asked_for ? 0 : tell_senseless(asking->session);
}

static int add_object(struct asking *asking, const oid *below, size_t length)
{
	struct name name = {.oid = {MIB_ROOT}, .length = ROOT_LENGTH + length};

	memcpy(name.oid + ROOT_LENGTH, below, length * sizeof(*below));
	if (asking->pdu == NULL)
		asking->pdu = snmp_pdu_create(SNMP_MSG_GET);
	snmp_add_null_var(asking->pdu, name.oid, name.length);
	return ++asking->objects < PDU_OBJECTS ? 0 : send_objects(asking);
}

#define ADD(asking, ...)                                              \
	add_object((asking), (const oid[]){MIB_OBJECTS, __VA_ARGS__}, \
		   ENTRIES(((const oid[]){MIB_OBJECTS, __VA_ARGS__})))

static int add_refresh(struct asking *asking)
{
	static const oid scalars[] = {MIB_REFRESH_AGE, MIB_REFRESH_DURATION, MIB_REFRESH_LAST_ERROR,
				      MIB_REFRESH_METHOD};

	for (size_t scalar = 0; scalar < ENTRIES(scalars); scalar++) {
		if (ADD(asking, MIB_REFRESH, scalars[scalar], 0) != 0)
			return -1;
	}
	return 0;
}

/* The rows of each family and state: InetVersion and TcpState count from 1. */
static int add_state_counts(struct asking *asking)
{
	for (oid family = 1; family <= FAMILIES; family++) {
		for (oid state = 1; state <= STATES; state++) {
			if (ADD(asking, MIB_STATE_COUNT, MIB_ENTRY, MIB_COLUMN_STATE_COUNT, family,
				state) != 0)
				return -1;
		}
	}
	return 0;
}

static int add_families(struct asking *asking)
{
	for (oid column = MIB_COLUMN_FAMILY_UDP; column <= MIB_COLUMN_FAMILY_FRAGMENTS; column++) {
		for (oid family = 1; family <= FAMILIES; family++) {
			if (ADD(asking, MIB_FAMILY, MIB_ENTRY, column, family) != 0)
				return -1;
		}
	}
	return 0;
}

static int add_host(struct asking *asking)
{
	for (oid scalar = 1; scalar <= MIB_HOST_SCALARS; scalar++) {
		if (ADD(asking, MIB_HOST, scalar, 0) != 0)
			return -1;
	}
	return 0;
}

static int add_port(struct asking *asking, uint16_t port)
{
	for (oid family = 1; family <= FAMILIES; family++) {
		for (oid state = 1; state <= STATES; state++) {
			if (ADD(asking, MIB_PORT_STATE, MIB_ENTRY, MIB_COLUMN_PORT_STATE_COUNT,
				family, port, state) != 0)
				return -1;
		}
	}
	return 0;
}

static int ask_fixed_rows(netsnmp_session *session)
{
	struct asking asking = {.session = session};

	/* The first request holds all counts, so that they are of one refresh. */
	if (add_refresh(&asking) != 0 || add_state_counts(&asking) != 0 ||
	    add_families(&asking) != 0 || add_host(&asking) != 0)
		return -1;
	for (size_t port = 0; port < ports_wished.count; port++) {
		/* And so are those of a port. */
		if (send_objects(&asking) != 0 ||
		    add_port(&asking, ports_wished.port[port].number) != 0)
			return -1;
	}
	return send_objects(&asking);
}

/* ---- listen queues, by GETBULK of several columns at once: rows come whole ---- */

#define LISTEN_QUEUE MIB_ROOT, MIB_OBJECTS, MIB_LISTEN_QUEUE, MIB_ENTRY
#define LISTEN_COLUMN_LENGTH (ENTRIES(((const oid[]){LISTEN_QUEUE})) + 1)
#define LISTEN_COLUMNS ENTRIES(listen_columns)

static const oid listen_columns[] = {MIB_COLUMN_LISTEN_SOCKETS, MIB_COLUMN_LISTEN_QUEUED,
				     MIB_COLUMN_LISTEN_BACKLOG, MIB_COLUMN_LISTEN_DROPPED};

static void add_listen_columns(netsnmp_pdu *pdu, const struct name *index)
{
	for (size_t column = 0; column < LISTEN_COLUMNS; column++) {
		struct name name = {
			.oid = {LISTEN_QUEUE, listen_columns[column]},
			.length = LISTEN_COLUMN_LENGTH + index->length,
		};

		memcpy(name.oid + LISTEN_COLUMN_LENGTH, index->oid, index->length * sizeof(oid));
		snmp_add_null_var(pdu, name.oid, name.length);
	}
}

static bool is_in_column(const netsnmp_variable_list *variable, oid column)
{
	const oid name[] = {LISTEN_QUEUE, column};

	return variable->type != SNMP_ENDOFMIBVIEW && is_below(variable, name, ENTRIES(name));
}

static struct name index_of(const netsnmp_variable_list *variable)
{
	struct name index = {.length = variable->name_length - LISTEN_COLUMN_LENGTH};

	memcpy(index.oid, variable->name + LISTEN_COLUMN_LENGTH, index.length * sizeof(oid));
	return index;
}

static int compare(const struct name *left, const struct name *right)
{
	return snmp_oid_compare(left->oid, left->length, right->oid, right->length);
}

/* Whether a whole row begins with @p variable. */
static bool is_row(const netsnmp_variable_list *variable)
{
	const struct name row = index_of(variable);

	for (size_t column = 0; column < LISTEN_COLUMNS; column++) {
		struct name index;

		if (variable == NULL || !is_in_column(variable, listen_columns[column]))
			return false;
		index = index_of(variable);
		if (compare(&index, &row) != 0)
			return false;
		variable = variable->next_variable;
	}
	return true;
}

/*
 * Writes the rows that follow @p index, which is then that of the last one.
 * @return whether these were the last ones
 */
static bool write_rows(const netsnmp_variable_list *variable, struct name *index, size_t *rows)
{
	while (variable != NULL && is_in_column(variable, listen_columns[0])) {
		const struct name row = index_of(variable);

		if (compare(&row, index) <= 0 || !is_row(variable))
			return false;
		for (size_t column = 0; column < LISTEN_COLUMNS; column++) {
			write_object(variable);
			variable = variable->next_variable;
		}
		*index = row;
		(*rows)++;
	}
	return variable != NULL;
}

static int ask_listeners(netsnmp_session *session)
{
	struct name index = {.length = 0};
	size_t rows = 0;
	bool ended = false;

	while (!ended) {
		const size_t rows_before = rows;
		netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
		netsnmp_pdu *response;

		pdu->non_repeaters = 0;
		pdu->max_repetitions = LISTEN_ROWS_PER_PDU;
		add_listen_columns(pdu, &index);
		response = ask(session, pdu);
		if (response == NULL)
			return -1;
		ended = write_rows(response->variables, &index, &rows);
		snmp_free_pdu(response);
		if (!ended && (rows == rows_before || rows > LISTEN_ROWS_MAX))
			return tell_senseless(session);
	}
	return 0;
}

/* ---- the command line ---- */

static void parse_wish(int argc, char *const argv[], int option)
{
	struct watched_port port;

	(void)argc;
	(void)argv;
	(void)option;
	if (strcmp(optarg, "l") == 0) {
		listeners_wished = true;
	} else if (optarg[0] != 'p' || watched_port_parse(optarg + 1, &port) != 0 ||
		   watched_ports_add(&ports_wished, &port) != 0) {
		fprintf(stderr, "-C%s: nothing that can be asked for\n", optarg);
		exit(EXIT_FAILURE);
	}
}

static int parse(int argc, char *argv[], netsnmp_session *session)
{
	int parsed;

	setenv("MIBS", "", 0); /* loading them takes longer than asking */
	parsed = snmp_parse_args(argc, argv, session, "C:", parse_wish);
	if (parsed < 0) /* the library has said what is wrong */
		return -1;
	if (parsed != argc) {
		fprintf(stderr, "%s: there is no option of net-snmp before it that takes it\n",
			session->peername);
		return -1;
	}
	if (session->version == SNMP_VERSION_1) {
		fprintf(stderr, "SNMPv1 cannot read these counts; -v 2c and -v 3 can\n");
		return -1;
	}
	return 0;
}

static int ask_for_all(netsnmp_session *session)
{
	if (ask_fixed_rows(session) != 0)
		return -1;
	return listeners_wished ? ask_listeners(session) : 0;
}

int main(int argc, char *argv[])
{
	netsnmp_session wanted, *session;
	int outcome;

	if (parse(argc, argv, &wanted) != 0)
		return EXIT_FAILURE;
	session = snmp_open(&wanted);
	if (session == NULL) {
		tell_no_response(&wanted, STAT_ERROR);
		return EXIT_FAILURE;
	}
	outcome = ask_for_all(session);
	snmp_close(session);
	if (outcome == 0 && fflush(stdout) == 0)
		return EXIT_SUCCESS;
	return EXIT_FAILURE;
}
