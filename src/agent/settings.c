/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/settings.h"

#include "agent/config_files.h"
#include "agent/logging.h"
#include "agent/master_socket.h"
#include "build.h"
#include "clock.h"
#include "collect/sock_diag.h"
#include "number.h"

#include <errno.h>
#include <math.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#ifndef REFRESH_INTERVAL_MIN
#define REFRESH_INTERVAL_MIN 0.1
#endif
#define REFRESH_INTERVAL_MAX 3600.0
#define MAX_AGE_MAX (24 * 3600.0)
#define WINDOW_MAX (24 * 3600.0)
#define CPU_LIMIT_MIN 0.1
#define CPU_LIMIT_MAX 100.0

/* The maximum number of rows in tcpListenQueueTable. */
#define LISTENERS_SERVED_MAX 10000

static const struct settings defaults = {
	.refresh_interval_ns = 5 * NS_PER_SECOND,
	.window_ns = 300 * NS_PER_SECOND,
	.cpu_limit = 2,
	.refresh_options.owners = true,
};

/* The handlers of net-snmp's reader have no argument for it. */
static struct settings *being_read;

/* ---- the directives ---- */

/* Logs an error and returns false if @p text is not a number within the limits. */
static bool parse_number(const char *word, const char *text, double minimum, double maximum,
			 const char *unit, double *number)
{
	if (number_parse_decimal(text, minimum, maximum, number))
		return true;
	netsnmp_config_error("%s: '%s' is not a number of %s from %g to %g", word, text, unit,
			     minimum, maximum);
	return false;
}

static void parse_seconds(const char *word, const char *text, double minimum, double maximum,
			  int64_t *ns)
{
	double seconds;

	if (parse_number(word, text, minimum, maximum, "seconds", &seconds))
		*ns = llround(seconds * 1000) * NS_PER_MS;
}

static void parse_refresh_interval(const char *word, char *text)
{
	parse_seconds(word, text, REFRESH_INTERVAL_MIN, REFRESH_INTERVAL_MAX,
		      &being_read->refresh_interval_ns);
}

static void parse_max_age(const char *word, char *text)
{
	parse_seconds(word, text, REFRESH_INTERVAL_MIN, MAX_AGE_MAX, &being_read->max_age_ns);
}

/* tcpRefreshWindow has whole seconds. */
static void parse_window(const char *word, char *text)
{
	double seconds;

	if (!parse_number(word, text, 1, WINDOW_MAX, "seconds", &seconds))
		return;
	if (seconds != floor(seconds))
		netsnmp_config_error("%s: '%s' is not a whole number of seconds", word, text);
	else
		being_read->window_ns = (int64_t)seconds * NS_PER_SECOND;
}

static void parse_cpu_limit(const char *word, char *text)
{
	parse_number(word, text, CPU_LIMIT_MIN, CPU_LIMIT_MAX, "percent", &being_read->cpu_limit);
}

static void parse_yes_or_no(const char *word, const char *text, bool *yes)
{
	if (strcmp(text, "yes") == 0)
		*yes = true;
	else if (strcmp(text, "no") == 0)
		*yes = false;
	else
		netsnmp_config_error("%s: invalid value '%s' (expected yes or no)", word, text);
}

static void parse_count_bound_inactive(const char *word, char *text)
{
	parse_yes_or_no(word, text, &being_read->refresh_options.bound_inactive);
}

static void parse_owners(const char *word, char *text)
{
	parse_yes_or_no(word, text, &being_read->refresh_options.owners);
}

static void parse_count_method(const char *word, char *text)
{
	if (strcmp(text, "auto") == 0)
		being_read->refresh_options.policy = COUNT_AUTO;
	else if (strcmp(text, "full") == 0)
		being_read->refresh_options.policy = COUNT_FULL;
	else if (strcmp(text, "derived") == 0)
		being_read->refresh_options.policy = COUNT_DERIVED;
	else
		netsnmp_config_error("%s: invalid value '%s' (expected auto, full or derived)",
				     word, text);
}

