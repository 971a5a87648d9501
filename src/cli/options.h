/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of tcp-states.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/formats.h"
#include "cli/view.h"
#include "collect/group_counter.h"
#include "model/port.h"
#include "option_table.h"

#include <stdint.h>

struct options {
	struct view view;
	bool bound_inactive; /**< count sockets that are bound but neither listening nor connected
			      */
	struct watched_ports ports;
	struct grouping grouping;    /**< keys.count 0: count by state */
	struct watch selected;       /**< the grouping's watch, if it has one */
	const struct format *format; /**< NULL: table */
	int64_t watch_ns;            /**< 0: count once */
	bool verify;                 /**< compare derived with listed counts instead */
	const char *host;            /**< NULL: this machine */
	const char *community;       /**< for SNMPv2c; NULL: as the SNMP options say */
	char *const *snmp_options;   /**< net-snmp's options, NULL after the last */
};

/** Parses the command line. Errors are printed to standard error. */
enum option_outcome options_parse(struct options *options, int argc, char *argv[]);

#endif
