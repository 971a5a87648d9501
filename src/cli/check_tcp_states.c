/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_tcp_states: a monitoring plug-in that tests the number of sockets by type and status.
 */
#include "cli/check_options.h"
#include "cli/check_rows.h"
#include "cli/source.h"
#include "clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A handler of signals has no other way to it. */
static char expired_text[64];

/* ---- the time-out ---- */

static void expire(int signal_number)
{
	ssize_t written = write(STDOUT_FILENO, expired_text, strlen(expired_text));

	(void)signal_number;
	(void)written;
	_exit(VERDICT_UNKNOWN);
}

static void begin_timeout(unsigned int seconds)
{
	snprintf(expired_text, sizeof(expired_text), "UNKNOWN: there is no answer within %u s\n",
		 seconds);
	signal(SIGALRM, expire);
	alarm(seconds);
}

/* ---- the line ---- */

static void print_status(enum check_status status, char separator)
{
	for (const char *letter = check_status_word(status); *letter != '\0'; letter++)
		putchar(*letter == '_' ? separator : toupper((unsigned char)*letter));
}

static void print_row(const struct check_row *row)
{
	static const char *const tags[] = {
		[VERDICT_OK] = "",
		[VERDICT_WARNING] = " [WARNING]",
		[VERDICT_CRITICAL] = " [CRITICAL]",
		[VERDICT_UNKNOWN] = " [UNKNOWN]",
	};

	printf("%s ", check_type_word(row->type));
	print_status(row->status, ' ');
	if (row->known)
		printf(": %" PRIu64 "%s", row->sockets, tags[row->verdict]);
	else
		printf(": not told by the kernel%s", tags[row->verdict]);
}

/* In performance data a percent sign would be a unit. */
static void print_range(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text != '%')
			putchar(*text);
	}
}

static void print_datum(const struct check_options *options, const struct check_row *row)
{
	printf("'%s_", check_type_word(row->type));
	print_status(row->status, '_');
	if (row->known)
		printf("'=%" PRIu64 ";", row->sockets);
	else
		printf("'=U;");
	print_range(options->warning);
	putchar(';');
	print_range(options->critical);
	printf(";0");
}

static void print_origin(const struct snapshot *snapshot)
{
	printf(" (counted %.1f s ago in %" PRIu32 " us, %s)",
	       (double)(clock_now_ns() - snapshot->taken_ns) / (double)NS_PER_SECOND,
	       snapshot->duration_us, snapshot->method == METHOD_FULL ? "full" : "derived");
}

static void print_line(const struct check_options *options, const struct snapshot *snapshot,
		       const struct check_rows *rows)
{
	if (rows->count == 0)
		printf("no sockets");
	for (size_t row = 0; row < rows->count; row++) {
		printf("%s", row == 0 ? "" : ", ");
		print_row(&rows->row[row]);
	}
	if (options->verbose)
		print_origin(snapshot);
	if (options->always_ok)
		printf(" (always ok)");
	for (size_t row = 0; options->performance_data && row < rows->count; row++) {
		putchar(row == 0 ? '|' : ' ');
		print_datum(options, &rows->row[row]);
	}
	putchar('\n');
}

/* @return 0 or -errno, and then what went wrong is printed */
static int count(const struct check_options *options, struct snapshot **snapshot)
{
	const struct source source = {
		.wanted = {.policy = COUNT_DERIVED},
		.remote =
			{
				.host = options->host,
				.snmp_options = options->snmp_options,
				.ports = &source.wanted.ports,
			},
	};
	char problem[REMOTE_PROBLEM_SIZE];
	int error;

	begin_timeout(options->timeout_s);
	error = source_count(&source, snapshot, problem);
	alarm(0);
	if (error != 0)
		printf("UNKNOWN: %s\n", problem);
	return error;
}

int main(int argc, char *argv[])
{
	struct check_options options;
	struct snapshot *snapshot;
	struct check_rows rows;

	if (check_options_parse(&options, argc, argv) != CHECK_RUN)
		return VERDICT_UNKNOWN;
	if (count(&options, &snapshot) != 0)
		return VERDICT_UNKNOWN;
	check_rows_make(&options.check, snapshot, &rows);
	print_line(&options, snapshot, &rows);
	snapshot_free(snapshot);
	return options.always_ok ? VERDICT_OK : (int)check_rows_verdict(&rows);
}
