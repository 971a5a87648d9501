/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/query.h"

#include "clock.h"
#include "mib_objects.h"

/* ---- errors ---- */

/* What to check, where the library's message does not say. */
static const char *hint(int error)
{
	switch (error) {
	case SNMPERR_UNKNOWN_USER_NAME:
	case SNMPERR_USM_UNKNOWNSECURITYNAME:
		return " (check -u, and createUser there)";
	case SNMPERR_AUTHENTICATION_FAILURE:
	case SNMPERR_USM_AUTHENTICATIONFAILURE:
		return " (check -a and -A)";
	case SNMPERR_DECRYPTION_ERR:
	case SNMPERR_USM_DECRYPTIONERROR:
		return " (check -x and -X)";
	case SNMPERR_UNSUPPORTED_SEC_LEVEL:
	case SNMPERR_USM_UNSUPPORTEDSECURITYLEVEL:
		return " (check -l)";
	default:
		return "";
	}
}

void query_print_error(int error, int64_t begun_ns)
{
	if (error == SNMPERR_TIMEOUT)
		fprintf(stderr,
			"timed out after %.3g s: unreachable, snmpd not running, or wrong "
			"community or pass phrase\n",
			(double)(clock_now_ns() - begun_ns) / (double)NS_PER_SECOND);
	else
		fprintf(stderr, "%s%s\n", snmp_api_errstring(error), hint(error));
}

static void print_error_status(long status)
{
	const char *meaning = "";

	if (status == SNMP_ERR_GENERR)
		meaning = ": snmpd is running, but tcp-state-agent does not answer it";
	if (status == SNMP_ERR_AUTHORIZATIONERROR || status == SNMP_ERR_NOACCESS)
		meaning = ": snmpd.conf there gives this user or community no read access";
	fprintf(stderr, "%s%s\n", snmp_errstring((int)status), meaning);
}

void query_fail_unexpected(struct query *query)
{
	fprintf(stderr, "unexpected answer: not what was asked for\n");
	query->outcome = OUTCOME_FAILED;
}

/* ---- the answer ---- */

bool query_is_below(const netsnmp_variable_list *variable, const oid *name, size_t length)
{
	return variable->name_length > length &&
	       snmp_oid_ncompare(variable->name, variable->name_length, name, length, length) == 0;
}

static void write_octets(FILE *answer, const u_char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fputc(text[i] < ' ' ? ' ' : text[i], answer);
}

/* "2026-11-27 03:00:12+01:00"; a DateAndTime has 8 or 11 octets (RFC 2579) */
static void write_date(FILE *answer, const u_char *date, size_t length)
{
	if (length != 8 && length != 11) {
		fputs("unknown", answer);
		return;
	}
	fprintf(answer, "%04u-%02u-%02u %02u:%02u:%02u", date[0] << 8 | date[1], date[2], date[3],
		date[4], date[5], date[6]);
	if (length == 11)
		fprintf(answer, "%c%02u:%02u", date[8] == '-' ? '-' : '+', date[9], date[10]);
}

static bool is_date(const netsnmp_variable_list *variable)
{
	static const oid since[] = {MIB_ROOT, tcpStateCountObjects, tcpThresholdTable,
				    tcpThresholdEntry, tcpThresholdSinceDate};

	return query_is_below(variable, since, ENTRIES(since));
}

static void write_variable(FILE *answer, const netsnmp_variable_list *variable)
{
	switch (variable->type) {
	case ASN_INTEGER:
	case ASN_COUNTER:
	case ASN_GAUGE:
	case ASN_TIMETICKS:
		fprintf(answer, "%lu", (unsigned long)*variable->val.integer & 0xffffffff);
		break;
	case ASN_COUNTER64:
		fprintf(answer, "%llu",
			(unsigned long long)variable->val.counter64->high << 32 |
				(variable->val.counter64->low & 0xffffffff));
		break;
	case ASN_OCTET_STR:
		if (is_date(variable))
			write_date(answer, variable->val.string, variable->val_len);
		else
			write_octets(answer, variable->val.string, variable->val_len);
		break;
	case SNMP_NOSUCHOBJECT:
		fputs("noSuchObject", answer);
		break;
	case SNMP_NOSUCHINSTANCE:
		fputs("noSuchInstance", answer);
		break;
	default:
		fprintf(answer, "type %d", variable->type);
	}
}