static bool is_each_listening(const char *text)
{
	const char *rest = text + strcspn(text, " \t");

	return strncmp(text, "each", (size_t)(rest - text)) == 0 && rest - text == 4 &&
	       strcmp(rest + strspn(rest, " \t"), "listening") == 0;
}

static void parse_watch(const char *word, char *text)
{
	char problem[WATCH_PROBLEM_SIZE];
	struct watch watch;

	if (is_each_listening(text)) {
		being_read->watches->each_listening = true;
		return;
	}
	if (watch_parse(text, &watch, problem) != 0) {
		netsnmp_config_error("%s: %s", word, problem);
		return;
	}
	switch (watches_add(&being_read->watches, &watch)) {
	case 0:
		break;
	case -EEXIST:
		netsnmp_config_error("duplicate watch name '%s'", watch.name);
		break;
	case -ENOSPC:
		netsnmp_config_error("%s: '%s': more than %d watches", word, watch.name,
				     WATCHES_MAX);
		break;
	default:
		netsnmp_config_error("%s: out of memory", word);
		break;
	}
}

static void parse_watch_port(const char *word, char *text)
{
	netsnmp_config_error("%s was replaced by watch NAME port %s", word, text);
}

static void parse_threshold(const char *word, char *text)
{
	struct threshold threshold;
	const char *problem;

	if (threshold_parse(text, &threshold, &problem) != 0) {
		netsnmp_config_error("%s: %s", word, problem);
		return;
	}
	switch (thresholds_add(&being_read->thresholds, &threshold)) {
	case 0:
		break;
	case -EEXIST:
		netsnmp_config_error("duplicate threshold name '%s'", threshold.name);
		break;
	default:
		netsnmp_config_error("%s: out of memory", word);
		break;
	}
}

static void parse_agentx_socket(const char *word, char *text)
{
	const char *problem = master_socket_problem(text);

	if (problem != NULL)
		netsnmp_config_error("%s: '%s': %s", word, text, problem);
	else
		snprintf(being_read->agentx_socket, sizeof(being_read->agentx_socket), "%s", text);
}

static struct config_line directives[] = {
	{
		.config_token = "refreshInterval",
		.CONFIG_LINE_PARSER = parse_refresh_interval,
		.help = "SECONDS     refresh interval, 0.1 to 3600 (5)",
	},
	{
		.config_token = "maxAge",
		.CONFIG_LINE_PARSER = parse_max_age,
		.help = "SECONDS     counts older than this are not served (3 intervals)",
	},
	{
		.config_token = "window",
		.CONFIG_LINE_PARSER = parse_window,
		.help = "SECONDS     time that minima and maxima cover, 1 to 86400 (300)",
	},
	{
		.config_token = "watch",
		.CONFIG_LINE_PARSER = parse_watch,
		.help = "NAME CONDITION...   also count these sockets separately",
	},
	{
		.config_token = "watchPort",
		.CONFIG_LINE_PARSER = parse_watch_port,
	},
	{
		.config_token = "owners",
		.CONFIG_LINE_PARSER = parse_owners,
		.help = "yes|no      name the units and containers that own the sockets (yes)",
	},
	{
		.config_token = "countBoundInactive",
		.CONFIG_LINE_PARSER = parse_count_bound_inactive,
		.help = "yes|no      count bound, unconnected sockets as closed (no)",
	},
	{
		.config_token = "countMethod",
		.CONFIG_LINE_PARSER = parse_count_method,
		.help = "auto|full|derived   list every socket, or derive most counts (auto)",
	},
	{
		.config_token = "cpuLimit",
		.CONFIG_LINE_PARSER = parse_cpu_limit,
		.help = "PERCENT     of one CPU; extends the refresh interval beyond that (2)",
	},
	{
		.config_token = "threshold",
		.CONFIG_LINE_PARSER = parse_threshold,
		.help = "NAME METRIC RANGE [clear RANGE] [hold N]",
	},
	{
		.config_token = "agentXSocket",
		.CONFIG_LINE_PARSER = parse_agentx_socket,
		.help = "unix:PATH   snmpd's AgentX socket (" NETSNMP_AGENTX_SOCKET ")",
	},
};

