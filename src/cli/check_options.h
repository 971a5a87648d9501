/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of check_tcp_states, compatible with the Linuxfabrik network-connections check
 * and the Monitoring Plugins.
 */
#ifndef CLI_CHECK_OPTIONS_H
#define CLI_CHECK_OPTIONS_H

#include "cli/check_rows.h"
#include "model/metric.h"
#include "option_table.h"

#include <stdbool.h>

#define CHECK_NAME "check_tcp_states"

#define CHECK_RANGE_SIZE 128

struct check_options {
	struct check check;
	struct metric endpoint; /**< a metric listen, for CHECK_LISTEN */
	char warning[CHECK_RANGE_SIZE], critical[CHECK_RANGE_SIZE]; /**< as given; "": none */
	bool always_ok;
	bool no_performance_data;
	bool verbose;
	unsigned int timeout_s;
	const char *host;          /**< NULL: this host */
	const char *community;     /**< for SNMPv2c; NULL: as the SNMP options say */
	char *const *snmp_options; /**< net-snmp's options, NULL after the last */
};

/**
 * Parses the command line. The strings in @p options belong to @p argv. Errors are printed to
 * standard output, as monitoring plugins do.
 */
enum option_outcome check_options_parse(struct check_options *options, int argc, char *argv[]);

#endif
