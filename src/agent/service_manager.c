/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/service_manager.h"

#include "build.h"
#include "clock.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdio.h>
#include <string.h>

#if WITH_SYSTEMD
#include <systemd/sd-daemon.h>
#else
static int sd_notify(int unset_environment, const char *state)
{
	(void)unset_environment;
	(void)state;
	return 0;
}

static int sd_watchdog_enabled(int unset_environment, uint64_t *usec)
{
	(void)unset_environment;
	(void)usec;
	return 0;
}
#endif

/* The service manager's: unlike clock_now_ns() it stands still while the machine is suspended. */
static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* A refresh takes a while; half of the watchdog's time is more than any takes. */
static void feed_watchdog(unsigned int alarm, void *argument)
{
	const struct service_manager *manager = argument;

	(void)alarm;
	if (now_ns() <= manager->refresh_due_ns + manager->watchdog_ns / 2)
		sd_notify(0, "WATCHDOG=1");
}

static void set_alarm(struct service_manager *manager)
{
	int64_t interval_ns = manager->watchdog_ns / 4;
	struct timeval interval = {
		.tv_sec = (time_t)(interval_ns / NS_PER_SECOND),
		.tv_usec = (suseconds_t)(interval_ns % NS_PER_SECOND / NS_PER_US),
	};

	snmp_alarm_register_hr(interval, SA_REPEAT, feed_watchdog, manager);
}

void service_manager_initialise(struct service_manager *manager)
{
	uint64_t watchdog_us;

	*manager = (struct service_manager){0};
	service_manager_expect_refresh(manager, 0);
	if (sd_watchdog_enabled(0, &watchdog_us) <= 0)
		return;
	manager->watchdog_ns = (int64_t)watchdog_us * NS_PER_US;
	set_alarm(manager);
}

void service_manager_expect_refresh(struct service_manager *manager, int64_t wait_ns)
{
	manager->refresh_due_ns = now_ns() + wait_ns;
}

void service_manager_tell_status(struct service_manager *manager, const char *status)
{
	char state[sizeof("STATUS=") + SERVICE_STATUS_SIZE];

	if (strcmp(status, manager->status) == 0)
		return;
	snprintf(manager->status, sizeof(manager->status), "%s", status);
	snprintf(state, sizeof(state), "STATUS=%s", manager->status);
	sd_notify(0, state);
}

void service_manager_tell_ready(void)
{
	sd_notify(0, "READY=1");
}

void service_manager_tell_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}
