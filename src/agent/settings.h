/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration: tcp-state-agent.conf, found and parsed by net-snmp's reader.
 *
 * net-snmp logs a warning about an unknown directive and continues; here any warning or error makes
 * the whole reading fail.
 */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "collect/collector.h"
#include "model/threshold.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/un.h>

/** The name in file names and log lines. */
#define AGENT_NAME "tcp-state-agent"

/** "unix:" and the longest path of a unix socket, with the 0 at its end. */
#define AGENTX_SOCKET_SIZE (sizeof("unix:") + sizeof(((struct sockaddr_un *)0)->sun_path))

struct settings {
	int64_t refresh_interval_ns;
	int64_t max_age_ns; /**< 0: three refresh intervals, possibly extended */
	int64_t window_ns;
	double cpu_limit; /**< percent of one CPU */
	struct refresh_options refresh_options;
	struct watches *watches;                /**< owned; NULL before the first reading */
	struct thresholds *thresholds;          /**< held; NULL before the first reading */
	char agentx_socket[AGENTX_SOCKET_SIZE]; /**< "": net-snmp's own */
};

/** Where the configuration is read from. */
struct settings_source {
	const char *files;         /**< comma-separated names, read after the defaults; or NULL */
	bool without_defaults;     /**< read no default files */
	bool bound_inactive_tried; /**< earlier, because a confined process cannot try it */
	int bound_inactive;        /**< the result of sock_diag_try_bound_inactive() */
};

/**
 * Reads the configuration. Each error is logged with its file and line.
 * @param settings is written only on success
 * @return 0, -EINVAL if a file has an error, or -errno if one cannot be read
 */
int settings_read(struct settings *settings, const struct settings_source *source);

/** The settings of the collector, without watches. */
struct collector_settings settings_for_collector(const struct settings *settings);

/** Frees the watches and releases the thresholds. */
void settings_finalise(struct settings *settings);

/** Prints the directives, a line each. */
void settings_print_directives(FILE *file);

#endif
