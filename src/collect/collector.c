/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/collector.h"

#include "clock.h"
#include "collect/dump.h"
#include "collect/sock_diag.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum pipe_end {
	READ_END,
	WRITE_END,
};

struct collector {
	pthread_t thread;
	int orders[2];    /* struct collector_settings, from the owner to the thread */
	int refreshes[2]; /* struct refresh, from the thread to the owner */
	struct collector_settings settings; /* the thread's own once it runs */
	struct dump dump;                   /* the thread's own */
};

static struct refresh refresh_now(struct collector *collector)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct refresh refresh = {
		.snapshot = snapshot,
		.interval_ns = collector->settings.interval_ns,
	};

	if (snapshot == NULL) {
		refresh.error = -ENOMEM;
		refresh.failed = "making a snapshot";
		return refresh;
	}
	snapshot->taken_ns = clock_now_ns();
	snapshot->method = METHOD_FULL;
	refresh.error = sock_diag_count(&collector->dump, snapshot->sockets);
	snapshot->duration_us = (uint32_t)((clock_now_ns() - snapshot->taken_ns) / NS_PER_US);
	if (refresh.error != 0) {
		refresh.failed = "counting the sockets by sock_diag";
		refresh.snapshot = NULL;
		free(snapshot);
	}
	return refresh;
}

/*
 * Waits for orders until @p deadline. Returns 1 if there is one to read or its pipe was closed, 0
 * when the deadline is reached.
 */
static int wait_for_order(const struct collector *collector, int64_t deadline_ns)
{
	struct pollfd orders = {.fd = collector->orders[READ_END], .events = POLLIN};
	struct timespec left;
	int64_t left_ns;
	int ready;

	do {
		left_ns = deadline_ns - clock_now_ns();
		if (left_ns < 0)
			left_ns = 0;
		left.tv_sec = left_ns / NS_PER_SECOND;
		left.tv_nsec = left_ns % NS_PER_SECOND;
		ready = ppoll(&orders, 1, &left, NULL);
	} while (ready < 0 && errno == EINTR);
	return ready;
}

/* Returns false when the owner has closed the pipe: the thread shall end. */
static bool follow_orders(struct collector *collector, int64_t begun_ns)
{
	while (wait_for_order(collector, begun_ns + collector->settings.interval_ns) > 0) {
		ssize_t length = read(collector->orders[READ_END], &collector->settings,
				      sizeof(collector->settings));
		if (length == 0)
			return false;
	}
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
		free(refresh.snapshot);
}

static void *run(void *argument)
{
	struct collector *collector = argument;
	int64_t begun_ns;

	do {
		begun_ns = clock_now_ns();
		hand_over(collector, refresh_now(collector));
	} while (follow_orders(collector, begun_ns));
	close(collector->refreshes[WRITE_END]);
	return NULL;
}

static int start_thread(struct collector *collector)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&collector->thread, NULL, run, collector);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

static void close_pipe(const int pipe_ends[2])
{
	close(pipe_ends[READ_END]);
	close(pipe_ends[WRITE_END]);
}

int collector_start(struct collector **started, const struct collector_settings *settings)
{
	struct collector *collector = malloc(sizeof(*collector));
	int error;

	if (collector == NULL)
		return -ENOMEM;
	collector->settings = *settings;
	dump_initialise(&collector->dump);
	if (pipe2(collector->orders, O_CLOEXEC) < 0) {
		error = -errno;
		goto no_orders;
	}
	if (pipe2(collector->refreshes, O_CLOEXEC) < 0) {
		error = -errno;
		goto no_refreshes;
	}
	error = start_thread(collector);
	if (error != 0)
		goto no_thread;
	*started = collector;
	return 0;

no_thread:
	close_pipe(collector->refreshes);
no_refreshes:
	close_pipe(collector->orders);
no_orders:
	free(collector);
	return error;
}

int collector_descriptor(const struct collector *collector)
{
	return collector->refreshes[READ_END];
}

int collector_take(const struct collector *collector, struct refresh *refresh)
{
	ssize_t length = read(collector->refreshes[READ_END], refresh, sizeof(*refresh));

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

void collector_stop(struct collector *collector)
{
	struct refresh refresh;

	if (collector == NULL)
		return;
	close(collector->orders[WRITE_END]);
	while (collector_take(collector, &refresh) == 0)
		free(refresh.snapshot);
	pthread_join(collector->thread, NULL);
	dump_finalise(&collector->dump);
	close(collector->orders[READ_END]);
	close(collector->refreshes[READ_END]);
	free(collector);
}
