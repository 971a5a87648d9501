/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options.h"

#include "build.h"
#include "clock.h"
#include "number.h"
#include "utf8.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define WATCH_DEFAULT_NS (2 * NS_PER_SECOND)
#define WATCH_MIN 0.1
#define WATCH_MAX 3600.0

/* ---- arguments ---- */

static const char *parse_state(void *options, const char *argument)
{
	struct view *view = &((struct options *)options)->view;
	enum tcp_state state;

	if (tcp_state_parse(argument, &state) != 0)
		return "unknown TCP state";
	view->states[state] = true;
	return NULL;
}

static const char *parse_port(void *target, const char *argument)
{
	struct options *options = target;
	struct watched_port port;

	if (watched_port_parse(argument, &port) != 0)
		return "neither a port nor a service in services(5)";
	if (watched_ports_add(&options->ports, &port) != 0)
		return "more than 64 ports";
	options->view.subject = VIEW_PORTS;
	return NULL;
}

static const char *choose_watches(void *options, const char *argument)
{
	(void)argument;
	((struct options *)options)->view.subject = VIEW_WATCHES;
	return NULL;
}

static const char *choose_listeners(void *options, const char *argument)
{
	(void)argument;
	((struct options *)options)->view.subject = VIEW_LISTENERS;
	return NULL;
}

static const char *choose_summary(void *options, const char *argument)
{
	(void)argument;
	((struct options *)options)->view.subject = VIEW_SUMMARY;
	return NULL;
}

static const char *parse_watch(void *target, const char *argument)
{
	struct options *options = target;
	double seconds;

	options->watch_ns = WATCH_DEFAULT_NS;
	if (argument == NULL)
		return NULL;
	if (!number_parse_decimal(argument, WATCH_MIN, WATCH_MAX, &seconds))
		return "not a number of seconds from 0.1 to 3600";
	options->watch_ns = (int64_t)(seconds * (double)NS_PER_SECOND);
	return NULL;
}

static const char *parse_format(void *target, const char *argument)
{
	static const struct {
		const char *name;
		const struct format *format;
	} formats[] = {
		{"table", NULL},
		{"json", &json_format},
		{"csv", &csv_format},
		{"prometheus", &prometheus_format},
		{"librenms", &librenms_format},
	};
	struct options *options = target;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(argument, formats[i].name) != 0)
			continue;
		options->format = formats[i].format;
		return NULL;
	}
	return "not table, json, csv, prometheus or librenms";
}

static void print_version(const struct option_table *table)
{
	printf("%s (tcp-state-agent) " AGENT_VERSION "\n", table->program);
}

/* ---- the table ---- */

#define VERIFY '\2'

static const struct option_row rows[] = {
	OPTION_HEADING("What to count"),
	{
		.letter = '4',
		.name = "ipv4",
		.help = "IPv4 sockets only",
		OPTION_FLAG(struct options, view.families[FAMILY_IPV4]),
	},
	{
		.letter = '6',
		.name = "ipv6",
		.help = "IPv6 sockets only",
		OPTION_FLAG(struct options, view.families[FAMILY_IPV6]),
	},
	{
		.letter = 's',
		.name = "state",
		.argument = "STATE",
		.help = "this state only, as SNMP, ss or netstat name it;\n"
			"may be repeated",
		.repeatable = true,
		OPTION_PARSED(parse_state),
	},
	{
		.letter = 'p',
		.name = "port",
		.argument = "PORT",
		.help = "sockets of this local port, a number or a service;\n"
			"may be repeated",
		.repeatable = true,
		OPTION_PARSED(parse_port),
	},
	{
		.letter = 'W',
		.name = "watches",
		.help = "the watches of another host's agent",
		.excludes = (const char[]){'p', 'l', 'S', 'w', VERIFY, '\0'},
		OPTION_PARSED(choose_watches),
	},
	{
		.letter = 'B',
		.name = "bound-inactive",
		.help = "also bound sockets that neither listen nor connect,\n"
			"as closed (Linux 6.8)",
		.excludes = "lSH",
		OPTION_FLAG(struct options, bound_inactive),
	},
	{
		.letter = 'l',
		.name = "listen",
		.help = "the queues of listening sockets instead",
		.excludes = (const char[]){'s', 'p', 'S', VERIFY, '\0'},
		OPTION_PARSED(choose_listeners),
	},
	{
		.letter = 'S',
		.name = "summary",
		.help = "the summary of ss -s instead",
		.excludes = (const char[]){'4', '6', 's', 'p', VERIFY, '\0'},
		OPTION_PARSED(choose_summary),
	},
	{
		.letter = VERIFY,
		.name = "verify",
		.help = "compare derived and full counts;\n"
			"status 1 if they differ",
		.excludes = "46spwoHB",
		OPTION_FLAG(struct options, verify),
	},
	{
		.letter = 'H',
		.name = "host",
		.argument = "HOST",
		.help = "another host, by SNMP; net-snmp's options follow --",
		OPTION_TEXT(struct options, host),
	},
	{
		.letter = 'C',
		.name = "community",
		.argument = "COMMUNITY",
		.help = "read it with SNMPv2c and this community",
		OPTION_TEXT(struct options, community),
	},
	OPTION_HEADING("How to show it"),
	{
		.letter = 'w',
		.name = "watch",
		.argument = "[=SECONDS]",
		.number = true,
		.help = "repeat every 2 seconds, or every SECONDS",
		.excludes = "o",
		OPTION_PARSED(parse_watch),
	},
	{
		.letter = 'o',
		.name = "output",
		.argument = "FORMAT",
		.help = "table, json, csv, prometheus or librenms",
		OPTION_PARSED(parse_format),
	},
	OPTION_HEADING("Other options"),
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
	.program = "tcp-states",
	.synopsis = "[OPTION]... [-H HOST [-C COMMUNITY] [-- SNMP-OPTION...]]",
	.purpose = "Counts TCP sockets by address family and state.",
	.footer = "Examples:\n"
		  "  tcp-states -w 1                 counts and changes every second\n"
		  "  tcp-states -l -H web -C public  accept queues of another host",
	.host = 'H',
	OPTION_ROWS(rows),
};

/* Without a selection, everything is selected. */
static void choose_all(bool chosen[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (chosen[i])
			return;
	}
	memset(chosen, true, count * sizeof(*chosen));
}

enum option_outcome options_parse(struct options *options, int argc, char *argv[])
{
	char problem[OPTION_PROBLEM_SIZE];
	enum option_outcome outcome;

	*options = (struct options){0};
	outcome = option_table_parse(&table, argc, argv, options, problem);
	if (outcome == OPTIONS_WRONG)
		utf8_print_line(stderr, UTF8_ANYWHERE, "%s: %s", table.program, problem);
	if (outcome != OPTIONS_RUN)
		return outcome;
	if (options->host == NULL &&
	    (options->view.subject == VIEW_WATCHES || options->community != NULL)) {
		fprintf(stderr, "%s: --%s requires --host\n", table.program,
			options->community != NULL ? "community" : "watches");
		return OPTIONS_WRONG;
	}
	if (options->format != NULL && options->format->write[options->view.subject] == NULL) {
		fprintf(stderr, "%s: --output=librenms has only the counts by state\n",
			table.program);
		return OPTIONS_WRONG;
	}
	choose_all(options->view.families, FAMILIES);
	choose_all(options->view.states, STATES);
	options->view.ports = &options->ports;
	options->snmp_options = argv + optind;
	return OPTIONS_RUN;
}
