/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/check_options.h"

#include "ascii.h"
#include "build.h"
#include "number.h"
#include "utf8.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_DEFAULT_S 10
#define TIMEOUT_MAX_S 3600

#define BLANKS " \t\r\n\f\v"

/* The values that a repeatable option selects. */
struct selection {
	bool given, all;
};

struct parsing {
	struct check_options options;
	struct selection types, statuses;
};

/* ---- arguments ---- */

/* Without blanks at its ends, nothing is no limit: it may come from an unset macro. */
static const char *parse_range(const char *text, struct range *range, bool *has_range,
			       char kept[CHECK_RANGE_SIZE])
{
	const char *first = text + strspn(text, BLANKS);
	size_t length = strlen(first);

	while (length > 0 && strchr(BLANKS, first[length - 1]) != NULL)
		length--;
	if (length >= CHECK_RANGE_SIZE)
		return "too long";
	memcpy(kept, first, length);
	kept[length] = '\0';
	*has_range = length > 0 && !ascii_equals(kept, "none");
	if (!*has_range)
		kept[0] = '\0';
	switch (*has_range ? range_parse(kept, range) : 0) {
	case 0:
		return NULL;
	case -ERANGE:
		return "the range starts after it ends";
	default:
		return "not a range like 10, 10:, ~:10, 10:20, @10:20 or none";
	}
}

static const char *parse_warning(void *parsing, const char *text)
{
	struct check_options *options = &((struct parsing *)parsing)->options;

	return parse_range(text, &options->check.warning, &options->check.has_warning,
			   options->warning);
}

static const char *parse_critical(void *parsing, const char *text)
{
	struct check_options *options = &((struct parsing *)parsing)->options;

	return parse_range(text, &options->check.critical, &options->check.has_critical,
			   options->critical);
}

static const char *parse_type(void *target, const char *word)
{
	struct parsing *parsing = target;

	parsing->types.given = true;
	if (strcmp(word, "all") == 0) {
		parsing->types.all = true;
		return NULL;
	}
	for (enum check_type type = 0; type < TYPES; type++) {
		if (strcmp(word, check_type_word(type)) == 0) {
			parsing->options.check.types[type] = true;
			return NULL;
		}
	}
	return "not tcp, tcp6, udp, udp6 or all";
}

static const char *parse_status(void *target, const char *word)
{
	struct parsing *parsing = target;

	parsing->statuses.given = true;
	if (strcmp(word, "all") == 0) {
		parsing->statuses.all = true;
		return NULL;
	}
	for (enum check_status status = 0; status < STATUSES; status++) {
		if (strcmp(word, check_status_word(status)) == 0) {
			parsing->options.check.statuses[status] = true;
			return NULL;
		}
	}
	return "unknown status (try --help)";
}

static const char *parse_timeout(void *parsing, const char *text)
{
	struct check_options *options = &((struct parsing *)parsing)->options;
	uint64_t seconds;

	if (!number_parse(text, 1, TIMEOUT_MAX_S, &seconds))
		return "not a number of seconds from 1 to 3600";
	options->timeout_s = (unsigned int)seconds;
	return NULL;
}

/* net-snmp would take an empty name for this host. */
static const char *parse_host(void *parsing, const char *host)
{
	if (host[0] == '\0')
		return "empty name";
	((struct parsing *)parsing)->options.host = host;
	return NULL;
}

/* The words of a metric listen. */
static const char *parse_listen(void *parsing, const char *endpoint)
{
	struct check_options *options = &((struct parsing *)parsing)->options;
	char *words[] = {(char *)"listen", (char *)(endpoint == NULL ? "any" : endpoint), NULL};
	const char *problem;

	options->check.subject = CHECK_LISTEN;
	return metric_parse(words, &options->endpoint, &problem) < 0 ? problem : NULL;
}

static const char *parse_watch(void *parsing, const char *name)
{
	struct check *check = &((struct parsing *)parsing)->options.check;

	check->subject = CHECK_WATCH;
	check->watch = name;
	return watch_name_is_valid(name) ? NULL : "not the name of a watch";
}

