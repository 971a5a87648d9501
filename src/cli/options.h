/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of tcp-states.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/formats.h"
#include "cli/view.h"
#include "model/port.h"

#include <stdint.h>

struct options {
	struct view view;
	bool bound_inactive; /**< sockets in closed are asked for by name */
	struct watched_ports ports;
	const struct format *format; /**< NULL: a table */
	int64_t watch_ns;            /**< 0: count once */
	bool verify;                 /**< instead of all that */
	const char *host;            /**< NULL: this machine */
	char *const *snmp_options;   /**< net-snmp's, NULL after the last */
};

enum options_outcome {
	OPTIONS_RUN,
	OPTIONS_ANSWERED, /**< what was asked for is on standard output */
	OPTIONS_WRONG,    /**< standard error says what */
};

enum options_outcome options_parse(struct options *options, int argc, char *argv[]);

#endif
