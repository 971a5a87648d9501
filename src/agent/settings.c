/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/settings.h"

#include "agent/master_socket.h"
#include "clock.h"
#include "collect/sock_diag.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef REFRESH_INTERVAL_MIN
#define REFRESH_INTERVAL_MIN 0.1
#endif
#define REFRESH_INTERVAL_MAX 3600.0
#define MAX_AGE_MAX (24 * 3600.0)
#define WINDOW_MAX (24 * 3600.0)
#define CPU_LIMIT_MIN 0.1
#define CPU_LIMIT_MAX 100.0

static const struct settings defaults = {
	.refresh_interval_ns = 5 * NS_PER_SECOND,
	.window_ns = 300 * NS_PER_SECOND,
	.cpu_limit = 2,
};

/* net-snmp's reader gives its handlers no argument of their own. */
static struct settings *being_read;

/* ---- the directives ---- */

/* Returns whether @p text is a number within the limits; complains if it is not. */
static bool parse_number(const char *word, const char *text, double minimum, double maximum,
			 const char *unit, double *number)
{
	char *end;
	double parsed = strtod(text, &end);

	if (strspn(text, "0123456789.") != strlen(text) || end == text || *end != '\0' ||
	    !isfinite(parsed)) {
		netsnmp_config_error("%s: \"%s\" is not a number of %s", word, text, unit);
		return false;
	}
	if (parsed < minimum || parsed > maximum) {
		netsnmp_config_error("%s: %s is not between %g and %g %s", word, text, minimum,
				     maximum, unit);
		return false;
	}
	*number = parsed;
	return true;
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

/* tcpRefreshWindow tells whole seconds. */
static void parse_window(const char *word, char *text)
{
	double seconds;

	if (!parse_number(word, text, 1, WINDOW_MAX, "seconds", &seconds))
		return;
	if (seconds != floor(seconds))
		netsnmp_config_error("%s: %s is not a whole number of seconds", word, text);
	else
		being_read->window_ns = (int64_t)seconds * NS_PER_SECOND;
}

static void parse_cpu_limit(const char *word, char *text)
{
	parse_number(word, text, CPU_LIMIT_MIN, CPU_LIMIT_MAX, "percent", &being_read->cpu_limit);
}

static void parse_count_bound_inactive(const char *word, char *text)
{
	if (strcmp(text, "yes") == 0)
		being_read->wanted.bound_inactive = true;
	else if (strcmp(text, "no") == 0)
		being_read->wanted.bound_inactive = false;
	else
		netsnmp_config_error("%s: \"%s\" is neither yes nor no", word, text);
}

static void parse_count_method(const char *word, char *text)
{
	if (strcmp(text, "auto") == 0)
		being_read->wanted.policy = COUNT_AUTO;
	else if (strcmp(text, "full") == 0)
		being_read->wanted.policy = COUNT_FULL;
	else if (strcmp(text, "derived") == 0)
		being_read->wanted.policy = COUNT_DERIVED;
	else
		netsnmp_config_error("%s: \"%s\" is not auto, full or derived", word, text);
}

static void parse_watch_port(const char *word, char *text)
{
	struct watched_port port;

	if (watched_port_parse(text, &port) != 0)
		netsnmp_config_error("%s: \"%s\" is neither a port nor a service", word, text);
	else if (watched_ports_add(&being_read->wanted.ports, &port) != 0)
		netsnmp_config_error("%s: %s: no more than %d ports can be watched", word, text,
				     WATCHED_PORTS_MAX);
}

/* The ports of thresholds are watched like those of watchPort. */
static void watch_threshold_port(const char *word, const struct threshold *threshold)
{
	char number[sizeof("65535")];

	if (threshold->metric.kind != METRIC_PORT)
		return;
	snprintf(number, sizeof(number), "%u", threshold->metric.port);
	parse_watch_port(word, number);
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
		watch_threshold_port(word, &threshold);
		break;
	case -EEXIST:
		netsnmp_config_error("%s: there are two of the name %s", word, threshold.name);
		break;
	default:
		netsnmp_config_error("%s: there is no memory", word);
		break;
	}
}

static void parse_agentx_socket(const char *word, char *text)
{
	const char *problem = master_socket_problem(text);

	if (problem != NULL)
		netsnmp_config_error("%s: %s %s", word, text, problem);
	else
		snprintf(being_read->agentx_socket, sizeof(being_read->agentx_socket), "%s", text);
}

static struct config_line directives[] = {
	{
		.config_token = "refreshInterval",
		.parse_line = parse_refresh_interval,
		.help = "SECONDS     from one refresh to the next, 0.1 to 3600 (5)",
	},
	{
		.config_token = "maxAge",
		.parse_line = parse_max_age,
		.help = "SECONDS     counts older than this are not served (3 intervals)",
	},
	{
		.config_token = "window",
		.parse_line = parse_window,
		.help = "SECONDS     minima and maxima look back so far, up to a day (300)",
	},
	{
		.config_token = "watchPort",
		.parse_line = parse_watch_port,
		.help = "PORT        count the sockets of this local port by themselves",
	},
	{
		.config_token = "countBoundInactive",
		.parse_line = parse_count_bound_inactive,
		.help = "yes|no      count bound, unconnected sockets as closed (no)",
	},
	{
		.config_token = "countMethod",
		.parse_line = parse_count_method,
		.help = "auto|full|derived   list every socket, or derive the most (auto)",
	},
	{
		.config_token = "cpuLimit",
		.parse_line = parse_cpu_limit,
		.help = "PERCENT     of one CPU; refreshes that cost more come seldomer (2)",
	},
	{
		.config_token = "threshold",
		.parse_line = parse_threshold,
		.help = "NAME METRIC RANGE [clear RANGE] [hold N]",
	},
	{
		.config_token = "agentXSocket",
		.parse_line = parse_agentx_socket,
		.help = "unix:PATH   snmpd's AgentX socket (" NETSNMP_AGENTX_SOCKET ")",
	},
};

