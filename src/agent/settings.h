/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration: tcp-state-agent.conf, found and read by net-snmp's own reader.
 *
 * net-snmp only warns of what it does not understand and goes on; here every complaint of its
 * reader, and every one of ours, makes the reading fail as a whole.
 */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "collect/gatherer.h"
#include "model/threshold.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/un.h>

/** The name that files and log lines go by. */
#define AGENT_NAME "tcp-state-agent"

/** "unix:" and the longest path of a unix socket, with the 0 at its end. */
#define AGENTX_SOCKET_SIZE (sizeof("unix:") + sizeof(((struct sockaddr_un *)0)->sun_path))

struct settings {
	int64_t refresh_interval_ns;
	int64_t max_age_ns; /**< 0: three refresh intervals, as they really are */
	int64_t window_ns;
	double cpu_limit; /**< percent of one CPU */
	struct wanted wanted;
	struct thresholds *thresholds;          /**< held; NULL before the first reading */
	char agentx_socket[AGENTX_SOCKET_SIZE]; /**< "": net-snmp's own */
};

/** Where to read the configuration from; @p files may be NULL. */
struct settings_source {
	const char *files;         /**< names between commas, read after the default ones */
	bool without_defaults;     /**< read nothing else */
	bool bound_inactive_tried; /**< by who can no longer do it when settings are read */
	int bound_inactive;        /**< what sock_diag_try_bound_inactive() said then */
};

/**
 * Reads the configuration over the defaults. Each error is logged with its file and line.
 * @param settings is written only on success
 * @return 0, or -EINVAL if something in the files is wrong, or -errno if one cannot be read
 */
int settings_read(struct settings *settings, const struct settings_source *source);

/** Lets go of what @p settings hold. */
void settings_finalise(struct settings *settings);

/** Prints the directives, a line each. */
void settings_print_directives(FILE *file);

#endif
