/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, with snmpd's own letters.
 */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "agent/settings.h"
#include "option_table.h"

#include <stdbool.h>

struct options {
	bool check_only; /**< -t */
	bool foreground;
	const char *agentx_socket; /**< NULL: as configured */
	const char *context;       /**< "" is the default one */
	const char *pid_file;      /**< NULL: none */
	const char *user;          /**< NULL: as started */
	const char *group;
	bool logging_chosen; /**< by -L, which the library has then taken */
	struct settings_source configuration;
};

/**
 * Parses the command line; the strings in @p options are those of @p argv. A problem is reported on
 * standard error.
 */
enum option_outcome options_parse(struct options *options, int argc, char *argv[]);

#endif
