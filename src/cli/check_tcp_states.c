/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_tcp_states: a monitoring plugin that tests the number of sockets by type and status.
 */
#include "ascii.h"
#include "cli/check_options.h"
#include "cli/check_rows.h"
#include "cli/source.h"
#include "clock.h"
#include "collect/sock_diag.h"
#include "inherited.h"
#include "streams.h"
#include "utf8.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A signal handler has no other access to it. */
static char expired_text[1024];

/* ---- the timeout ---- */

static void expire(int signal_number)
{
	ssize_t written = write(STDOUT_FILENO, expired_text, strlen(expired_text));

	(void)signal_number;
	(void)written;
	_exit(VERDICT_UNKNOWN);
}

static void begin_timeout(const struct check_options *options)
{
	char host[sizeof(expired_text) / 2] = "";

	if (options->host != NULL)
		utf8_escape(host, sizeof(host), options->host, UTF8_PLUGIN);
	snprintf(expired_text, sizeof(expired_text), "UNKNOWN: %s%stimed out after %u s\n", host,
		 host[0] == '\0' ? "" : ": ", options->timeout_s);
	signal(SIGALRM, expire);
	alarm(options->timeout_s);
}

/* ---- the line ---- */

static void print_status(enum check_status status, char separator)
{
	for (const char *letter = check_status_word(status); *letter != '\0'; letter++)
		putchar(*letter == '_' ? separator : ascii_upper(*letter));
}

/* The reason why the number of a row is unknown. */
static const char *reason(const struct check_row *row, bool remote)
{
	if (row->status != STATUS_CLOSE)
		return "not reported by the kernel";
	return remote ? "not counted (countBoundInactive is off there, or there are none)"
		      : "not counted (Linux 6.8 or later does)";
}

static void print_socket_row(const struct check_row *row, bool remote)
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
		printf(": %s%s", reason(row, remote), tags[row->verdict]);
}

/* In performance data, a percent sign would be a unit. */
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
		print_socket_row(&rows->row[row], options->host != NULL);
	}
	if (options->verbose)
		print_origin(snapshot);
	if (options->always_ok)
		printf(" (always ok)");
	for (size_t row = 0; !options->no_performance_data && row < rows->count; row++) {
		putchar(row == 0 ? '|' : ' ');
		print_datum(options, &rows->row[row]);
	}
	putchar('\n');
}

/* The configuration of another host's agent determines whether it counts closed sockets. */
static bool counts_bound_inactive(const struct check_options *options)
{
	return options->host == NULL && options->check.statuses[STATUS_CLOSE] &&
	       sock_diag_try_bound_inactive() == 0;
}

/* @return 0 or -errno, and the error is printed */
static int count_snapshot(const struct check_options *options, struct snapshot **snapshot)
{
	const struct source source = {
		.refresh_options =
			{
				.policy = COUNT_DERIVED,
				.bound_inactive = counts_bound_inactive(options),
			},
		.remote =
			{
				.host = options->host,
				.snmp_options = options->snmp_options,
			},
	};
	char problem[REMOTE_PROBLEM_SIZE];
	int error;

	begin_timeout(options);
	error = source_count(&source, snapshot, problem);
	alarm(0);
	if (error != 0)
		utf8_print_line(stdout, UTF8_PLUGIN, "UNKNOWN: %s", problem);
	return error;
}

static int check(const struct check_options *options)
{
	struct snapshot *snapshot;
	struct check_rows rows;

	if (count_snapshot(options, &snapshot) != 0)
		return VERDICT_UNKNOWN;
	check_rows_make(&options->check, snapshot, &rows);
	print_line(options, snapshot, &rows);
	snapshot_free(snapshot);
	return options->always_ok ? VERDICT_OK : (int)check_rows_verdict(&rows);
}

/* If output is lost, the result is unknown. */
static int end_output(int status)
{
	const char *problem = streams_close_output();

	if (problem == NULL)
		return status;
	fprintf(stderr, CHECK_NAME ": standard output: %s\n", problem);
	return VERDICT_UNKNOWN;
}

int main(int argc, char *argv[])
{
	struct check_options options;

	inherited_reset();
	if (streams_open() != 0)
		return VERDICT_UNKNOWN;
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is reported like other output errors */
	if (check_options_parse(&options, argc, argv) != OPTIONS_RUN)
		return end_output(VERDICT_UNKNOWN);
	return end_output(check(&options));
}
