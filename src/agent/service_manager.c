/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/service_manager.h"

#include "clock.h"
#include "number.h"
#include "utf8.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- the protocol of sd_notify(3) and sd_watchdog_enabled(3) ---- */

/* The socket is a path, or begins with @, which stands for the 0 of an abstract one. */
static void notify(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length;
	int descriptor;

	if (name == NULL || (name[0] != '/' && name[0] != '@'))
		return;
	length = strlen(name);
	if (length > sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return;
	sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(descriptor);
}

/* @return the time within which this process has to feed the watchdog; 0: there is none */
static int64_t watchdog_ns(void)
{
	const char *time = getenv("WATCHDOG_USEC");
	const char *process = getenv("WATCHDOG_PID");
	const uint64_t self = (uint64_t)getpid();
	uint64_t time_us, number;

	if (time == NULL || !number_parse(time, 1, INT64_MAX / NS_PER_US, &time_us))
		return 0;
	if (process != NULL && !number_parse(process, self, self, &number))
		return 0;
	return (int64_t)time_us * NS_PER_US;
}

/* ---- the watchdog ---- */

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
		notify("WATCHDOG=1");
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
	*manager = (struct service_manager){.watchdog_ns = watchdog_ns()};
	service_manager_expect_refresh(manager, 0);
	if (manager->watchdog_ns != 0)
		set_alarm(manager);
}

void service_manager_expect_refresh(struct service_manager *manager, int64_t wait_ns)
{
	manager->refresh_due_ns = now_ns() + wait_ns;
}

/* ---- notifications ---- */

void service_manager_notify_status(struct service_manager *manager, const char *status)
{
	char state[sizeof("STATUS=") + SERVICE_STATUS_SIZE];

	if (strcmp(status, manager->status) == 0)
		return;
	snprintf(manager->status, sizeof(manager->status), "%s", status);
	strcpy(state, "STATUS=");
	utf8_escape(state + strlen(state), SERVICE_STATUS_SIZE, manager->status, UTF8_ANYWHERE);
	notify(state);
}

void service_manager_notify_ready(void)
{
	notify("READY=1");
}

void service_manager_notify_stopping(void)
{
	notify("STOPPING=1");
}
