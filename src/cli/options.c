/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options.h"

#include "build.h"
#include "clock.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WATCH_DEFAULT_NS (2 * NS_PER_SECOND)
#define WATCH_MIN 0.1
#define WATCH_MAX 3600.0

/* What no character stands for. */
#define OPTION_VERIFY 1

static const struct option long_options[] = {
	{"ipv4", no_argument, NULL, '4'},
	{"ipv6", no_argument, NULL, '6'},
	{"state", required_argument, NULL, 's'},
	{"port", required_argument, NULL, 'p'},
	{"listen", no_argument, NULL, 'l'},
	{"summary", no_argument, NULL, 'S'},
	{"verify", no_argument, NULL, OPTION_VERIFY},
	{"watch", optional_argument, NULL, 'w'},
	{"output", required_argument, NULL, 'o'},
	{"host", required_argument, NULL, 'H'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* Those that were given. */
struct given {
	bool option[UCHAR_MAX + 1];
};

static void print_usage(void)
{
	printf("Usage: tcp-states [OPTION]... [-H HOST [-- SNMP-OPTION...]]\n"
	       "Counts TCP sockets by address family and state.\n"
	       "\n"
	       "What is counted:\n"
	       "  -4, --ipv4           IPv4 sockets alone\n"
	       "  -6, --ipv6           IPv6 sockets alone\n"
	       "  -s, --state=STATE    this state alone, as SNMP, ss or netstat call it;\n"
	       "                       may be given several times\n"
	       "  -p, --port=PORT      this local port's sockets, a number or a service;\n"
	       "                       may be given several times\n"
	       "  -l, --listen         the queues of listening sockets instead\n"
	       "  -S, --summary        what ss -s prints instead\n"
	       "      --verify         by deriving and by listing; status 1 if they disagree\n"
	       "  -H, --host=HOST      another host, by SNMP; net-snmp's options follow --\n"
	       "\n"
	       "How it is shown:\n"
	       "  -w, --watch[=SECONDS]  again and again (2)\n"
	       "  -o, --output=FORMAT    table, json, csv or prometheus\n"
	       "\n"
	       "  -V, --version        print the version\n"
	       "  -h, --help           print this\n");
}

static enum options_outcome wrong(const char *option, const char *argument, const char *problem)
{
	fprintf(stderr, "tcp-states: %s %s: %s\n", option, argument, problem);
	return OPTIONS_WRONG;
}

/* ---- one option ---- */

static enum options_outcome parse_state(struct options *options, const char *argument)
{
	enum tcp_state state;

	if (tcp_state_parse(argument, &state) != 0)
		return wrong("--state", argument, "is no TCP state");
	options->view.states[state] = true;
	return OPTIONS_RUN;
}

static enum options_outcome parse_port(struct options *options, const char *argument)
{
	struct watched_port port;

	if (watched_port_parse(argument, &port) != 0)
		return wrong("--port", argument, "is neither a port nor a service");
	if (watched_ports_add(&options->ports, &port) != 0)
		return wrong("--port", argument, "there are 64 already");
	options->view.subject = VIEW_PORTS;
	return OPTIONS_RUN;
}

static enum options_outcome parse_watch(struct options *options, const char *argument)
{
	char *end;
	double seconds;

	options->watch_ns = WATCH_DEFAULT_NS;
	if (argument == NULL)
		return OPTIONS_RUN;
	seconds = strtod(argument, &end);
	if (strspn(argument, "0123456789.") != strlen(argument) || end == argument ||
	    *end != '\0' || seconds < WATCH_MIN || seconds > WATCH_MAX)
		return wrong("--watch", argument, "is not between 0.1 and 3600 seconds");
	options->watch_ns = (int64_t)(seconds * (double)NS_PER_SECOND);
	return OPTIONS_RUN;
}

static enum options_outcome parse_format(struct options *options, const char *argument)
{
	static const struct {
		const char *name;
		const struct format *format;
	} formats[] = {
		{"table", NULL},
		{"json", &json_format},
		{"csv", &csv_format},
		{"prometheus", &prometheus_format},
	};

	for (size_t place = 0; place < sizeof(formats) / sizeof(formats[0]); place++) {
		if (strcmp(argument, formats[place].name) != 0)
			continue;
		options->format = formats[place].format;
		return OPTIONS_RUN;
	}
	return wrong("--output", argument, "is not table, json, csv or prometheus");
}

static enum options_outcome parse_option(struct options *options, int option)
{
	switch (option) {
	case '4':
		options->view.families[FAMILY_IPV4] = true;
		return OPTIONS_RUN;
	case '6':
		options->view.families[FAMILY_IPV6] = true;
		return OPTIONS_RUN;
	case 's':
		return parse_state(options, optarg);
	case 'p':
		return parse_port(options, optarg);
	case 'l':
		options->view.subject = VIEW_LISTENERS;
		return OPTIONS_RUN;
	case 'S':
		options->view.subject = VIEW_SUMMARY;
		return OPTIONS_RUN;
	case OPTION_VERIFY:
		options->verify = true;
		return OPTIONS_RUN;
	case 'w':
		return parse_watch(options, optarg);
	case 'o':
		return parse_format(options, optarg);
	case 'H':
		options->host = optarg;
		return OPTIONS_RUN;
	case 'V':
		printf("tcp-states (tcp-state-agent) " AGENT_VERSION "\n");
		return OPTIONS_ANSWERED;
	case 'h':
		print_usage();
		return OPTIONS_ANSWERED;
	default: /* getopt has said what is wrong */
		return OPTIONS_WRONG;
	}
}

/* ---- all of them ---- */

static const char *long_name(int option)
{
	const struct option *named = long_options;

	while (named->val != option)
		named++;
	return named->name;
}

static enum options_outcome check_pairs(const struct given *given)
{
	/* Each with those that it says nothing to. */
	static const struct {
		unsigned char option;
		unsigned char others[8];
	} clashes[] = {
		{'l', {'s', 'p', 'S', OPTION_VERIFY}},
		{'S', {'4', '6', 's', 'p', OPTION_VERIFY}},
		{OPTION_VERIFY, {'4', '6', 's', 'p', 'w', 'o', 'H'}},
		{'w', {'o'}},
	};

	for (size_t place = 0; place < sizeof(clashes) / sizeof(clashes[0]); place++) {
		const unsigned char *other = clashes[place].others;

		for (; given->option[clashes[place].option] && *other != 0; other++) {
			if (!given->option[*other])
				continue;
			fprintf(stderr, "tcp-states: --%s and --%s do not go together\n",
				long_name(clashes[place].option), long_name(*other));
			return OPTIONS_WRONG;
		}
	}
	return OPTIONS_RUN;
}

/* What is chosen among is all, where nothing is chosen. */
static void complete(struct options *options, const struct given *given)
{
	struct view *view = &options->view;

	for (enum tcp_family family = 0; family < FAMILIES; family++)
		view->families[family] |= !given->option['4'] && !given->option['6'];
	options->bound_inactive = view->states[STATE_CLOSED];
	for (enum tcp_state state = 0; state < STATES; state++)
		view->states[state] |= !given->option['s'];
}

enum options_outcome options_parse(struct options *options, int argc, char *argv[])
{
	enum options_outcome outcome = OPTIONS_RUN;
	struct given given = {0};
	int option;

	*options = (struct options){0};
	while (outcome == OPTIONS_RUN &&
	       (option = getopt_long(argc, argv, "46s:p:lSw::o:H:Vh", long_options, NULL)) != -1) {
		outcome = parse_option(options, option);
		given.option[(unsigned char)option] = true;
	}
	if (outcome != OPTIONS_RUN)
		return outcome;
	if (optind < argc && options->host == NULL)
		return wrong("extra operand", argv[optind],
			     "net-snmp's options follow -- and need --host");
	options->snmp_options = &argv[optind];
	complete(options, &given);
	return check_pairs(&given);
}
