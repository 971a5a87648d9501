/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reloads of the configuration: requested from the helper process, applied completely or not at
 * all.
 *
 * At most one reload is in progress, until the first refresh with its settings, and one more is
 * pending, however often a reload is requested.
 */
#ifndef AGENT_RELOAD_H
#define AGENT_RELOAD_H

#include "agent/helper.h"
#include "agent/notifier.h"
#include "collect/collector.h"
#include "model/history.h"

enum reload_state {
	RELOAD_NONE,
	RELOAD_REQUESTED,
	RELOAD_APPLIED, /**< until the first refresh with the settings */
};

struct reload {
	struct helper *helper;
	struct history *refreshes;
	struct notifier *notifier;
	struct collector *collector;
	enum reload_state state;
	bool pending; /**< another reload follows */
	bool failed;  /**< the last one */
};

/** Requests a reload. @return 0 or -errno: -EPIPE if the helper exited */
int reload_request(struct reload *reload);

/**
 * Receives settings from the helper, and has collector, thresholds and notifier use them. To be
 * called when the socket of the helper is readable. Logs the result.
 * @param settings those in use; replaced on success
 * @return 0; -EAGAIN: nothing has changed yet; -EPIPE if the helper exited; another -errno if the
 *         configuration was not reloaded
 */
int reload_receive(struct reload *reload, struct settings *settings);

/** To be called after each refresh. @return as reload_request() */
int reload_refreshed(struct reload *reload);

#endif
