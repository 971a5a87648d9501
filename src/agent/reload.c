/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reload.h"

#include "agent/logging.h"
#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int reload_request(struct reload *reload)
{
	reload->pending = reload->state != RELOAD_NONE;
	if (reload->pending)
		return 0;
	reload->state = RELOAD_REQUESTED;
	return helper_request_settings(reload->helper);
}

static int finish_reload(struct reload *reload)
{
	reload->state = RELOAD_NONE;
	return reload->pending ? reload_request(reload) : 0;
}

/* Thresholds that were raised and are no longer configured are notified as cleared. */
static int apply_settings(struct reload *reload, const struct settings *settings)
{
	struct collector_settings collector_settings = settings_for_collector(settings);
	struct history *refreshes = reload->refreshes;
	struct evaluation *before = evaluation_hold(refreshes->evaluation);
	struct evaluation *ended =
		evaluation_end(before, settings->thresholds, clock_now_ns(), clock_real_ahead_ns());
	int error = -ENOMEM;

	collector_settings.watches = watches_copy(settings->watches);
	if (ended == NULL || collector_settings.watches == NULL)
		goto cleanup;
	error = history_set_thresholds(refreshes, settings->thresholds);
	if (error != 0)
		goto cleanup;
	error = collector_configure(reload->collector, &collector_settings);
	if (error == 0) {
		collector_settings.watches = NULL;
		notifier_add(reload->notifier, before, ended);
	} else {
		evaluation_release(refreshes->evaluation);
		refreshes->evaluation = evaluation_hold(before);
	}

cleanup:
	free(collector_settings.watches);
	evaluation_release(ended);
	evaluation_release(before);
	return error;
}

int reload_receive(struct reload *reload, struct settings *settings)
{
	struct settings received;
	int error = helper_receive_settings(reload->helper, &received);

	if (error == -EAGAIN || error == -EPIPE)
		return error;
	if (error == 0) {
		error = apply_settings(reload, &received);
		if (error != 0) {
			log_line(LOG_ERR, "cannot apply the configuration: %s", strerror(-error));
			settings_finalise(&received);
		}
	}
	reload->failed = error != 0;
	if (error != 0) {
		log_line(LOG_ERR, "configuration not reloaded, keeping the previous one");
		return finish_reload(reload) == 0 ? error : -EPIPE;
	}
	settings_finalise(settings);
	*settings = received;
	reload->state = RELOAD_APPLIED;
	log_line(LOG_NOTICE, "configuration reloaded");
	return 0;
}

int reload_refreshed(struct reload *reload)
{
	return reload->state == RELOAD_APPLIED ? finish_reload(reload) : 0;
}
