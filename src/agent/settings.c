/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/settings.h"

#include "agent/session.h"
#include "clock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef REFRESH_INTERVAL_MIN
#define REFRESH_INTERVAL_MIN 0.1
#endif
#define REFRESH_INTERVAL_MAX 3600.0
#define MAX_AGE_MAX (24 * 3600.0)
#define INTERVALS_OF_MAX_AGE 3

static const struct settings defaults = {.refresh_interval_ns = 5 * NS_PER_SECOND};

/* net-snmp's reader gives its handlers no argument of their own. */
static struct settings *being_read;

/* ---- the directives ---- */

static void parse_seconds(const char *word, const char *text, double minimum, double maximum,
			  int64_t *ns)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(seconds))
		netsnmp_config_error("%s: \"%s\" is not a number of seconds", word, text);
	else if (seconds < minimum || seconds > maximum)
		netsnmp_config_error("%s: %s is not between %g and %g seconds", word, text, minimum,
				     maximum);
	else
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

static void parse_agentx_socket(const char *word, char *text)
{
	int error = session_check_address(text);

	if (error != 0)
		netsnmp_config_error("%s: %s: %s", word, text, strerror(-error));
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
		fprintf(file, "  %-16s %s\n", directives[directive].config_token,
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

static int read_named_files(const char *names)
{
	char *list = strdup(names);
	char *rest = list;
	char *name;
	int error = list == NULL ? -ENOMEM : 0;

	while (error == 0 && (name = strsep(&rest, ",")) != NULL) {
		if (access(name, R_OK) < 0) {
			error = -errno;
			snmp_log(LOG_ERR, "%s: %s\n", name, strerror(errno));
		} else if (read_config(name, directive_list(), NORMAL_CONFIG) != SNMPERR_SUCCESS) {
			error = -EINVAL;
		}
	}
	free(list);
	return error;
}

static int read_files(const struct settings_source *source)
{
	struct config_files files = {.fileHeader = AGENT_NAME, .start = directive_list()};

	if (!source->without_defaults)
		read_config_files_of_type(NORMAL_CONFIG, &files);
	return source->files == NULL ? 0 : read_named_files(source->files);
}

static int check(const struct settings *settings)
{
	if (settings_max_age_ns(settings) >= settings->refresh_interval_ns)
		return 0;
	snmp_log(LOG_ERR,
		 AGENT_NAME ".conf: maxAge %g is less than refreshInterval %g: rows would come "
			    "and go\n",
		 (double)settings->max_age_ns / (double)NS_PER_SECOND,
		 (double)settings->refresh_interval_ns / (double)NS_PER_SECOND);
	return -EINVAL;
}

int settings_read(struct settings *settings, const struct settings_source *source)
{
	struct settings scratch = defaults;
	unsigned int complaints = 0;
	netsnmp_log_handler *listener =
		netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_WARNING);
	int error;

	if (listener == NULL)
		return -ENOMEM;
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, count_complaint,
			       &complaints);
	being_read = &scratch;
	error = read_files(source);
	snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, count_complaint,
				 &complaints, 1);
	netsnmp_remove_loghandler(listener);
	if (error == 0 && complaints > 0)
		error = -EINVAL;
	if (error == 0)
		error = check(&scratch);
	if (error == 0)
		*settings = scratch;
	return error;
}

int64_t settings_max_age_ns(const struct settings *settings)
{
	if (settings->max_age_ns != 0)
		return settings->max_age_ns;
	return INTERVALS_OF_MAX_AGE * settings->refresh_interval_ns;
}
