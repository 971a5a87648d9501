/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/collector.h"

#include "clock.h"
#include "collect/gatherer.h"

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

enum pipe_end {
	READ_END,
	WRITE_END,
};

struct collector {
	pthread_t thread;
	bool started;
	int orders[2];    /* struct collector_settings, from the owner to the thread */
	int refreshes[2]; /* struct refresh, from the thread to the owner */
	/* The thread's own once it runs: */
	int timer;
	struct collector_settings settings;
	struct gatherer gatherer;
};

_Static_assert(sizeof(struct collector_settings) <= PIPE_BUF, "an order is written in one piece");
_Static_assert(sizeof(struct refresh) <= PIPE_BUF, "a refresh is written in one piece");

static int64_t cpu_time_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * NS_PER_SECOND + used.tv_nsec;
}

/* The interval, or a longer one in which a refresh of this cost keeps to the limit. */
static int64_t affordable_interval_ns(const struct collector_settings *settings, int64_t cost_ns)
{
	int64_t affordable_ns = llround((double)cost_ns * 100 / settings->cpu_limit);

	return affordable_ns > settings->interval_ns ? affordable_ns : settings->interval_ns;
}

/*
 * Waits for the next refresh to be due, by a timer and not for a time: after a suspend it is due at
 * once, where poll()'s time stood still. New settings make it due at once too, so that whatever is
 * told of the refreshing holds as soon as it is ordered. Returns false when the owner has closed
 * the pipe: the thread shall end.
 */
static bool wait_until_due(struct collector *collector, int64_t due_ns)
{
	const struct itimerspec due = {.it_value = clock_timespec(due_ns)};
	struct pollfd orders_or_timer[] = {
		{.fd = collector->orders[READ_END], .events = POLLIN},
		{.fd = collector->timer, .events = POLLIN},
	};
	struct collector_settings *settings = &collector->settings;
	uint64_t expirations;

	timerfd_settime(collector->timer, TFD_TIMER_ABSTIME, &due, NULL);
	while (poll(orders_or_timer, 2, -1) < 0 && errno == EINTR)
		;
	if (orders_or_timer[0].revents != 0)
		return read(orders_or_timer[0].fd, settings, sizeof(*settings)) != 0;
	/* This waits where poll() fails, as it does when RLIMIT_NOFILE is less than 2. */
	while (read(collector->timer, &expirations, sizeof(expirations)) < 0 && errno == EINTR)
		;
	return true;
}

/*
 * When the owner is late, the pipe holds some hundred refreshes; after that the thread waits. If
 * the owner is gone there is nobody to tell.
 */
static void hand_over(const struct collector *collector, struct refresh refresh)
{
	ssize_t length;

	do {
		length = write(collector->refreshes[WRITE_END], &refresh, sizeof(refresh));
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		snapshot_free(refresh.snapshot);
}

/*
 * What a refresh costs: the cheaper of the last two, because one that was dear, as the first is,
 * does not make the next one late. One that failed says nothing of it.
 */
struct cost {
	int64_t previous_ns;
	int64_t lasting_ns;
};

static void add_cost(struct cost *cost, int64_t ns)
{
	cost->lasting_ns = ns < cost->previous_ns ? ns : cost->previous_ns;
	cost->previous_ns = ns;
}

static void *run(void *argument)
{
	struct collector *collector = argument;
	struct cost cost = {0};
	struct refresh refresh;
	int64_t begun_ns;

	do {
		int64_t cpu_before_ns = cpu_time_ns();

		begun_ns = clock_now_ns();
		refresh = gatherer_refresh(&collector->gatherer, &collector->settings.wanted);
		if (refresh.error == 0)
			add_cost(&cost, cpu_time_ns() - cpu_before_ns);
		refresh.interval_ns = affordable_interval_ns(&collector->settings, cost.lasting_ns);
		hand_over(collector, refresh);
	} while (wait_until_due(collector, begun_ns + refresh.interval_ns));
	close(collector->refreshes[WRITE_END]);
	return NULL;
}

static void close_pipe(const int pipe_ends[2])
{
	close(pipe_ends[READ_END]);
	close(pipe_ends[WRITE_END]);
}

int collector_new(struct collector **made, const struct collector_settings *settings)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int error;

	if (collector == NULL)
		return -ENOMEM;
	collector->settings = *settings;
	/* The owner shall not wait if the thread is at a long refresh. */
	if (pipe2(collector->orders, O_CLOEXEC | O_NONBLOCK) < 0) {
		error = -errno;
		goto no_orders;
	}
	if (pipe2(collector->refreshes, O_CLOEXEC) < 0) {
		error = -errno;
		goto no_refreshes;
	}
	collector->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	if (collector->timer < 0) {
		error = -errno;
		goto no_timer;
	}
	gatherer_initialise(&collector->gatherer);
	*made = collector;
	return 0;

no_timer:
	close_pipe(collector->refreshes);
no_refreshes:
	close_pipe(collector->orders);
no_orders:
	free(collector);
	return error;
}

int collector_start(struct collector *collector)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&collector->thread, NULL, run, collector);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	collector->started = error == 0;
	return -error;
}

int collector_descriptor(const struct collector *collector)
{
	return collector->refreshes[READ_END];
}

int collector_take(const struct collector *collector, struct refresh *refresh)
{
	ssize_t length;

	do {
		length = read(collector->refreshes[READ_END], refresh, sizeof(*refresh));
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return length == sizeof(*refresh) ? 0 : -EPIPE;
}

int collector_configure(const struct collector *collector,
			const struct collector_settings *settings)
{
	if (write(collector->orders[WRITE_END], settings, sizeof(*settings)) < 0)
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
	close(collector->orders[WRITE_END]);
	if (collector->started)
		stop_thread(collector);
	else
		close(collector->refreshes[WRITE_END]);
	gatherer_finalise(&collector->gatherer);
	close(collector->timer);
	close(collector->orders[READ_END]);
	close(collector->refreshes[READ_END]);
	free(collector);
}