#define DIRECTIVES (sizeof(directives) / sizeof(directives[0]))

/* The reader expects a linked list. */
static struct config_line *directive_list(void)
{
	for (size_t i = 0; i < DIRECTIVES; i++) {
		directives[i].config_time = NORMAL_CONFIG;
		if (i > 0)
			directives[i - 1].next = &directives[i];
	}
	return directives;
}

void settings_print_directives(FILE *file)
{
	fprintf(file, "Directives of " AGENT_NAME ".conf:\n");
	for (size_t i = 0; i < DIRECTIVES; i++) {
		if (directives[i].help != NULL)
			fprintf(file, "  %-18s %s\n", directives[i].config_token,
				directives[i].help);
	}
}

/* ---- reading ---- */

static int count_message(int major, int minor, void *message, void *messages)
{
	(void)major;
	(void)minor;
	if (((const struct snmp_log_message *)message)->priority <= LOG_WARNING)
		++*(unsigned int *)messages;
	return SNMPERR_SUCCESS;
}

static int read_named_files(const char *names)
{
	char *list = strdup(names);
	char *rest = list;
	char *name;
	int error = list == NULL ? -ENOMEM : 0;

	while (error == 0 && (name = strsep(&rest, ",")) != NULL) {
		error = config_files_check(name);
		if (error == 0 &&
		    read_config(name, directive_list(), NORMAL_CONFIG) != SNMPERR_SUCCESS)
			error = -EINVAL;
	}
	free(list);
	return error;
}

static int read_files(const struct settings_source *source)
{
	struct config_files files = {.fileHeader = AGENT_NAME, .start = directive_list()};

	if (!source->without_defaults) {
		int error = config_files_check_defaults(AGENT_NAME);

		if (error != 0)
			return error;
		read_config_files_of_type(NORMAL_CONFIG, &files);
	}
	return source->files == NULL ? 0 : read_named_files(source->files);
}

static int check_max_age(const struct settings *settings)
{
	if (settings->max_age_ns == 0 || settings->max_age_ns >= settings->refresh_interval_ns)
		return 0;
	log_line(LOG_ERR,
		 AGENT_NAME ".conf: maxAge (%g s) is less than refreshInterval (%g s): rows would "
			    "disappear between refreshes",
		 (double)settings->max_age_ns / (double)NS_PER_SECOND,
		 (double)settings->refresh_interval_ns / (double)NS_PER_SECOND);
	return -EINVAL;
}

static int try_bound_inactive(const struct settings_source *source)
{
	return source->bound_inactive_tried ? source->bound_inactive
					    : sock_diag_try_bound_inactive();
}

static int check_bound_inactive(const struct settings *settings,
				const struct settings_source *source)
{
	int error = settings->refresh_options.bound_inactive ? try_bound_inactive(source) : 0;

	if (error == -EOPNOTSUPP)
		log_line(LOG_ERR, AGENT_NAME ".conf: countBoundInactive: not supported by this "
					     "kernel (Linux 6.8 or later)");
	else if (error != 0)
		log_line(LOG_ERR,
			 AGENT_NAME
			 ".conf: countBoundInactive: cannot determine kernel support: %s",
			 strerror(-error));
	return error;
}

/* An interface may be created later: its listeners are found then. */
static void warn_of_missing_interfaces(const struct thresholds *thresholds)
{
	for (size_t i = 0; i < thresholds->count; i++) {
		const struct threshold *threshold = &thresholds->threshold[i];
		const char *name = threshold->metric.zone_name;

		if (name[0] != '\0' && if_nametoindex(name) == 0)
			log_line(LOG_WARNING,
				 AGENT_NAME
				 ".conf: threshold '%s': interface '%s' does not exist yet",
				 threshold->name, name);
	}
}

/*
 * Reads into @p scratch, and counts the warnings and errors of the reader and the directives.
 *
 * Up to net-snmp 5.9.4 a log handler's pri_max, which is 0 unless it is set, is the most severe
 * priority that it receives; since 5.9.5 it is the least severe one. Of two handlers, one receives
 * each message.
 */
