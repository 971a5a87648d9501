/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines about refreshes, each logged when something changes instead of at every refresh.
 */
#ifndef AGENT_REFRESH_LOG_H
#define AGENT_REFRESH_LOG_H

#include "agent/settings.h"
#include "model/history.h"

struct refresh_log {
	int error;            /**< of the last refresh */
	bool interval_logged; /**< since the settings were last applied */
	bool omission_logged;
	bool watches_logged;
	const char *fallback; /**< reason for full listings at the last refresh; NULL if none */
};

/**
 * Logs the events of a refresh.
 * @param refreshes after it
 * @param error 0 or -errno
 * @param fallback as refresh.not_derived
 */
void refresh_log_add(struct refresh_log *log, const struct settings *settings,
		     const struct history *refreshes, int error, const char *fallback);

#endif
