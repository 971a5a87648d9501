/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/check_options.h"

#include "build.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_DEFAULT_S 10
#define TIMEOUT_MAX_S 3600

/* Of those that have no letter. */
enum {
	OPTION_CONN_TYPE = 256,
	OPTION_CONN_STATUS,
	OPTION_ALWAYS_OK,
	OPTION_NO_PERFDATA,
};

static const struct option long_options[] = {
	{"warning", required_argument, NULL, 'w'},
	{"critical", required_argument, NULL, 'c'},
	{"conn-type", required_argument, NULL, OPTION_CONN_TYPE},
	{"conn-status", required_argument, NULL, OPTION_CONN_STATUS},
	{"always-ok", no_argument, NULL, OPTION_ALWAYS_OK},
	{"no-perfdata", no_argument, NULL, OPTION_NO_PERFDATA},
	{"hostname", required_argument, NULL, 'H'},
	{"timeout", required_argument, NULL, 't'},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* What a repeatable option named. */
struct selection {
	bool given, all;
};

struct parsing {
	struct check_options *options;
	struct selection types, statuses;
};

static void print_usage(void)
{
	printf("Usage: " CHECK_NAME " [OPTION]... [-H HOST [-- SNMP-OPTION...]]\n"
	       "Checks the number of sockets by type and status, each against two ranges.\n"
	       "\n"
	       "  -w, --warning RANGE       WARNING for a number outside of it,\n"
	       "  -c, --critical RANGE      CRITICAL: 10, 10:, ~:10, 10:20, @10:20 or none\n"
	       "      --conn-type TYPE      only these: tcp, tcp6, udp, udp6 or all\n"
	       "      --conn-status STATUS  only these: established, syn_sent, syn_recv,\n"
	       "                            fin_wait1, fin_wait2, time_wait, close,\n"
	       "                            close_wait, last_ack, listen, closing, none (of\n"
	       "                            UDP) or all\n"
	       "      --always-ok           end with OK whatever the numbers are\n"
	       "      --no-perfdata         leave out the performance data\n"
	       "  -H, --hostname HOST       ask the tcp-state-agent there, by SNMP\n"
	       "  -t, --timeout SECONDS     UNKNOWN after so long (%d)\n"
	       "  -v, --verbose             tell how and when the sockets were counted\n"
	       "  -V, --version             print the version\n"
	       "  -h, --help                print this\n"
	       "\n"
	       "--conn-type and --conn-status may be repeated. SNMP-OPTIONs are those of\n"
	       "net-snmp, such as -v 2c -c public; without any, snmp.conf holds.\n",
	       TIMEOUT_DEFAULT_S);
}

static enum check_outcome wrong(const char *option, const char *argument, const char *problem)
{
	printf("UNKNOWN: %s%s%s: %s\n", option, argument[0] == '\0' ? "" : " ", argument, problem);
	return CHECK_WRONG;
}

static enum check_outcome parse_range(const char *option, const char *text, struct range *range,
				      bool *has_range, const char **kept)
{
	*has_range = strcasecmp(text, "none") != 0;
	*kept = *has_range ? text : "";
	switch (*has_range ? range_parse(text, range) : 0) {
	case 0:
		return CHECK_RUN;
	case -ERANGE:
		return wrong(option, text, "the range starts after it ends");
	default:
		return wrong(option, text,
			     "the range is not like 10, 10:, ~:10, 10:20, @10:20 or none");
	}
}

static enum check_outcome parse_type(struct parsing *parsing, const char *word)
{
	parsing->types.given = true;
	if (strcmp(word, "all") == 0) {
		parsing->types.all = true;
		return CHECK_RUN;
	}
	for (enum check_type type = 0; type < TYPES; type++) {
		if (strcmp(word, check_type_word(type)) == 0) {
			parsing->options->check.types[type] = true;
			return CHECK_RUN;
		}
	}
	return wrong("--conn-type", word, "is not tcp, tcp6, udp, udp6 or all");
}

static enum check_outcome parse_status(struct parsing *parsing, const char *word)
{
	parsing->statuses.given = true;
	if (strcmp(word, "all") == 0) {
		parsing->statuses.all = true;
		return CHECK_RUN;
	}
	for (enum check_status status = 0; status < STATUSES; status++) {
		if (strcmp(word, check_status_word(status)) == 0) {
			parsing->options->check.statuses[status] = true;
			return CHECK_RUN;
		}
	}
	return wrong("--conn-status", word, "is no status; --help has them");
}

static enum check_outcome parse_timeout(struct check_options *options, const char *text)
{
	char *end;
	const long seconds = strtol(text, &end, 10);

	if (end == text || *end != '\0' || seconds < 1 || seconds > TIMEOUT_MAX_S)
		return wrong("--timeout", text, "is not a number of seconds from 1 to 3600");
	options->timeout_s = (unsigned int)seconds;
	return CHECK_RUN;
}

/* The library takes none for this host, which it may not have been meant to be. */
static enum check_outcome parse_host(struct check_options *options, const char *host)
{
	if (host[0] == '\0')
		return wrong("--hostname", "", "the name is empty");
	options->host = host;
	return CHECK_RUN;
}

/* getopt's own messages are for standard error and may be longer than a line. */
static enum check_outcome tell_wrong_option(int found, const char *last)
{
	char letter[] = {'-', (char)optopt, '\0'};
	const char *option = optopt > ' ' && optopt <= '~' ? letter : last;

	return wrong(option, "",
		     found == ':' ? "its argument is missing"
				  : "is no option here; --help has them");
}

static enum check_outcome parse_option(struct parsing *parsing, int found, const char *last)
{
	struct check_options *options = parsing->options;
	struct check *check = &options->check;

	switch (found) {
	case 'w':
		return parse_range("--warning", optarg, &check->warning, &check->has_warning,
				   &options->warning);
	case 'c':
		return parse_range("--critical", optarg, &check->critical, &check->has_critical,
				   &options->critical);
	case OPTION_CONN_TYPE:
		return parse_type(parsing, optarg);
	case OPTION_CONN_STATUS:
		return parse_status(parsing, optarg);
	case OPTION_ALWAYS_OK:
		options->always_ok = true;
		return CHECK_RUN;
	case OPTION_NO_PERFDATA:
		options->performance_data = false;
		return CHECK_RUN;
	case 'H':
		return parse_host(options, optarg);
	case 't':
		return parse_timeout(options, optarg);
	case 'v':
		options->verbose = true;
		return CHECK_RUN;
	case 'V':
		printf(CHECK_NAME " " AGENT_VERSION "\n");
		return CHECK_ANSWERED;
	case 'h':
		print_usage();
		return CHECK_ANSWERED;
	default:
		return tell_wrong_option(found, last);
	}
}

static bool take_all(const struct selection *selection, bool wanted[], size_t count)
{
	if (selection->given && !selection->all)
		return false;
	for (size_t place = 0; place < count; place++)
		wanted[place] = true;
	return true;
}

/* What all options together mean; those of the library are at @p rest, behind "--". */
static enum check_outcome finish(struct parsing *parsing, char *const rest[], bool separated)
{
	struct check_options *options = parsing->options;
	struct check *check = &options->check;
	const bool all_types = take_all(&parsing->types, check->types, TYPES);
	const bool all_statuses = take_all(&parsing->statuses, check->statuses, STATUSES);

	check->filtered = !all_types || !all_statuses;
	if (!check_asks_for_any(check))
		return wrong("--conn-type and --conn-status", "",
			     "there is no such socket; none is the only status of UDP, and of UDP "
			     "only");
	if (rest[0] != NULL && !separated)
		return wrong(rest[0], "", "there is nothing to name besides options");
	if (rest[0] != NULL && options->host == NULL)
		return wrong(rest[0], "", "an option of SNMP is of use with --hostname only");
	options->snmp_options = rest;
	return CHECK_RUN;
}

enum check_outcome check_options_parse(struct check_options *options, int argc, char *argv[])
{
	struct parsing parsing = {.options = options};
	enum check_outcome outcome = CHECK_RUN;
	int found;

	*options = (struct check_options){
		.warning = "",
		.critical = "",
		.performance_data = true,
		.timeout_s = TIMEOUT_DEFAULT_S,
	};
	while (outcome == CHECK_RUN &&
	       (found = getopt_long(argc, argv, "+:w:c:H:t:vVh", long_options, NULL)) != -1)
		outcome = parse_option(&parsing, found, argv[optind - 1]);
	if (outcome != CHECK_RUN)
		return outcome;
	return finish(&parsing, argv + optind, strcmp(argv[optind - 1], "--") == 0);
}