void query_write(struct query *query, const netsnmp_variable_list *variable)
{
	static const oid root[] = {MIB_ROOT};

	if (!query_is_below(variable, root, ROOT_LENGTH)) {
		query_fail_unexpected(query);
		return;
	}
	for (size_t i = ROOT_LENGTH; i < variable->name_length; i++)
		fprintf(query->answer, i == ROOT_LENGTH ? "%lu" : ".%lu", variable->name[i]);
	fputc(' ', query->answer);
	write_variable(query->answer, variable);
	fputc('\n', query->answer);
}

/* ---- requests ---- */

static const oid guard_names[QUERY_GUARDS][MAX_OID_LEN] = {
	{MIB_ROOT, tcpStateCountObjects, tcpRefresh, tcpRefreshes, 0},
	{MIB_ROOT, tcpStateCountObjects, tcpStateCountTable, tcpStateCountEntry, tcpStateCount, 1,
	 1},
};
static const size_t guard_lengths[QUERY_GUARDS] = {ROOT_LENGTH + 4, ROOT_LENGTH + 6};

/* A GETNEXT begins one sub-identifier earlier. */
netsnmp_pdu *query_create_pdu(int command)
{
	netsnmp_pdu *pdu = snmp_pdu_create(command);
	const bool next = command != SNMP_MSG_GET;

	for (size_t i = 0; i < QUERY_GUARDS; i++)
		snmp_add_null_var(pdu, guard_names[i], guard_lengths[i] - next);
	return pdu;
}

static bool is_guard(const netsnmp_variable_list *variable, size_t guard)
{
	return variable != NULL && snmp_oid_compare(variable->name, variable->name_length,
						    guard_names[guard], guard_lengths[guard]) == 0;
}

/* Counts that are absent from the first response are reported by the reader of the answer. */
static enum outcome check_guards(struct query *query, const netsnmp_variable_list *refreshes)
{
	const netsnmp_variable_list *count;
	bool served;

	if (!is_guard(refreshes, 0) || !is_guard(refreshes->next_variable, 1))
		return OUTCOME_INTERRUPTED;
	count = refreshes->next_variable;
	served = refreshes->type == ASN_COUNTER && count->type == ASN_GAUGE;
	if (!query->has_response) {
		query->has_response = true;
		query->absent = !served;
		if (served)
			query->first_refreshes = query->refreshes =
				(uint32_t)*refreshes->val.integer;
		return OUTCOME_DONE;
	}
	/* The counter wraps; a smaller number means that the agent was restarted. */
	if (!served || (uint32_t)*refreshes->val.integer - query->refreshes > INT32_MAX)
		return OUTCOME_INTERRUPTED;
	query->refreshes = (uint32_t)*refreshes->val.integer;
	return OUTCOME_DONE;
}

netsnmp_pdu *query_send(struct query *query, netsnmp_pdu *pdu,
			const netsnmp_variable_list **variable)
{
	const int64_t begun_ns = clock_now_ns();
	netsnmp_pdu *response = NULL;
	int status = snmp_synch_response(query->session, pdu, &response);

	query->outcome = OUTCOME_FAILED;
	if (status == STAT_SUCCESS && response->errstat == SNMP_ERR_NOERROR)
		query->outcome = check_guards(query, response->variables);
	else if (status == STAT_SUCCESS)
		print_error_status(response->errstat);
	else if (status == STAT_TIMEOUT)
		query_print_error(SNMPERR_TIMEOUT, begun_ns);
	else
		query_print_error(query->session->s_snmp_errno, begun_ns);
	if (query->outcome == OUTCOME_DONE) {
		*variable = response->variables->next_variable->next_variable;
		return response;
	}
	snmp_free_pdu(response);
	return NULL;
}

void query_send_and_write(struct query *query, netsnmp_pdu *pdu)
{
	const netsnmp_variable_list *variable;
	netsnmp_pdu *response = query_send(query, pdu, &variable);

	if (response == NULL)
		return;
	for (; query->outcome == OUTCOME_DONE && variable != NULL;
	     variable = variable->next_variable)
		query_write(query, variable);
	snmp_free_pdu(response);
}
