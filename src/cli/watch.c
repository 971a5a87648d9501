/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/watch.h"

#include "cli/counts_table.h"
#include "cli/grid.h"
#include "cli/screen.h"
#include "cli/tables.h"
#include "clock.h"
#include "utf8.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define NAME_SIZE 256

struct watch_loop {
	const struct source *source;
	const struct view *view;
	int64_t interval_ns;
	char name[NAME_SIZE];
	struct snapshot *snapshot; /* the latest */
	time_t taken_at;
	struct trend trends[WATCHED_PORTS_MAX];
	char *problem; /* the reason why there is no newer one, or "" */
	struct screen screen;
	sigset_t signals; /* handled in the main loop */
	int signal_descriptor;
	bool ending;
	int ended_by; /* the signal that ends the program, or 0 */
};

/* ---- counting ---- */

static void add_trends(struct watch_loop *watch)
{
	uint32_t totals[STATES];

	for (size_t table = 0; table < counts_tables(watch->snapshot, watch->view); table++) {
		counts_table_totals(watch->snapshot, watch->view, table, totals);
		trend_add(&watch->trends[table], clock_now_ns(), totals);
	}
}

/* The latest snapshot is kept until there is a newer one. */
static int count_again(struct watch_loop *watch)
{
	struct snapshot *snapshot;
	int error = source_count(watch->source, &snapshot, watch->problem);

	if (error != 0)
		return error;
	watch->problem[0] = '\0';
	snapshot_free(watch->snapshot);
	watch->snapshot = snapshot;
	watch->taken_at = time(NULL);
	add_trends(watch);
	return 0;
}

/* ---- drawing ---- */

static void write_watch_heading(FILE *file, const struct watch_loop *watch,
				const struct style *style)
{
	const enum utf8_target target = style->utf8 ? UTF8_ANYWHERE : UTF8_ASCII;
	char name[UTF8_ESCAPED_SIZE(NAME_SIZE)], problem[UTF8_ESCAPED_SIZE(REMOTE_PROBLEM_SIZE)];
	char line[sizeof(name) + 64];
	char taken_at[sizeof("23:59:60")] = "";
	struct tm parts;

	if (localtime_r(&watch->taken_at, &parts) != NULL)
		strftime(taken_at, sizeof(taken_at), "%H:%M:%S", &parts);
	utf8_escape(name, sizeof(name), watch->name, target);
	utf8_escape(problem, sizeof(problem), watch->problem, target);
	snprintf(line, sizeof(line), "%s  %s  every %g s, q ends", name, taken_at,
		 (double)watch->interval_ns / (double)NS_PER_SECOND);
	grid_print_line(file, style, COLOUR_BOLD, line);
	grid_print_line(file, style, COLOUR_RED, problem);
}

static int draw(const struct watch_loop *watch)
{
	const struct style style = style_of(stdout);
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	int error;

	if (file == NULL)
		return -ENOMEM;
	write_watch_heading(file, watch, &style);
	error = table_write(file, watch->snapshot, watch->view, &style, watch->trends);
	if (fclose(file) != 0)
		error = -ENOMEM;
	if (error == 0)
		error = screen_draw(text);
	free(text);
	return error;
}

/* ---- signals and keys ---- */

static int catch_watch_signals(struct watch_loop *watch)
{
	static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};

	sigemptyset(&watch->signals);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		sigaddset(&watch->signals, taken[i]);
	sigprocmask(SIG_BLOCK, &watch->signals, NULL);
	watch->signal_descriptor = signalfd(-1, &watch->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return watch->signal_descriptor < 0 ? -errno : 0;
}

static int take_signal(struct watch_loop *watch)
{
	struct signalfd_siginfo taken;

	if (read(watch->signal_descriptor, &taken, sizeof(taken)) != sizeof(taken))
		return 0;
	switch (taken.ssi_signo) {
	case SIGWINCH:
		return draw(watch);
	case SIGTSTP: /* SIGCONT follows */
		screen_leave(&watch->screen);
		raise(SIGSTOP);
		return 0;
	case SIGCONT:
		return screen_enter(&watch->screen) == 0 ? draw(watch) : -EIO;
	case SIGINT:
		watch->ending = true;
		return 0;
	default:
		watch->ending = true;
		watch->ended_by = (int)taken.ssi_signo;
		return 0;
	}
}

/* The program also ends when the terminal is closed. */
static void take_key(struct watch_loop *watch)
{
	char key;

	if (read(watch->screen.keyboard, &key, 1) != 1 || key == 'q' || key == 'Q')
		watch->ending = true;
}

static int wait_until(struct watch_loop *watch, int64_t due_ns)
{
	struct pollfd happened[] = {
		{.fd = watch->signal_descriptor, .events = POLLIN},
		{.fd = watch->screen.keyboard, .events = POLLIN},
	};
	int64_t left_ns = due_ns - clock_now_ns();
	const struct timespec left = clock_timespec(left_ns);
	int error = 0;

	if (left_ns <= 0 || ppoll(happened, 2, &left, NULL) <= 0)
		return 0;
	if (happened[0].revents != 0)
		error = take_signal(watch);
	if (happened[1].revents != 0)
		take_key(watch);
	return error;
}

/* Draws the latest counts, and counts again, until a key or a signal ends it. */
static int draw_until_end(struct watch_loop *watch)
{
	for (;;) {
		const int64_t due_ns = clock_now_ns() + watch->interval_ns;
		int error = draw(watch);

		while (error == 0 && !watch->ending && clock_now_ns() < due_ns)
			error = wait_until(watch, due_ns);
		if (error != 0 || watch->ending)
			return error;
		count_again(watch);
	}
}

/* ---- the main loop ---- */

static void end_by(const struct watch_loop *watch)
{
	if (watch->ended_by == 0)
		return;
	signal(watch->ended_by, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &watch->signals, NULL);
	raise(watch->ended_by);
}

static int start_watch(struct watch_loop *watch)
{
	int error;

	if (!isatty(STDOUT_FILENO)) {
		snprintf(watch->problem, REMOTE_PROBLEM_SIZE,
			 "--watch: standard output is not a terminal");
		return -ENOTTY;
	}
	error = count_again(watch);
	if (error != 0)
		return error;
	screen_initialise(&watch->screen);
	error = catch_watch_signals(watch);
	if (error != 0)
		goto cleanup;
	error = screen_enter(&watch->screen);
	if (error == 0)
		error = draw_until_end(watch);
	screen_leave(&watch->screen);

cleanup:
	if (error != 0)
		snprintf(watch->problem, REMOTE_PROBLEM_SIZE, "the terminal: %s", strerror(-error));
	return error;
}

int watch(const struct source *source, const struct view *view, int64_t interval_ns,
	  char problem[REMOTE_PROBLEM_SIZE])
{
	struct watch_loop watch = {
		.source = source,
		.view = view,
		.interval_ns = interval_ns,
		.problem = problem,
		.signal_descriptor = -1,
	};
	int error;

	problem[0] = '\0';
	source_name(source, watch.name, sizeof(watch.name));
	error = start_watch(&watch);
	snapshot_free(watch.snapshot);
	if (watch.signal_descriptor >= 0)
		close(watch.signal_descriptor);
	end_by(&watch);
	return error;
}
