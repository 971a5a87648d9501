/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the service manager that started the agent is told, by sd_notify(3): that it serves, how it
 * fares, that it ends, and that it is well. Without a service manager, or built without libsystemd,
 * nobody is told anything.
 *
 * The watchdog is fed from the main loop, and only while refreshes come when they are due: so it
 * starves when the loop hangs, and when the collector hangs in the kernel. A refresh that fails has
 * come.
 */
#ifndef AGENT_SERVICE_MANAGER_H
#define AGENT_SERVICE_MANAGER_H

#include <stdint.h>

#define SERVICE_STATUS_SIZE 256

struct service_manager {
	int64_t watchdog_ns;              /**< how long it may starve; 0: there is none */
	int64_t refresh_due_ns;           /**< on the module's own clock */
	char status[SERVICE_STATUS_SIZE]; /**< the last one told; "" before the first */
};

/** To be called in the process that goes on running; a refresh is due. */
void service_manager_initialise(struct service_manager *manager);

/** The next refresh is due in @p wait_ns. */
void service_manager_expect_refresh(struct service_manager *manager, int64_t wait_ns);

/** Tells @p status, a line for the administrator, if it is not the one told last. */
void service_manager_tell_status(struct service_manager *manager, const char *status);

void service_manager_tell_ready(void);

void service_manager_tell_stopping(void);

#endif
