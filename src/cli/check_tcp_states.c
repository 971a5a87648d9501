/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_tcp_states: a monitoring plugin that tests the number of sockets by type and status.
 */
#include "ascii.h"
#include "cli/check_gauges.h"
#include "cli/check_options.h"
#include "cli/check_rows.h"
#include "cli/source.h"
#include "clock.h"
#include "collect/sock_diag.h"
#include "inherited.h"
#include "model/agent_details.h"
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

static const char *tag(enum verdict verdict)
{
	static const char *const tags[] = {
		[VERDICT_OK] = "",
		[VERDICT_WARNING] = " [WARNING]",
		[VERDICT_CRITICAL] = " [CRITICAL]",
		[VERDICT_UNKNOWN] = " [UNKNOWN]",
	};

	return tags[verdict];
}

static void print_socket_row(const struct check_row *row, bool remote)
{
	printf("%s ", check_type_word(row->type));
	print_status(row->status, ' ');
	if (row->known)
		printf(": %" PRIu64 "%s", row->sockets, tag(row->verdict));
	else
		printf(": %s%s", reason(row, remote), tag(row->verdict));
}

/* In performance data, a percent sign would be a unit. */
static void print_range(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text != '%')
			putchar(*text);
	}
}

static void print_ranges(const struct check_options *options)
{
	putchar(';');
	print_range(options->warning);
	putchar(';');
	print_range(options->critical);
	printf(";0");
}

static void print_datum(const struct check_options *options, const struct check_row *row)
{
	printf("'%s_", check_type_word(row->type));
	print_status(row->status, '_');
	if (row->known)
		printf("'=%" PRIu64, row->sockets);
	else
		printf("'=U");
	print_ranges(options);
}

static void print_origin(const struct snapshot *snapshot)
{
	printf(" (counted %.1f s ago in %" PRIu32 " us, %s)",
	       (double)(clock_now_ns() - snapshot->taken_ns) / (double)NS_PER_SECOND,
	       snapshot->duration_us, count_method_name(snapshot->method));
}

/* What follows the numbers in the text. */
static void print_remarks(const struct check_options *options, const struct snapshot *snapshot)
{
	if (options->verbose)
		print_origin(snapshot);
	if (options->always_ok)
		printf(" (always ok)");
}

static void print_rows(const struct check_options *options, const struct snapshot *snapshot,
		       const struct check_rows *rows)
{
	if (options->check.subject == CHECK_WATCH)
		printf("watch %s: ", options->check.watch);
	if (rows->count == 0)
		printf("no sockets");
	for (size_t row = 0; row < rows->count; row++) {
		printf("%s", row == 0 ? "" : ", ");
		print_socket_row(&rows->row[row], options->host != NULL);
	}
	print_remarks(options, snapshot);
	for (size_t row = 0; !options->no_performance_data && row < rows->count; row++) {
		putchar(row == 0 ? '|' : ' ');
		print_datum(options, &rows->row[row]);
	}
	putchar('\n');
}

static void print_gauges(const struct check_options *options, const struct snapshot *snapshot,
			 const struct check_gauges *gauges)
{
	for (size_t i = 0; i < gauges->count; i++) {
		const struct check_gauge *gauge = &gauges->gauge[i];

		printf("%s%s: %" PRIu32 " %% (%" PRIu64 " of %" PRIu64 "%s)%s", i == 0 ? "" : ", ",
		       gauge->name, gauge->percent, gauge->number, gauge->limit, gauge->unit,
		       tag(gauge->verdict));
	}
	print_remarks(options, snapshot);
	for (size_t i = 0; !options->no_performance_data && i < gauges->count; i++) {
		printf("%c'%s'=%" PRIu32 "%%", i == 0 ? '|' : ' ', gauges->gauge[i].label,
		       gauges->gauge[i].percent);
		print_ranges(options);
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
				.community = options->community,
				.snmp_options = options->snmp_options,
				.listeners = options->check.subject == CHECK_LISTEN,
				.watches = options->check.subject == CHECK_WATCH,
				.thresholds = options->check.subject == CHECK_THRESHOLDS,
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

static enum verdict check_rows(const struct check_options *options, const struct snapshot *snapshot)
{
	struct check_rows rows;

	if (options->check.subject == CHECK_WATCH &&
	    snapshot_watch(snapshot, options->check.watch) == NULL) {
		utf8_print_line(stdout, UTF8_PLUGIN, "UNKNOWN: %s: the agent has no watch '%s'",
				options->host, options->check.watch);
		return VERDICT_UNKNOWN;
	}
	check_rows_make(&options->check, snapshot, &rows);
	print_rows(options, snapshot, &rows);
	return options->always_ok ? VERDICT_OK : check_rows_verdict(&rows);
}

static enum verdict check_gauges(const struct check_options *options,
				 const struct snapshot *snapshot)
{
	const bool listen = options->check.subject == CHECK_LISTEN;
	struct check_gauges gauges;

	if (listen)
		check_gauges_listen(&options->check, &options->endpoint, snapshot, &gauges);
	else
		check_gauges_limits(&options->check, snapshot, &gauges);
	if (gauges.count == 0) {
		printf("UNKNOWN: %s\n", listen ? "nothing listens at this endpoint"
					       : "the kernel reports no limits");
		return VERDICT_UNKNOWN;
	}
	print_gauges(options, snapshot, &gauges);
	return options->always_ok ? VERDICT_OK : check_gauges_verdict(&gauges);
}

/* "leak: 410, range ~:200, since 2026-11-27 03:00:12+01:00, payments.service 398" */
static void print_raised(const struct raised_threshold *raised)
{
	char value[sizeof("4294967295")] = "no value";
	char line[1024], escaped[UTF8_ESCAPED_SIZE(sizeof(line))];

	if (raised->has_value)
		snprintf(value, sizeof(value), "%" PRIu32, raised->value);
	snprintf(line, sizeof(line), "%s: %s, range %s%s%s%s%s", raised->name, value, raised->range,
		 raised->since[0] == '\0' ? "" : ", since ", raised->since,
		 raised->top[0] == '\0' ? "" : ", ", raised->top);
	utf8_escape(escaped, sizeof(escaped), line, UTF8_PLUGIN);
	printf("%s", escaped);
}

static enum verdict check_thresholds(const struct check_options *options,
				     const struct snapshot *snapshot)
{
	const struct agent_details *agent = snapshot->agent;
	const enum verdict verdict = check_judge(&options->check, (double)agent->raised_count);

	printf("%zu of %zu thresholds raised%s", agent->raised_count, agent->thresholds,
	       tag(verdict));
	for (size_t i = 0; i < agent->raised_count; i++) {
		printf("%s", i == 0 ? ": " : "; ");
		print_raised(&agent->raised[i]);
	}
	print_remarks(options, snapshot);
	if (!options->no_performance_data) {
		printf("|'raised'=%zu", agent->raised_count);
		print_ranges(options);
	}
	putchar('\n');
	return options->always_ok ? VERDICT_OK : verdict;
}

static enum verdict check(const struct check_options *options)
{
	struct snapshot *snapshot;
	enum verdict verdict;

	if (count_snapshot(options, &snapshot) != 0)
		return VERDICT_UNKNOWN;
	switch (options->check.subject) {
	case CHECK_SOCKETS:
	case CHECK_WATCH:
		verdict = check_rows(options, snapshot);
		break;
	case CHECK_THRESHOLDS:
		verdict = check_thresholds(options, snapshot);
		break;
	default:
		verdict = check_gauges(options, snapshot);
		break;
	}
	snapshot_free(snapshot);
	return verdict;
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
	return end_output((int)check(&options));
}