static int read_strictly(struct settings *scratch, const struct settings_source *source)
{
	unsigned int messages = 0;
	netsnmp_log_handler *until_5_9_4 =
		netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_WARNING);
	netsnmp_log_handler *since_5_9_5 =
		netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_WARNING);
	int error = -ENOMEM;

	if (until_5_9_4 == NULL || since_5_9_5 == NULL)
		goto cleanup;
	since_5_9_5->pri_max = LOG_DEBUG;
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, count_message,
			       &messages);
	being_read = scratch;
	error = read_files(source);
	snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, count_message,
				 &messages, 1);
	if (error == 0 && messages > 0)
		error = -EINVAL;

cleanup:
	netsnmp_remove_loghandler(since_5_9_5);
	netsnmp_remove_loghandler(until_5_9_4);
	return error;
}

/* Finds the line of the threshold that cannot have a value, by reading the files again. */
static const struct threshold *to_refuse;
static const char *why_refused;

static void refuse_threshold(const char *word, char *text)
{
	const size_t length = strlen(to_refuse->name);

	if (strncmp(text, to_refuse->name, length) != 0 || strchr(" \t", text[length]) == NULL)
		return;
	if (to_refuse->metric.watch[0] != '\0')
		netsnmp_config_error("%s '%s': %s '%s'", word, to_refuse->name, why_refused,
				     to_refuse->metric.watch);
	else
		netsnmp_config_error("%s '%s': %s", word, to_refuse->name, why_refused);
}

static void ignore_directive(const char *word, char *text)
{
	(void)word;
	(void)text;
}

static int resolve_thresholds(struct settings *settings, const struct settings_source *source)
{
	void (*parsers[DIRECTIVES])(const char *word, char *text);

	to_refuse =
		thresholds_resolve(settings->thresholds, settings->watches,
				   refresh_owner_states(&settings->refresh_options), &why_refused);
	if (to_refuse == NULL)
		return 0;
	for (size_t i = 0; i < DIRECTIVES; i++) {
		parsers[i] = directives[i].CONFIG_LINE_PARSER;
		directives[i].CONFIG_LINE_PARSER =
			parsers[i] == parse_threshold ? refuse_threshold : ignore_directive;
	}
	read_files(source);
	for (size_t i = 0; i < DIRECTIVES; i++)
		directives[i].CONFIG_LINE_PARSER = parsers[i];
	return -EINVAL;
}

int settings_read(struct settings *settings, const struct settings_source *source)
{
	struct settings scratch = defaults;
	int error;

	scratch.thresholds = thresholds_new();
	scratch.watches = watches_new();
	error = -ENOMEM;
	if (scratch.thresholds == NULL || scratch.watches == NULL)
		goto cleanup;
	error = read_strictly(&scratch, source);
	if (error != 0)
		goto cleanup;
	error = resolve_thresholds(&scratch, source);
	if (error != 0)
		goto cleanup;
	error = check_max_age(&scratch);
	if (error != 0)
		goto cleanup;
	error = check_bound_inactive(&scratch, source);
	if (error != 0)
		goto cleanup;
	warn_of_missing_interfaces(scratch.thresholds);
	settings_finalise(settings);
	*settings = scratch;
	return 0;

cleanup:
	settings_finalise(&scratch);
	return error;
}

struct collector_settings settings_for_collector(const struct settings *settings)
{
	struct collector_settings collected = {
		.interval_ns = settings->refresh_interval_ns,
		.cpu_limit = settings->cpu_limit,
		.refresh_options = settings->refresh_options,
	};

	collected.refresh_options.listeners = (struct listeners_limit){
		.endpoints = LISTENERS_SERVED_MAX,
		.window_ns = settings->window_ns,
	};
	return collected;
}

void settings_finalise(struct settings *settings)
{
	thresholds_release(settings->thresholds);
	settings->thresholds = NULL;
	free(settings->watches);
	settings->watches = NULL;
}
