/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/options.h"

#include "agent/master_socket.h"
#include "build.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define SNMP_CONTEXT_MAX 32 /* RFC 3411, section 5, SnmpAdminString (SIZE (0..32)) */

static void print_usage(void)
{
	printf("Usage: " AGENT_NAME " [OPTION]...\n"
	       "Serves the number of TCP sockets in each state to snmpd, as TCP-STATE-COUNT-MIB.\n"
	       "\n"
	       "  -f            stay in the foreground\n"
	       "  -x ADDRESS    snmpd's AgentX socket, a path or unix:PATH\n"
	       "  -n CONTEXT    serve in this SNMP context\n"
	       "  -c FILE,...   read these configuration files too\n"
	       "  -C            read no others\n"
	       "  -L[efos]...   log to standard error, a file, standard output or syslog\n"
	       "  -D[TOKEN,...] print debugging output of these parts of net-snmp\n"
	       "  -p FILE       write the process id there\n"
	       "  -u USER       become this user,\n"
	       "  -g GROUP      and this group\n"
	       "  -H            print the directives of the configuration\n"
	       "  -v            print the version\n"
	       "  -h            print this\n"
	       "\n"
	       "Logging in detail:\n");
	snmp_log_options_usage("  ", stdout);
}

static void print_version(void)
{
	printf(AGENT_NAME " " AGENT_VERSION " (net-snmp %s)\n", netsnmp_get_version());
}

static enum options_outcome wrong(const char *option, const char *argument, const char *problem)
{
	fprintf(stderr, AGENT_NAME ": %s %s: %s\n", option, argument, problem);
	return OPTIONS_WRONG;
}

static enum options_outcome parse_address(struct options *options, const char *address)
{
	const char *problem = master_socket_problem(address);

	if (problem != NULL)
		return wrong("-x", address, problem);
	options->agentx_socket = address;
	return OPTIONS_RUN;
}

static enum options_outcome parse_context(struct options *options, const char *context)
{
	if (strlen(context) > SNMP_CONTEXT_MAX)
		return wrong("-n", context, "is longer than 32 octets");
	options->context = context;
	return OPTIONS_RUN;
}

/* The library tells of a log file that it cannot open only in logs. */
static const char *unopened_log_file(void)
{
	const netsnmp_log_handler *log = get_logh_head();

	while (log != NULL && (log->type != NETSNMP_LOGHANDLER_FILE || log->magic != NULL))
		log = log->next;
	return log == NULL ? NULL : log->token;
}

static enum options_outcome parse_logging(struct options *options, char *where, int argc,
					  char *argv[])
{
	if (where[0] == '\0' || strchr("EeFfNnOoSs", where[0]) == NULL)
		return wrong("-L", where, "is no place to log to; see -h");
	if (strchr("FfSs", where[0]) != NULL && where[1] == '\0' && argv[optind] == NULL)
		return wrong("-L", where, "is not followed by a file or a facility");
	if (snmp_log_options(where, argc, argv) < 0) /* it has said what is wrong */
		return OPTIONS_WRONG;
	if (unopened_log_file() != NULL)
		return wrong("-L", unopened_log_file(), strerror(errno));
	options->logging_chosen = true;
	return OPTIONS_RUN;
}

static enum options_outcome parse_option(struct options *options, int option, int argc,
					 char *argv[])
{
	switch (option) {
	case 'f':
		options->foreground = true;
		return OPTIONS_RUN;
	case 'x':
		return parse_address(options, optarg);
	case 'n':
		return parse_context(options, optarg);
	case 'c':
		options->configuration.files = optarg;
		return OPTIONS_RUN;
	case 'C':
		options->configuration.without_defaults = true;
		return OPTIONS_RUN;
	case 'L':
		return parse_logging(options, optarg, argc, argv);
	case 'D':
		debug_register_tokens(optarg != NULL ? optarg : "ALL");
		snmp_set_do_debugging(1);
		return OPTIONS_RUN;
	case 'p':
		options->pid_file = optarg;
		return OPTIONS_RUN;
	case 'u':
		options->user = optarg;
		return OPTIONS_RUN;
	case 'g':
		options->group = optarg;
		return OPTIONS_RUN;
	case 'H':
		settings_print_directives(stdout);
		return OPTIONS_ANSWERED;
	case 'v':
		print_version();
		return OPTIONS_ANSWERED;
	case 'h':
		print_usage();
		return OPTIONS_ANSWERED;
	default: /* getopt has said what is wrong */
		return OPTIONS_WRONG;
	}
}

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

/* They are needed again after the directory has changed. */
static enum options_outcome check_names(const struct options *options)
{
	const char *problem = "is relative, and in the background the directory is /";

	if (options->foreground)
		return OPTIONS_RUN;
	if (any_is_relative(options->configuration.files))
		return wrong("-c", options->configuration.files, problem);
	if (options->pid_file != NULL && options->pid_file[0] != '/')
		return wrong("-p", options->pid_file, problem);
	return OPTIONS_RUN;
}

enum options_outcome options_parse(struct options *options, int argc, char *argv[])
{
	enum options_outcome outcome = OPTIONS_RUN;
	int option;

	*options = (struct options){.context = ""};
	while (outcome == OPTIONS_RUN &&
	       (option = getopt(argc, argv, "fx:n:c:CL:D::p:u:g:Hvh")) != -1)
		outcome = parse_option(options, option, argc, argv);
	if (outcome == OPTIONS_RUN && optind < argc) {
		fprintf(stderr, AGENT_NAME ": %s: there is nothing to name besides options\n",
			argv[optind]);
		return OPTIONS_WRONG;
	}
	return outcome == OPTIONS_RUN ? check_names(options) : outcome;
}