static const char *choose_limits(void *parsing, const char *argument)
{
	(void)argument;
	((struct parsing *)parsing)->options.check.subject = CHECK_LIMITS;
	return NULL;
}

static const char *choose_thresholds(void *parsing, const char *argument)
{
	(void)argument;
	((struct parsing *)parsing)->options.check.subject = CHECK_THRESHOLDS;
	return NULL;
}

static void print_version(const struct option_table *table)
{
	printf("%s " AGENT_VERSION "\n", table->program);
}

/* ---- the table ---- */

#define TYPE '\1'
#define STATUS '\2'
#define LISTEN '\5'
#define WATCH_NAME '\6'
#define LIMITS '\7'
#define THRESHOLDS '\b'

static const struct option_row rows[] = {
	{
		.letter = 'w',
		.name = "warning",
		.argument = "RANGE",
		.help = "WARNING if a number is outside this range:",
		OPTION_PARSED(parse_warning),
	},
	{
		.letter = 'c',
		.name = "critical",
		.argument = "RANGE",
		.help = "CRITICAL likewise: 10, 10:, ~:10, 10:20, @10:20\n"
			"or none",
		.namesake = true,
		OPTION_PARSED(parse_critical),
	},
	{
		.letter = TYPE,
		.name = "conn-type",
		.argument = "TYPE",
		.help = "only tcp, tcp6, udp, udp6 or all; may be repeated",
		.repeatable = true,
		OPTION_PARSED(parse_type),
	},
	{
		.letter = STATUS,
		.name = "conn-status",
		.argument = "STATUS",
		.help = "only established, syn_sent, syn_recv, fin_wait1,\n"
			"fin_wait2, time_wait, close, close_wait, last_ack,\n"
			"listen, closing, none (UDP) or all; may be repeated",
		.repeatable = true,
		OPTION_PARSED(parse_status),
	},
	{
		.letter = LISTEN,
		.name = "listen",
		.argument = "[=ENDPOINT]",
		.help = "instead, the fill of the fullest accept queue, or\n"
			"of ENDPOINT, such as 0.0.0.0:443, in percent",
		.unabbreviated = true,
		.excludes = (const char[]){TYPE, STATUS, WATCH_NAME, LIMITS, THRESHOLDS, '\0'},
		OPTION_PARSED(parse_listen),
	},
	{
		.letter = WATCH_NAME,
		.name = "watch-name",
		.argument = "NAME",
		.help = "instead, the sockets of a watch of HOST's agent",
		.unabbreviated = true,
		.excludes = (const char[]){LIMITS, THRESHOLDS, '\0'},
		OPTION_PARSED(parse_watch),
	},
	{
		.letter = LIMITS,
		.name = "limits",
		.help = "instead, the use of the limits for orphans,\n"
			"timeWait, memory and conntracks, in percent",
		.unabbreviated = true,
		.excludes = (const char[]){TYPE, STATUS, THRESHOLDS, '\0'},
		OPTION_PARSED(choose_limits),
	},
	{
		.letter = THRESHOLDS,
		.name = "thresholds",
		.help = "instead, the number of raised thresholds of HOST's\n"
			"agent; WARNING unless it is 0",
		.unabbreviated = true,
		.excludes = (const char[]){TYPE, STATUS, '\0'},
		OPTION_PARSED(choose_thresholds),
	},
	{
		.letter = '\3',
		.name = "always-ok",
		.help = "exit with OK whatever the numbers are",
		OPTION_FLAG(struct parsing, options.always_ok),
	},
	{
		.letter = '\4',
		.name = "no-perfdata",
		.help = "omit the performance data",
		OPTION_FLAG(struct parsing, options.no_performance_data),
	},
	{
		.letter = 'H',
		.name = "hostname",
		.argument = "HOST",
		.help = "query the tcp-state-agent on HOST by SNMP",
		OPTION_PARSED(parse_host),
	},
	{
		.letter = 'C',
		.name = "community",
		.argument = "COMMUNITY",
		.help = "query it with SNMPv2c and this community",
		.unabbreviated = true,
		OPTION_TEXT(struct parsing, options.community),
	},
	{
		.letter = 't',
		.name = "timeout",
		.argument = "SECONDS",
		.help = "UNKNOWN after this time (default 10)",
		OPTION_PARSED(parse_timeout),
	},
	{
		.letter = 'v',
		.name = "verbose",
		.help = "show how and when the sockets were counted",
		OPTION_FLAG(struct parsing, options.verbose),
	},
	{
		.letter = 'V',
		.name = "version",
		.help = "print the version",
		OPTION_ANSWER(print_version),
	},
	{
		.letter = 'h',
		.name = "help",
		.help = "print this help",
		OPTION_ANSWER(option_table_print_usage),
	},
};

