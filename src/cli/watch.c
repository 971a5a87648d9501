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

struct watch_loop {
	const struct source *first_source; /* as started */
	const struct view *first_view;
	struct source source; /* as selected with keys */
	struct view view;
	struct grouping owners; /* for the key b */
	struct watch selected;  /* its watch, if there are conditions */
	int64_t interval_ns;
	char name[VIEW_HOST_SIZE];
	struct snapshot *snapshot; /* the latest */
	struct snapshot *before;   /* the previous one, or NULL */
	struct trend trends[WATCHED_PORTS_MAX];
	char *problem; /* the reason why there is no newer one, or "" */
	struct screen screen;
	sigset_t signals; /* handled in the main loop */
	int signal_descriptor;
	bool resized; /* since the last frame */
	bool paused;
	bool help;
	bool due; /* count now */
	bool ending;
	int ended_by; /* the signal that ends the program, or 0 */
};

/* ---- counting ---- */

static void add_trends(struct watch_loop *watch)
{
	uint32_t totals[STATES];

	for (size_t table = 0; table < counts_tables(watch->snapshot, &watch->view); table++) {
		counts_table_totals(watch->snapshot, &watch->view, table, totals);
		trend_add(&watch->trends[table], clock_now_ns(), totals);
	}
}

/* The latest snapshot is kept until there is a newer one. */
static int count_again(struct watch_loop *watch)
{
	struct snapshot *snapshot;
	int error = source_count(&watch->source, &snapshot, watch->problem);

	if (error != 0)
		return error;
	watch->problem[0] = '\0';
	snapshot_free(watch->before);
	watch->before = watch->snapshot;
	watch->snapshot = snapshot;
	watch->view.time = source_time(snapshot);
	add_trends(watch);
	return 0;
}

/* ---- what is shown ---- */

static int select_owners(struct watch_loop *watch)
{
	const struct watched_ports *ports = watch->view.ports;

	watch->owners = (struct grouping){
		.keys = {.key = {KEY_UNIT}, .count = 1},
		.bound_inactive = watch->source.refresh_options.bound_inactive,
	};
	memcpy(watch->owners.families, watch->view.families, sizeof(watch->owners.families));
	memcpy(watch->owners.states, watch->view.states, sizeof(watch->owners.states));
	if (ports->count > 0 || ports->conditions[0] != '\0') {
		if (watched_ports_join(ports, &watch->selected, watch->problem) != 0)
			return -EINVAL;
		watch->owners.watch = &watch->selected;
	}
	watch->source.grouping = &watch->owners;
	return 0;
}

/* Shows another subject, unless it cannot be counted. */
static void select_subject(struct watch_loop *watch, enum view_subject subject)
{
	const struct source source = watch->source;
	const struct view view = watch->view;
	const bool at_first = subject == watch->first_view->subject;
	int error = 0;

	watch->help = false;
	if (subject == view.subject)
		return;
	watch->source = *watch->first_source;
	watch->view = *watch->first_view;
	watch->view.host = view.host;
	if (!at_first) {
		watch->view.subject = subject;
		watch->source.grouping = NULL;
		watch->source.remote.watches = false;
		watch->source.remote.listeners = subject == VIEW_LISTENERS;
		watch->source.remote.thresholds = false;
	}
	if (!at_first && subject == VIEW_GROUPS)
		error = select_owners(watch);
	if (error == 0)
		error = count_again(watch);
	if (error == 0)
		return;
	watch->source = source;
	watch->view = view;
}

/* The subject of the key s. */
static enum view_subject states_subject(const struct watch_loop *watch)
{
	const enum view_subject first = watch->first_view->subject;

	if (first == VIEW_LISTENERS || first == VIEW_GROUPS || first == VIEW_SUMMARY)
		return watch->view.ports->count > 0 ? VIEW_PORTS : VIEW_COUNTS;
	return first;
}

/* ---- drawing ---- */

