/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/collector.h"

#include "clock.h"
#include "collect/refresher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Refreshes that may wait for the owner, each with a snapshot of up to a few MiB. */
#define WAITING_MAX 8

enum pipe_end {
	READ_END,
	WRITE_END,
};

struct collector {
	pthread_t thread;
	bool started;
	int settings_pipe[2]; /* struct collector_settings, from the owner to the thread */
	int refresh_pipe[2];  /* struct refresh, from the thread to the owner */
	/* used by the thread only, once it runs: */
	int timer;
	struct collector_settings settings;
	struct refresher refresher;
};

_Static_assert(sizeof(struct collector_settings) <= PIPE_BUF, "settings are written in one piece");
_Static_assert(sizeof(struct refresh) <= PIPE_BUF, "a refresh is written in one piece");

static int64_t cpu_time_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * NS_PER_SECOND + used.tv_nsec;
}

/* The interval, extended if a refresh of this cost would exceed the limit. */
static int64_t affordable_interval_ns(const struct collector_settings *settings, int64_t cost_ns)
{
	int64_t affordable_ns = llround((double)cost_ns * 100 / settings->cpu_limit);

	return affordable_ns > settings->interval_ns ? affordable_ns : settings->interval_ns;
}

static void apply_collector_settings(struct collector *collector)
{
	struct collector_settings *settings = &collector->settings;

	if (settings->watches != NULL)
		refresher_set_watches(&collector->refresher, settings->watches);
	settings->watches = NULL;
	if (settings->has_conntrack)
		refresher_set_conntrack(&collector->refresher, settings->conntrack);
	settings->has_conntrack = false;
}

/* Returns false when the owner has closed the pipe. */
static bool take_settings(struct collector *collector)
{
	if (read(collector->settings_pipe[READ_END], &collector->settings,
		 sizeof(collector->settings)) == 0)
		return false;
	apply_collector_settings(collector);
	return true;
}

/*
 * Waits until the next refresh is due, by a timer: after a suspend it expires immediately, whereas
 * poll()'s timeout stands still. New settings also make it due immediately, so that the next
 * refresh reports their interval. Returns false when the owner has closed the pipe: the thread
 * must exit.
 */
static bool wait_until_due(struct collector *collector, int64_t due_ns)
{
	const struct itimerspec due = {.it_value = clock_timespec(due_ns)};
	struct pollfd settings_or_timer[] = {
		{.fd = collector->settings_pipe[READ_END], .events = POLLIN},
		{.fd = collector->timer, .events = POLLIN},
	};
	uint64_t expirations;

	timerfd_settime(collector->timer, TFD_TIMER_ABSTIME, &due, NULL);
	while (poll(settings_or_timer, 2, -1) < 0 && errno == EINTR)
		;
	if (settings_or_timer[0].revents != 0)
		return take_settings(collector);
	/* This waits if poll() fails, as it does if RLIMIT_NOFILE is less than 2. */
	while (read(collector->timer, &expirations, sizeof(expirations)) < 0 && errno == EINTR)
		;
	return true;
}

/* The pipe holds WAITING_MAX refreshes; beyond that the thread waits for the owner to take one. */
static void send_refresh(const struct collector *collector, struct refresh refresh)
{
	ssize_t length;

	do {
		length = write(collector->refresh_pipe[WRITE_END], &refresh, sizeof(refresh));
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		snapshot_free(refresh.snapshot);
}

/*
 * The cost of a refresh is that of the cheaper of the last two that succeeded, so that a single
 * expensive one, such as the first, does not delay the next.
 */
struct cost {
	int64_t previous_ns;
	int64_t ns;
};

static void add_cost(struct cost *cost, int64_t ns)
{
	cost->ns = ns < cost->previous_ns ? ns : cost->previous_ns;
	cost->previous_ns = ns;
}

static void *run_collector(void *argument)
{
	struct collector *collector = argument;
	struct cost cost = {0};
	struct refresh refresh;
	int64_t begun_ns;

	do {
		int64_t cpu_before_ns = cpu_time_ns();

		begun_ns = clock_now_ns();
		refresh = refresher_refresh(&collector->refresher,
					    &collector->settings.refresh_options);
		if (refresh.error == 0)
			add_cost(&cost, cpu_time_ns() - cpu_before_ns);
		refresh.interval_ns = affordable_interval_ns(&collector->settings, cost.ns);
		send_refresh(collector, refresh);
	} while (wait_until_due(collector, begun_ns + refresh.interval_ns));
	close(collector->refresh_pipe[WRITE_END]);
	return NULL;
}

static void close_pipe(const int pipe_ends[2])
{
	close(pipe_ends[READ_END]);
	close(pipe_ends[WRITE_END]);
}

/* In a pipe of packets each takes a page (pipe(2), O_DIRECT). */
static int open_refresh_pipe(int pipe_ends[2])
{
	const long size = WAITING_MAX * sysconf(_SC_PAGESIZE);

	if (pipe2(pipe_ends, O_CLOEXEC | O_DIRECT) < 0)
		return -errno;
	fcntl(pipe_ends[WRITE_END], F_SETPIPE_SZ, (int)size);
	return 0;
}

int collector_new(struct collector **made, const struct collector_settings *settings,
		  int units_socket, int names_socket)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int error;

	if (collector == NULL)
		return -ENOMEM;
	collector->settings = *settings;
	/* The owner must not wait for a long refresh to finish. */
	if (pipe2(collector->settings_pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
		error = -errno;
		goto no_settings_pipe;
	}
	error = open_refresh_pipe(collector->refresh_pipe);
	if (error != 0)
		goto no_refresh_pipe;
	collector->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	if (collector->timer < 0) {
		error = -errno;
		goto no_timer;
	}
	refresher_initialise(&collector->refresher);
	refresher_set_units_socket(&collector->refresher, units_socket);
	refresher_set_names_socket(&collector->refresher, names_socket);
	if (settings->refresh_options.owners)
		refresher_prefetch_names(&collector->refresher);
	apply_collector_settings(collector);
	*made = collector;
	return 0;

no_timer:
	close_pipe(collector->refresh_pipe);
no_refresh_pipe:
	close_pipe(collector->settings_pipe);
no_settings_pipe:
	free(collector);
	return error;
}

int collector_start(struct collector *collector)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&collector->thread, NULL, run_collector, collector);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	collector->started = error == 0;
	return -error;
}

int collector_descriptor(const struct collector *collector)
{
	return collector->refresh_pipe[READ_END];
}

int collector_take(const struct collector *collector, struct refresh *refresh)
{
	ssize_t length;

	do {
		length = read(collector->refresh_pipe[READ_END], refresh, sizeof(*refresh));
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return length == sizeof(*refresh) ? 0 : -EPIPE;
}

int collector_configure(const struct collector *collector,
			const struct collector_settings *settings)
{
	if (write(collector->settings_pipe[WRITE_END], settings, sizeof(*settings)) < 0)
		return -errno;
	return 0;
}

static void stop_thread(struct collector *collector)
{
	struct refresh refresh;

	while (collector_take(collector, &refresh) == 0)
		snapshot_free(refresh.snapshot);
	pthread_join(collector->thread, NULL);
}

void collector_stop(struct collector *collector)
{
	if (collector == NULL)
		return;
	close(collector->settings_pipe[WRITE_END]);
	if (collector->started)
		stop_thread(collector);
	else
		close(collector->refresh_pipe[WRITE_END]);
	refresher_finalise(&collector->refresher);
	close(collector->timer);
	close(collector->settings_pipe[READ_END]);
	close(collector->refresh_pipe[READ_END]);
	free(collector);
}
