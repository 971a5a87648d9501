/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/options.h"

#include "agent/master_socket.h"
#include "build.h"
#include "utf8.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define SNMP_CONTEXT_MAX 32 /* RFC 3411, section 5, SnmpAdminString (SIZE (0..32)) */

struct parsing {
	struct options options;
	int argc;
	char **argv;
	char reason[OPTION_PROBLEM_SIZE];
};

/* ---- arguments ---- */

static const char *parse_address(void *parsing, const char *address)
{
	((struct parsing *)parsing)->options.agentx_socket = address;
	return master_socket_problem(address);
}

static const char *parse_context(void *parsing, const char *context)
{
	((struct parsing *)parsing)->options.context = context;
	return strlen(context) > SNMP_CONTEXT_MAX ? "longer than 32 octets" : NULL;
}

/* The library reports a log file that it cannot open only in logs. */
static const char *unopened_log_file(void)
{
	const netsnmp_log_handler *log = get_logh_head();

	while (log != NULL && (log->type != NETSNMP_LOGHANDLER_FILE || log->magic != NULL))
		log = log->next;
	return log == NULL ? NULL : log->token;
}

/* Without descriptors the library cannot open the log file of an agent that is running. */
static int log_without_files(const struct parsing *parsing, char *where)
{
	struct rlimit before, none;
	int outcome;

	if (getrlimit(RLIMIT_NOFILE, &before) < 0)
		return -1;
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	outcome = snmp_log_options(where, parsing->argc, parsing->argv);
	setrlimit(RLIMIT_NOFILE, &before);
	while (get_logh_head() != NULL)
		netsnmp_remove_loghandler(get_logh_head());
	return outcome;
}

/* The library takes a file or a facility from the next argument. */
static const char *parse_logging(void *target, const char *where)
{
	struct parsing *parsing = target;

	if (where[0] == '\0' || strchr("EeFfNnOoSs", where[0]) == NULL)
		return "unknown log destination (try --help)";
	if (strchr("FfSs", where[0]) != NULL && where[1] == '\0' && parsing->argv[optind] == NULL)
		return "needs a file or a facility";
	parsing->options.logging_chosen = true;
	if (parsing->options.check_only)
		return log_without_files(parsing, optarg) < 0 ? "" : NULL;
	if (snmp_log_options(optarg, parsing->argc, parsing->argv) < 0)
		return "";
	if (unopened_log_file() == NULL)
		return NULL;
	snprintf(parsing->reason, sizeof(parsing->reason), "%s: %s", unopened_log_file(),
		 strerror(errno));
	return parsing->reason;
}

static const char *parse_debugging(void *parsing, const char *tokens)
{
	(void)parsing;
	debug_register_tokens(tokens != NULL ? tokens : "ALL");
	snmp_set_do_debugging(1);
	return NULL;
}

static void print_directives(const struct option_table *table)
{
	(void)table;
	settings_print_directives(stdout);
}

static void print_version(const struct option_table *table)
{
	printf("%s " AGENT_VERSION " (net-snmp %s)\n", table->program, netsnmp_get_version());
}

static void print_usage(const struct option_table *table)
{
	option_table_print_usage(table);
	printf("\nLog destinations:\n");
	snmp_log_options_usage("  ", stdout);
}

/* ---- the table ---- */

static const struct option_row rows[] = {
	{
		.letter = 'f',
		.help = "stay in the foreground",
		OPTION_FLAG(struct parsing, options.foreground),
	},
	{
		.letter = 't',
		.help = "check the configuration and exit",
		OPTION_FLAG(struct parsing, options.check_only),
	},
	{
		.letter = 'x',
		.argument = "ADDRESS",
		.help = "snmpd's AgentX socket, a path or unix:PATH",
		OPTION_PARSED(parse_address),
	},
	{
		.letter = 'n',
		.argument = "CONTEXT",
		.help = "serve in this SNMP context",
		OPTION_PARSED(parse_context),
	},
	{
		.letter = 'c',
		.argument = "FILE,...",
		.help = "read these configuration files in addition",
		OPTION_TEXT(struct parsing, options.configuration.files),
	},
	{
		.letter = 'C',
		.help = "do not read the default configuration files",
		OPTION_FLAG(struct parsing, options.configuration.without_defaults),
	},
	{
		.letter = 'L',
		.argument = "WHERE",
		.help = "log there, see below",
		.repeatable = true,
		OPTION_PARSED(parse_logging),
	},
	{
		.letter = 'D',
		.argument = "[TOKEN,...]",
		.help = "print debugging output of these parts of net-snmp",
		.repeatable = true,
		OPTION_PARSED(parse_debugging),
	},
	{
		.letter = 'p',
		.argument = "FILE",
		.help = "write the process ID to this file",
		OPTION_TEXT(struct parsing, options.pid_file),
	},
	{
		.letter = 'u',
		.argument = "USER",
		.help = "run as this user",
		OPTION_TEXT(struct parsing, options.user),
	},
	{
		.letter = 'g',
		.argument = "GROUP",
		.help = "run as this group",
		OPTION_TEXT(struct parsing, options.group),
	},
	{
		.letter = 'H',
		.help = "print the configuration directives",
		OPTION_ANSWER(print_directives),
	},
	{
		.letter = 'v',
		.name = "version",
		.help = "print the version",
		OPTION_ANSWER(print_version),
	},
	{
		.letter = 'h',
		.name = "help",
		.help = "print this help",
		OPTION_ANSWER(print_usage),
	},
};

static const struct option_table table = {
	.program = AGENT_NAME,
	.synopsis = "[OPTION]...",
	.purpose =
		"Serves the number of TCP sockets in each state to snmpd, as TCP-STATE-COUNT-MIB.",
	OPTION_ROWS(rows),
};

/* ---- all of them ---- */

static bool any_is_relative(const char *names)
{
	const char *name = names;

	while (name != NULL && name[0] == '/') {
		name = strchr(name, ',');
		if (name != NULL)
			name++;
	}
	return name != NULL;
}

/* Files are opened again after the directory has changed. */
static enum option_outcome check_names(const struct options *options,
				       char problem[OPTION_PROBLEM_SIZE])
{
	static const char form[] = "-%c '%s': relative, but in the background the directory is /";

	if (options->foreground)
		return OPTIONS_RUN;
	if (any_is_relative(options->configuration.files)) {
		snprintf(problem, OPTION_PROBLEM_SIZE, form, 'c', options->configuration.files);
		return OPTIONS_WRONG;
	}
	if (options->pid_file != NULL && options->pid_file[0] != '/') {
		snprintf(problem, OPTION_PROBLEM_SIZE, form, 'p', options->pid_file);
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

enum option_outcome options_parse(struct options *options, int argc, char *argv[])
{
	/* -t changes the meaning of -L, which may come first. */
	struct parsing parsing = {
		.options = {.context = "",
			    .check_only = option_table_finds(&table, argc, argv, 't')},
		.argc = argc,
		.argv = argv,
	};
	char problem[OPTION_PROBLEM_SIZE];
	enum option_outcome outcome = option_table_parse(&table, argc, argv, &parsing, problem);

	if (outcome == OPTIONS_RUN)
		outcome = check_names(&parsing.options, problem);
	if (outcome == OPTIONS_WRONG && problem[0] != '\0')
		utf8_print_line(stderr, UTF8_ANYWHERE, AGENT_NAME ": %s", problem);
	*options = parsing.options;
	return outcome;
}
