/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/refresh_log.h"

#include "agent/logging.h"
#include "clock.h"

static void log_error(struct refresh_log *log, const struct history *refreshes, int error)
{
	if (error != 0 && error != log->error)
		log_line(LOG_ERR, "%s", refreshes->last_error);
	if (error == 0 && log->error != 0)
		log_line(LOG_NOTICE, "refreshes succeed again");
	log->error = error;
}

static void log_interval(struct refresh_log *log, const struct settings *settings,
			 const struct history *refreshes)
{
	if (log->interval_logged || refreshes->interval_ns <= settings->refresh_interval_ns)
		return;
	log->interval_logged = true;
	log_line(LOG_WARNING, "refresh exceeds cpuLimit (%g%%), interval extended to %g s",
		 settings->cpu_limit, (double)refreshes->interval_ns / (double)NS_PER_SECOND);
}

static void log_omission(struct refresh_log *log, const struct report *report)
{
	if (log->omission_logged || report == NULL || report->snapshot->listeners_omitted == 0)
		return;
	log->omission_logged = true;
	log_line(LOG_WARNING,
		 "too many listening endpoints: serving %zu, omitting %u "
		 "(tcpRefreshListenersOmitted)",
		 report->snapshot->listeners_count, report->snapshot->listeners_omitted);
}

static void log_omitted_watches(struct refresh_log *log, const struct report *report)
{
	if (log->watches_logged || report == NULL || report->snapshot->watches_omitted == 0)
		return;
	log->watches_logged = true;
	log_line(LOG_WARNING, "too many watches: omitting %u listening ports, the highest ones",
		 report->snapshot->watches_omitted);
}

static void log_fallback(struct refresh_log *log, const char *fallback)
{
	if (fallback != NULL && fallback != log->fallback)
		log_line(LOG_WARNING, "falling back to a full socket listing: %s", fallback);
	log->fallback = fallback;
}

void refresh_log_add(struct refresh_log *log, const struct settings *settings,
		     const struct history *refreshes, int error, const char *fallback)
{
	log_error(log, refreshes, error);
	log_interval(log, settings, refreshes);
	log_omission(log, refreshes->latest);
	log_omitted_watches(log, refreshes->latest);
	log_fallback(log, fallback);
}