static const struct option_table table = {
	.program = CHECK_NAME,
	.synopsis = "[OPTION]... [-H HOST [-C COMMUNITY] [-- SNMP-OPTION]]",
	.purpose = "Checks the number of sockets by type and status, each against two ranges.",
	.footer = "SNMP-OPTIONs are those of net-snmp, such as -v 3 -u monitor; without\n"
		  "them and -C, snmp.conf applies.\n\n"
		  "Examples:\n"
		  "  check_tcp_states --conn-status close_wait -w 200 -c 1000\n"
		  "  check_tcp_states --listen -w 80 -H web -C public",
	.host = 'H',
	OPTION_ROWS(rows),
};

static bool take_all(const struct selection *selection, bool selected[], size_t count)
{
	if (selection->given && !selection->all)
		return false;
	memset(selected, true, count * sizeof(*selected));
	return true;
}

/* @return whether any socket can match all options together */
static bool complete(struct parsing *parsing)
{
	struct check *check = &parsing->options.check;
	/* Sockets in close are counted only if named, because of the cost: check_tcp_states(1). */
	const bool close_named = check->statuses[STATUS_CLOSE];
	const bool all_types = take_all(&parsing->types, check->types, TYPES);
	const bool all_statuses = take_all(&parsing->statuses, check->statuses, STATUSES);

	check->statuses[STATUS_CLOSE] = close_named;
	check->filtered = !all_types || !all_statuses;
	return check_asks_for_any(check);
}

/* Without limits, a raised threshold is a warning. */
static void default_to_none_raised(struct check_options *options)
{
	if (options->check.has_warning || options->check.has_critical)
		return;
	options->check.has_warning = range_parse("0", &options->check.warning) == 0;
	strcpy(options->warning, "0");
}

enum option_outcome check_options_parse(struct check_options *options, int argc, char *argv[])
{
	struct parsing parsing = {
		.options = {.timeout_s = TIMEOUT_DEFAULT_S},
	};
	char problem[OPTION_PROBLEM_SIZE];
	enum option_outcome outcome;

	outcome = option_table_parse(&table, argc, argv, &parsing, problem);
	if (outcome == OPTIONS_RUN && parsing.options.host == NULL &&
	    parsing.options.community != NULL) {
		strcpy(problem, "--community requires --hostname");
		outcome = OPTIONS_WRONG;
	}
	if (outcome == OPTIONS_RUN && parsing.options.check.subject == CHECK_WATCH &&
	    parsing.options.host == NULL) {
		strcpy(problem,
		       "--watch-name requires --hostname: watches are in the configuration "
		       "of an agent");
		outcome = OPTIONS_WRONG;
	}
	if (outcome == OPTIONS_RUN && parsing.options.check.subject == CHECK_THRESHOLDS) {
		if (parsing.options.host == NULL) {
			strcpy(problem, "--thresholds requires --hostname: thresholds are in the "
					"configuration of an agent");
			outcome = OPTIONS_WRONG;
		}
		default_to_none_raised(&parsing.options);
	}
	if (outcome == OPTIONS_RUN && !complete(&parsing)) {
		strcpy(problem,
		       "--conn-type and --conn-status do not meet: none is the only status "
		       "of UDP, and of UDP only");
		outcome = OPTIONS_WRONG;
	}
	if (outcome == OPTIONS_WRONG)
		utf8_print_line(stdout, UTF8_PLUGIN, "UNKNOWN: %s", problem);
	*options = parsing.options;
	options->snmp_options = argv + optind;
	return outcome;
}
