/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of check_tcp_states: that of the Linuxfabrik network-connections check and of
 * the Monitoring Plugins.
 */
#ifndef CLI_CHECK_OPTIONS_H
#define CLI_CHECK_OPTIONS_H

#include "cli/check_rows.h"

#include <stdbool.h>

#define CHECK_NAME "check_tcp_states"

enum check_outcome {
	CHECK_RUN,      /**< go on */
	CHECK_ANSWERED, /**< -h or -V: what was asked for is printed */
	CHECK_WRONG,    /**< what is wrong is printed on standard output, as plug-ins do */
};

struct check_options {
	struct check check;
	const char *warning, *critical; /**< the ranges as they were given; "" is none */
	bool always_ok;
	bool performance_data;
	bool verbose;
	unsigned int timeout_s;
	const char *host;          /**< NULL: this one */
	char *const *snmp_options; /**< of the library, NULL after the last */
};

/** Parses the command line; the strings in @p options are those of @p argv. */
enum check_outcome check_options_parse(struct check_options *options, int argc, char *argv[]);

#endif
