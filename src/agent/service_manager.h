/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports to the service manager that started the agent, by the protocol of sd_notify(3):
 * readiness, status, shutdown, and pings for the watchdog. Does nothing without a service manager.
 *
 * The main loop pings the watchdog as long as refreshes are on time. The pings stop when the main
 * loop or, in the kernel, the collector hangs. A failed refresh is on time, too.
 */
#ifndef AGENT_SERVICE_MANAGER_H
#define AGENT_SERVICE_MANAGER_H

#include <stdint.h>

#define SERVICE_STATUS_SIZE 256

struct service_manager {
	int64_t watchdog_ns;              /**< its timeout; 0: disabled */
	int64_t refresh_due_ns;           /**< on the module's own clock */
	char status[SERVICE_STATUS_SIZE]; /**< the last one sent, or "" */
};

/** To be called in the daemon's final process. A refresh is due immediately. */
void service_manager_initialise(struct service_manager *manager);

/** The next refresh is due in @p wait_ns. */
void service_manager_expect_refresh(struct service_manager *manager, int64_t wait_ns);

/** Sends @p status, a line for the administrator, if it has changed. */
void service_manager_notify_status(struct service_manager *manager, const char *status);

void service_manager_notify_ready(void);

void service_manager_notify_stopping(void);

#endif
