/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/records.h"

#include "cli/tables.h"
#include "clock.h"
#include "utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int write_table_record(const struct snapshot *snapshot, const struct view *view)
{
	const struct style style = style_of(stdout);
	char time[VIEW_TIME_SIZE], name[UTF8_ESCAPED_SIZE(VIEW_HOST_SIZE)];
	int error;

	view_time_text(view, time);
	utf8_escape(name, sizeof(name), view->host, style.utf8 ? UTF8_ANYWHERE : UTF8_ASCII);
	printf("%s  %s\n", time, name);
	error = table_write(stdout, snapshot, view, &style, NULL);
	putchar('\n');
	return error;
}

/* Writes the rows, each with the time, after the headings if they are the first. */
static int write_csv_record(const struct snapshot *snapshot, const struct view *view, bool first)
{
	char time[VIEW_TIME_SIZE];
	char *text = NULL, *rest, *line;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	bool heading = true;

	if (file == NULL)
		return -ENOMEM;
	format_write(&csv_format, file, snapshot, view);
	if (fclose(file) != 0) {
		free(text);
		return -ENOMEM;
	}
	view_time_text(view, time);
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (line[0] != '\0' && (first || !heading))
			printf("%s,%s\n", heading ? "time" : time, line);
		heading = false;
	}
	free(text);
	return 0;
}

static int write_record(const struct snapshot *snapshot, const struct view *view,
			const struct format *format, bool first)
{
	int error = 0;

	if (format == NULL)
		error = write_table_record(snapshot, view);
	else if (format == &csv_format)
		error = write_csv_record(snapshot, view, first);
	else
		format_write(format, stdout, snapshot, view);
	if (error == 0 && fflush(stdout) != 0)
		error = -errno;
	return error;
}

static int print_record(const struct source *source, struct view *view, const struct format *format,
			bool first, char problem[REMOTE_PROBLEM_SIZE])
{
	struct snapshot *snapshot;
	int error = source_count(source, &snapshot, problem);

	if (error != 0 && !first) {
		utf8_print_line(stderr, UTF8_ANYWHERE, "tcp-states: %s", problem);
		return 0;
	}
	if (error != 0)
		return error;
	view->time = source_time(snapshot);
	error = write_record(snapshot, view, format, first);
	snapshot_free(snapshot);
	if (error == -ENOMEM)
		snprintf(problem, REMOTE_PROBLEM_SIZE, "%s", strerror(ENOMEM));
	else if (error != 0)
		problem[0] = '\0';
	return error;
}

int records_print(const struct source *source, const struct view *view, const struct format *format,
		  int64_t interval_ns, char problem[REMOTE_PROBLEM_SIZE])
{
	char name[VIEW_HOST_SIZE];
	struct view shown = *view;
	int64_t due_ns = clock_now_ns();
	bool first = true;

	source_name(source, name, sizeof(name));
	shown.host = name;
	for (;;) {
		struct timespec due;
		int error = print_record(source, &shown, format, first, problem);

		if (error != 0)
			return error;
		first = false;
		/* After a count that took longer, the next one is not made up for. */
		due_ns += interval_ns;
		if (due_ns < clock_now_ns())
			due_ns = clock_now_ns();
		due = clock_timespec(due_ns);
		while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &due, NULL) == EINTR)
			;
	}
}
