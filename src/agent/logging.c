/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/logging.h"

#include "utf8.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdarg.h>
#include <string.h>

#define LINE_SIZE 4096

void log_line(int priority, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	snmp_log(priority, "%s\n", line);
}

/*
 * Handlers that net-snmp's snmp_enable_ functions register take nearly nothing since 5.9.5, which
 * changed the meaning of their pri_max; its options set that.
 */
void logging_add(const char *where)
{
	char option[8];

	snprintf(option, sizeof(option), "%s", where);
	snmp_log_options(option, 0, NULL);
}

/* The library's function that writes to @p log; NULL if it does not write text. */
static NetsnmpLogHandler *log_writer(const netsnmp_log_handler *log)
{
	switch (log->type) {
	case NETSNMP_LOGHANDLER_STDERR:
	case NETSNMP_LOGHANDLER_STDOUT:
		return log_handler_stdouterr;
	case NETSNMP_LOGHANDLER_FILE:
		return log_handler_file;
	case NETSNMP_LOGHANDLER_SYSLOG:
		return log_handler_syslog;
	default:
		return NULL;
	}
}

/* Debugging output arrives in parts of a line: only a newline at the end is kept. */
static int write_escaped(netsnmp_log_handler *log, int priority, const char *text)
{
	const size_t length = strlen(text);
	const bool ends = length > 0 && text[length - 1] == '\n';
	char line[LINE_SIZE], escaped[LINE_SIZE];

	snprintf(line, sizeof(line), "%.*s", (int)(length - ends), text);
	utf8_escape(escaped, sizeof(escaped) - 1, line, UTF8_ANYWHERE);
	strcat(escaped, ends ? "\n" : "");
	return log_writer(log)(log, priority, escaped);
}

void logging_escape(void)
{
	for (netsnmp_log_handler *log = get_logh_head(); log != NULL; log = log->next) {
		if (log_writer(log) != NULL)
			log->handler = write_escaped;
	}
}
