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

#define LIST_SIZE 512

/* Parses each element of a list; they are separated by commas. */
static const char *parse_list(void *options, const char *argument, size_t size,
			      const char *(*parse)(void *options, const char *element))
{
	char list[LIST_SIZE];
	char *rest = list;
	const char *element, *reason = NULL;

	if (strlen(argument) >= size)
		return "list too long";
	strcpy(list, argument);
	while (reason == NULL && (element = strsep(&rest, ",")) != NULL)
		reason = parse(options, element);
	return reason;
}

static const char *parse_state(void *options, const char *element)
{
	enum tcp_state state;

	if (tcp_state_parse(element, &state) != 0)
		return "unknown TCP state";
	((struct options *)options)->view.states[state] = true;
	return NULL;
}

static const char *parse_states(void *options, const char *argument)
{
	if (parse_list(options, argument, LIST_SIZE / 2, parse_state) == NULL)
		return NULL;
	return strchr(argument, ',') == NULL ? "unknown TCP state"
					     : "unknown TCP state in the list";
}

static const char *parse_port(void *options, const char *element)
{
	struct watched_port port;

	if (watched_port_parse(element, &port) != 0)
		return "neither a port, a range nor a service in services(5)";
	if (watched_ports_add(&((struct options *)options)->ports, &port) != 0)
		return "more than 64 ports";
	return NULL;
}

static const char *parse_ports(void *options, const char *argument)
{
	return parse_list(options, argument, LIST_SIZE, parse_port);
}

/* Adds the condition "WORD LIST", which watch_parse() checks. */
static const char *add_condition(struct options *options, const char *word, const char *list)
{
	static char problem[WATCH_PROBLEM_SIZE];
	char *conditions = options->ports.conditions;
	const size_t used = strlen(conditions);
	char text[WATCH_TEXT_MAX + 32];
	struct watch watch;

	if (list[0] == '\0' || strpbrk(list, " \t") != NULL)
		return "not a list without blanks";
	if ((size_t)snprintf(text, sizeof(text), "%s %s %s", SELECTION_NAME, word, list) >=
	    sizeof(text))
		return "list too long";
	if (watch_parse(text, &watch, problem) != 0)
		return problem;
	/* A watch also has the condition of a port. */
	if (used + strlen(watch.text) > WATCH_TEXT_MAX - sizeof("  port 65535-65535"))
		return "list too long";
	snprintf(conditions + used, sizeof(options->ports.conditions) - used, "%s%s",
		 used == 0 ? "" : " ", watch.text);
	return NULL;
}

static const char *parse_peer_ports(void *options, const char *argument)
{
	return add_condition(options, "peerPort", argument);
}

static const char *parse_peers(void *options, const char *argument)
{
	return add_condition(options, "peer", argument);
}

static const char *parse_units(void *options, const char *argument)
{
	return add_condition(options, "unit", argument);
}

static const char *parse_key(void *options, const char *element)
{
	enum group_key key;

	if (group_key_parse(element, &key) != 0)
		return "not unit, user, process, port, peer, peerPort or address";
	group_keys_add(&((struct options *)options)->grouping.keys, key);
	return NULL;
}

