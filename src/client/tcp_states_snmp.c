/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-states-snmp: reads the counts of another host from its snmpd, for the programs that show
 * them.
 *
 *     tcp-states-snmp [-Cl] [-Cw] [-Co] [-Ct] [-CpPORT]... [OPTION]... -- HOST
 *
 * -Cl also reads the listen queues, -Cw all watches, -Co owners, -Ct the minima and maxima and
 * raised thresholds, -Cp the watch of a local port; OPTIONs are those common to net-snmp's
 * commands. The answer is printed in the format of remote_text. After an error, its reason is the
 * last line of standard error, and the exit status is 1.
 */
#include "client/fixed_rows.h"
#include "client/query.h"
#include "client/table_rows.h"
#include "clock.h"
#include "inherited.h"
#include "model/port.h"
#include "streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The number of retries after incomplete reads, and after counts from several refreshes. */
#define RETRIES 2

/* Set by parse_application_option(), which net-snmp calls without an argument for them. */
static bool listeners_requested;
static bool watches_requested;
static bool owners_requested;
static bool thresholds_requested;
static struct watched_ports requested_ports;

/* ---- the command line ---- */

static void parse_application_option(int argc, char *const argv[], int option)
{
	struct watched_port port;

	(void)argc;
	(void)argv;
	(void)option;
	if (strcmp(optarg, "l") == 0) {
		listeners_requested = true;
	} else if (strcmp(optarg, "w") == 0) {
		watches_requested = true;
	} else if (strcmp(optarg, "o") == 0) {
		owners_requested = true;
	} else if (strcmp(optarg, "t") == 0) {
		thresholds_requested = true;
	} else if (optarg[0] != 'p' || watched_port_parse(optarg + 1, &port) != 0 ||
		   watched_ports_add(&requested_ports, &port) != 0) {
		fprintf(stderr, "invalid option '-C%s'\n", optarg);
		exit(EXIT_FAILURE);
	}
}

/* @return 0 or -EINVAL, and the error is printed */
static int parse_arguments(int argc, char *argv[], netsnmp_session *session)
{
	int parsed;

	setenv("MIBS", "", 0);    /* parsing MIBs takes longer than the requests */
	setenv("LC_ALL", "C", 1); /* init_snmp() calls setlocale(LC_CTYPE, "") */
	parsed = snmp_parse_args(argc, argv, session, "C:", parse_application_option);
	if (parsed < 0)
		return -EINVAL;
	if (parsed != argc) {
		fprintf(stderr, "unexpected argument '%s' among the SNMP options\n",
			session->peername);
		return -EINVAL;
	}
	if (session->version == SNMP_VERSION_1) {
		fprintf(stderr, "SNMPv1 cannot read these counts (use -v 2c or -v 3)\n");
		return -EINVAL;
	}
	return 0;
}

/* ---- reading ---- */

static enum outcome read_objects(netsnmp_session *session, bool accept_mixed, FILE *answer)
{
	struct query query = {.session = session, .answer = answer};

	fixed_rows_read(&query, &requested_ports);
	if (query.outcome == OUTCOME_MIXED && accept_mixed)
		query.outcome = OUTCOME_DONE;
	if (query.outcome == OUTCOME_DONE && listeners_requested && !query.absent)
		table_rows_read(&query, &listen_rows);
	if (query.outcome == OUTCOME_DONE && watches_requested && !query.absent)
		fixed_rows_read_watches(&query);
	if (query.outcome == OUTCOME_DONE && owners_requested && !query.absent)
		table_rows_read(&query, &owner_rows);
	if (query.outcome == OUTCOME_DONE && thresholds_requested && !query.absent)
		threshold_rows_read(&query);
	if (query.outcome == OUTCOME_DONE && query.refreshes != query.first_refreshes &&
	    owners_requested)
		query.outcome = OUTCOME_MIXED;
	if (query.outcome == OUTCOME_MIXED && accept_mixed)
		query.outcome = OUTCOME_DONE;
	return query.outcome;
}

static enum outcome read_and_print(netsnmp_session *session, bool accept_mixed)
{
	char *text = NULL;
	size_t length;
	FILE *answer = open_memstream(&text, &length);
	enum outcome outcome = OUTCOME_FAILED;

	if (answer != NULL)
		outcome = read_objects(session, accept_mixed, answer);
	if (answer == NULL || fclose(answer) != 0) {
		fprintf(stderr, "%s\n", strerror(ENOMEM));
		outcome = OUTCOME_FAILED;
	}
	if (outcome == OUTCOME_DONE)
		fwrite(text, 1, length, stdout);
	free(text);
	return outcome;
}

static enum outcome read_until_complete(netsnmp_session *session)
{
	enum outcome outcome;
	int mixed = 0, interrupted = 0;

	do {
		outcome = read_and_print(session, mixed == RETRIES);
		mixed += outcome == OUTCOME_MIXED;
		interrupted += outcome == OUTCOME_INTERRUPTED;
	} while (outcome == OUTCOME_MIXED ||
		 (outcome == OUTCOME_INTERRUPTED && interrupted <= RETRIES));
	if (outcome == OUTCOME_INTERRUPTED)
		fprintf(stderr, "incomplete answer: tcp-state-agent stopped, restarted or withdrew "
				"its counts meanwhile (try again)\n");
	return outcome;
}

static int end_output(void)
{
	const char *problem = streams_close_output();

	if (problem == NULL)
		return EXIT_SUCCESS;
	fprintf(stderr, "standard output: %s\n", problem);
	return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
	netsnmp_session arguments, *session;
	enum outcome outcome;
	int64_t begun_ns;

	inherited_reset();
	if (streams_open() != 0)
		return EXIT_FAILURE;
	if (parse_arguments(argc, argv, &arguments) != 0)
		return EXIT_FAILURE;
	begun_ns = clock_now_ns();
	session = snmp_open(&arguments);
	if (session == NULL) {
		query_print_error(arguments.s_snmp_errno, begun_ns);
		return EXIT_FAILURE;
	}
	outcome = read_until_complete(session);
	snmp_close(session);
	return outcome == OUTCOME_DONE ? end_output() : EXIT_FAILURE;
}