static void write_watch_heading(FILE *file, const struct watch_loop *watch,
				const struct style *style)
{
	const enum utf8_target target = style->utf8 ? UTF8_ANYWHERE : UTF8_ASCII;
	char name[UTF8_ESCAPED_SIZE(VIEW_HOST_SIZE)];
	char problem[UTF8_ESCAPED_SIZE(REMOTE_PROBLEM_SIZE)];
	char line[sizeof(name) + 64];
	char taken_at[sizeof("23:59:60")] = "";
	struct tm parts;

	if (localtime_r(&watch->view.time, &parts) != NULL)
		strftime(taken_at, sizeof(taken_at), "%H:%M:%S", &parts);
	utf8_escape(name, sizeof(name), watch->name, target);
	utf8_escape(problem, sizeof(problem), watch->problem, target);
	snprintf(line, sizeof(line), "%s  %s  every %g s%s", name, taken_at,
		 (double)watch->interval_ns / (double)NS_PER_SECOND,
		 watch->paused ? ", paused" : "");
	grid_print_line(file, style, COLOUR_BOLD, line);
	grid_print_line(file, style, COLOUR_RED, problem);
}

static void write_help(FILE *file, const struct style *style)
{
	static const char *const lines[] = {
		"s      sockets by state",
		"l      listening sockets and their queues",
		"b      sockets by owner (unit or container)",
		"space  pause, continue",
		"?      this help",
		"q      quit",
		"",
		"A growing number is yellow where it means trouble, such as closeWait.",
		"Drops and overflows are red while they grow.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		grid_print_line(file, style, COLOUR_PLAIN, lines[i]);
}

static int write_watch_body(FILE *file, const struct watch_loop *watch, const struct style *style)
{
	const struct table_history history = {watch->trends, watch->before};

	write_watch_heading(file, watch, style);
	if (!watch->help)
		return table_write(file, watch->snapshot, &watch->view, style, &history);
	write_help(file, style);
	return 0;
}

/* The caller frees @p text, also on failure. */
static int compose(const struct watch_loop *watch, const struct style *style, char **text)
{
	size_t length;
	FILE *file = open_memstream(text, &length);
	int error;

	if (file == NULL)
		return -ENOMEM;
	error = write_watch_body(file, watch, style);
	return fclose(file) == 0 ? error : -ENOMEM;
}

static int draw(struct watch_loop *watch)
{
	static const char keys[] = "s states  l listeners  b by owner  space pause  ? help  q quit";
	const struct style style = style_of(stdout);
	const size_t room = style.width < sizeof(keys) ? style.width : sizeof(keys) - 1;
	char status[sizeof(keys)];
	char *text = NULL;
	int error = compose(watch, &style, &text);

	snprintf(status, sizeof(status), "%.*s", (int)room, keys);
	if (error == 0)
		error = screen_draw(text, status, watch->resized);
	watch->resized = false;
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
		watch->resized = true;
		return draw(watch);
	case SIGTSTP: /* SIGCONT follows */
		screen_leave(&watch->screen);
		raise(SIGSTOP);
		return 0;
	case SIGCONT:
		watch->resized = true;
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
static int take_key(struct watch_loop *watch)
{
	char key;

	if (read(watch->screen.keyboard, &key, 1) != 1) {
		watch->ending = true;
		return 0;
	}
	switch (key) {
	case 'q':
	case 'Q':
		watch->ending = true;
		return 0;
	case 's':
		select_subject(watch, states_subject(watch));
		break;
	case 'l':
		select_subject(watch, VIEW_LISTENERS);
		break;
	case 'b':
		select_subject(watch, VIEW_GROUPS);
		break;
	case ' ':
		watch->paused = !watch->paused;
		watch->due = !watch->paused;
		break;
	case '?':
		watch->help = !watch->help;
		break;
	default:
		return 0;
	}
	return draw(watch);
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
	if (error == 0 && happened[1].revents != 0)
		error = take_key(watch);
	return error;
}

/* Draws the latest counts, and counts again, until a key or a signal ends it. */
static int draw_until_end(struct watch_loop *watch)
{
	for (;;) {
		const int64_t due_ns = clock_now_ns() + watch->interval_ns;
		int error = draw(watch);

		watch->due = false;
		while (error == 0 && !watch->ending && !watch->due && clock_now_ns() < due_ns)
			error = wait_until(watch, due_ns);
		if (error != 0 || watch->ending)
			return error;
		if (!watch->paused)
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
		.first_source = source,
		.first_view = view,
		.source = *source,
		.view = *view,
		.interval_ns = interval_ns,
		.problem = problem,
		.signal_descriptor = -1,
	};
	int error;

	problem[0] = '\0';
	source_name(source, watch.name, sizeof(watch.name));
	watch.view.host = watch.name;
	error = start_watch(&watch);
	snapshot_free(watch.snapshot);
	snapshot_free(watch.before);
	if (watch.signal_descriptor >= 0)
		close(watch.signal_descriptor);
	end_by(&watch);
	return error;
}