#define DIRECTIVES (sizeof(directives) / sizeof(directives[0]))

/* The reader wants a list. */
static struct config_line *directive_list(void)
{
	for (size_t directive = 0; directive < DIRECTIVES; directive++) {
		directives[directive].config_time = NORMAL_CONFIG;
		if (directive > 0)
			directives[directive - 1].next = &directives[directive];
	}
	return directives;
}

void settings_print_directives(FILE *file)
{
	fprintf(file, "Directives of " AGENT_NAME ".conf:\n");
	for (size_t directive = 0; directive < DIRECTIVES; directive++)
		fprintf(file, "  %-18s %s\n", directives[directive].config_token,
			directives[directive].help);
}

/* ---- reading ---- */

static int count_complaint(int major, int minor, void *message, void *complaints)
{
	(void)major;
	(void)minor;
	if (((const struct snmp_log_message *)message)->priority <= LOG_WARNING)
		++*(unsigned int *)complaints;
	return SNMPERR_SUCCESS;
}

/* net-snmp's reader is silent about a file that it cannot read. */
static int check_file(const char *name)
{
	struct stat file;
	int error = 0;

	if (stat(name, &file) < 0 || access(name, R_OK) < 0)
		error = -errno;
	else if (S_ISDIR(file.st_mode))
		error = -EISDIR;
	if (error != 0)
		snmp_log(LOG_ERR, "%s: %s\n", name, strerror(-error));
	return error;
}

/* One that is not there configures nothing. */
static int check_default_file(const char *directory, const char *suffix)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/" AGENT_NAME "%s", directory, suffix);
	return access(name, F_OK) == 0 ? check_file(name) : 0;
}

/* In the directories where the reader looks. */
static int check_default_files(void)
{
	const char *directories = getenv("SNMPCONFPATH");
	char *list = strdup(directories != NULL ? directories : get_configuration_directory());
	char *rest = list;
	char *directory;
	int error = list == NULL ? -ENOMEM : 0;

	while (error == 0 && (directory = strsep(&rest, ENV_SEPARATOR)) != NULL) {
		error = check_default_file(directory, ".conf");
		if (error == 0)
			error = check_default_file(directory, ".local.conf");
	}
	free(list);
	return error;
}

static int read_named_files(const char *names)
{
	char *list = strdup(names);
	char *rest = list;
	char *name;
	int error = list == NULL ? -ENOMEM : 0;

	while (error == 0 && (name = strsep(&rest, ",")) != NULL) {
		error = check_file(name);
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
		int error = check_default_files();

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
	snmp_log(LOG_ERR,
		 AGENT_NAME ".conf: maxAge %g is less than refreshInterval %g: rows would come "
			    "and go\n",
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
	int error = settings->wanted.bound_inactive ? try_bound_inactive(source) : 0;

	if (error == -EOPNOTSUPP)
		snmp_log(LOG_ERR, AGENT_NAME ".conf: countBoundInactive: this kernel does not "
					     "list such sockets, Linux 6.8 does\n");
	else if (error != 0)
		snmp_log(LOG_ERR,
			 AGENT_NAME ".conf: countBoundInactive: whether the kernel lists such "
				    "sockets cannot be found out: %s\n",
			 strerror(-error));
	return error;
}

/* Reads into @p scratch, and counts what the reader and the directives complain of. */
static int read_strictly(struct settings *scratch, const struct settings_source *source)
{
	unsigned int complaints = 0;
	netsnmp_log_handler *listener =
		netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_WARNING);
	int error;

	if (listener == NULL)
		return -ENOMEM;
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, count_complaint,
			       &complaints);
	being_read = scratch;
	error = read_files(source);
	snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, count_complaint,
				 &complaints, 1);
	netsnmp_remove_loghandler(listener);
	if (error == 0 && complaints > 0)
		error = -EINVAL;
	return error;
}

int settings_read(struct settings *settings, const struct settings_source *source)
{
	struct settings scratch = defaults;
	int error;

	scratch.thresholds = thresholds_new();
	if (scratch.thresholds == NULL)
		return -ENOMEM;
	error = read_strictly(&scratch, source);
	if (error == 0)
		error = check_max_age(&scratch);
	if (error == 0)
		error = check_bound_inactive(&scratch, source);
	if (error != 0) {
		settings_finalise(&scratch);
		return error;
	}
	settings_finalise(settings);
	*settings = scratch;
	return 0;
}

void settings_finalise(struct settings *settings)
{
	thresholds_release(settings->thresholds);
	settings->thresholds = NULL;
}