static const char *parse_keys(void *options, const char *argument)
{
	((struct options *)options)->view.subject = VIEW_GROUPS;
	return parse_list(options, argument, LIST_SIZE / 2, parse_key);
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
#define PEER '\3'
#define UNIT '\4'
#define BY '\5'

static const struct option_row rows[] = {
	OPTION_HEADING("What to count (lists are separated by commas)"),
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
		.help = "these states only, as SNMP, ss or netstat\n"
			"name them",
		.repeatable = true,
		OPTION_PARSED(parse_states),
	},
	{
		.letter = 'p',
		.name = "port",
		.argument = "PORT",
		.help = "sockets of these local ports: 443, https\n"
			"or 8000-8010",
		.repeatable = true,
		OPTION_PARSED(parse_ports),
	},
	{
		.letter = 'r',
		.name = "peer-port",
		.argument = "PORT",
		.help = "connections to these remote ports",
		.excludes = "lSHW",
		OPTION_PARSED(parse_peer_ports),
	},
	{
		.letter = PEER,
		.name = "peer",
		.argument = "PREFIX",
		.help = "connections to these addresses: 192.0.2.0/24",
		.excludes = (const char[]){'l', 'S', 'H', 'W', VERIFY, '\0'},
		OPTION_PARSED(parse_peers),
	},
	{
		.letter = UNIT,
		.name = "unit",
		.argument = "UNIT",
		.help = "sockets of these systemd units or containers",
		.excludes = (const char[]){'l', 'S', 'H', 'W', VERIFY, '\0'},
		OPTION_PARSED(parse_units),
	},
	{
		.letter = BY,
		.name = "by",
		.argument = "KEY",
		.help = "group by unit, user, process, port, peer,\n"
			"peerPort or address",
		.excludes = (const char[]){'l', 'S', 'W', VERIFY, '\0'},
		.repeatable = true,
		OPTION_PARSED(parse_keys),
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
		.excludes = (const char[]){'s', 'S', VERIFY, '\0'},
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
		.excludes = "46sprwoHB",
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
		  "  tcp-states -s closeWait --by unit  the owners of a leak\n"
		  "  tcp-states -H web -C public -w 1   another host, every second",
	.host = 'H',
	OPTION_ROWS(rows),
};

static bool any(const bool chosen[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (chosen[i])
			return true;
	}
	return false;
}

/* Without a selection, everything is selected. */
static void choose_all(bool chosen[], size_t count)
{
	if (!any(chosen, count))
		memset(chosen, true, count * sizeof(*chosen));
}

/* @return the reason why the options cannot be combined, or NULL */
static const char *find_conflict(const struct options *options)
{
	const struct group_keys *keys = &options->grouping.keys;
	const bool conditions = options->ports.conditions[0] != '\0';

	if (options->host != NULL && keys->count > 0 &&
	    (keys->count > 1 || keys->key[0] != KEY_UNIT || options->ports.count > 0))
		return "--host has only --by=unit, without --port";
	if (options->host != NULL && keys->count > 0 &&
	    options->view.families[FAMILY_IPV4] != options->view.families[FAMILY_IPV6])
		return "--host has --by only of both families together";
	for (size_t i = 0; options->host != NULL && i < options->ports.count; i++) {
		if (options->ports.port[i].last != 0)
			return "--host has no ranges of ports";
	}
	if (options->format == NULL)
		return NULL;
	if (options->format == &librenms_format &&
	    (conditions || options->view.subject != VIEW_COUNTS))
		return "--output=librenms has only the counts by state";
	if (options->watch_ns != 0 &&
	    (options->format == &librenms_format || options->format == &prometheus_format))
		return "--watch prints only tables, CSV and JSON";
	if (options->format->write[options->view.subject] == NULL ||
	    (options->format == &prometheus_format && conditions))
		return "--output=prometheus has neither --by nor conditions";
	return NULL;
}

static enum option_outcome complete_options(struct options *options)
{
	struct view *view = &options->view;
	const char *conflict;
	char problem[WATCH_PROBLEM_SIZE];

	if (view->subject == VIEW_COUNTS && options->ports.count > 0)
		view->subject = VIEW_PORTS;
	conflict = find_conflict(options);
	if (conflict == NULL && options->grouping.keys.count > 0 &&
	    (options->ports.count > 0 || options->ports.conditions[0] != '\0')) {
		if (watched_ports_join(&options->ports, &options->selected, problem) != 0)
			conflict = problem;
		options->grouping.watch = &options->selected;
	}
	if (conflict != NULL) {
		utf8_print_line(stderr, UTF8_ANYWHERE, "%s: %s", table.program, conflict);
		return OPTIONS_WRONG;
	}
	view->limits = view->subject == VIEW_COUNTS && options->ports.conditions[0] == '\0' &&
		       !any(view->families, FAMILIES) && !any(view->states, STATES);
	choose_all(view->families, FAMILIES);
	choose_all(view->states, STATES);
	view->ports = &options->ports;
	memcpy(options->grouping.families, view->families, sizeof(view->families));
	memcpy(options->grouping.states, view->states, sizeof(view->states));
	options->grouping.bound_inactive = options->bound_inactive;
	return OPTIONS_RUN;
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
	options->snmp_options = argv + optind;
	return complete_options(options);
}
