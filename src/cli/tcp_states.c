/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-states: shows the number of TCP sockets in each state on this machine or another one.
 */
#include "cli/options.h"
#include "cli/records.h"
#include "cli/source.h"
#include "cli/tables.h"
#include "cli/verify.h"
#include "cli/watch.h"
#include "collect/sock_diag.h"
#include "inherited.h"
#include "streams.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As in grep and diff, 1 is a result, and 2 an error. */
#define EXIT_DISAGREEMENT 1
#define EXIT_TROUBLE 2

/* Without a problem, the output was lost, which end_output() reports. */
static int trouble(const char *problem)
{
	if (problem[0] == '\0')
		return EXIT_TROUBLE;
	utf8_print_line(stderr, UTF8_ANYWHERE, "tcp-states: %s", problem);
	return EXIT_TROUBLE;
}

static int write_snapshot(const struct snapshot *snapshot, const struct options *options,
			  const struct view *view)
{
	const struct style style = style_of(stdout);

	if (options->format == NULL) {
		if (snapshot->agent != NULL)
			table_write_origin(stdout, snapshot, view, &style);
		return table_write(stdout, snapshot, view, &style, NULL);
	}
	format_write(options->format, stdout, snapshot, view);
	return 0;
}

static void report_unseen(const struct snapshot *snapshot)
{
	if (snapshot->groups.unseen > 0)
		fprintf(stderr,
			"tcp-states: --by=process: the processes of %" PRIu64
			" socket%s are not visible%s\n",
			snapshot->groups.unseen, snapshot->groups.unseen == 1 ? "" : "s",
			geteuid() == 0 ? "" : " (try as root)");
}

static int count_once(const struct source *source, const struct options *options)
{
	char problem[REMOTE_PROBLEM_SIZE], name[VIEW_HOST_SIZE];
	struct view view = options->view;
	struct snapshot *snapshot;
	uint32_t omitted;
	int error;

	if (source_count(source, &snapshot, problem) != 0)
		return trouble(problem);
	source_name(source, name, sizeof(name));
	view.host = name;
	view.time = source_time(snapshot);
	error = write_snapshot(snapshot, options, &view);
	report_unseen(snapshot);
	omitted = options->view.subject == VIEW_LISTENERS ? snapshot->listeners_omitted : 0;
	snapshot_free(snapshot);
	if (error != 0)
		return trouble(strerror(-error));
	if (omitted == 0)
		return EXIT_SUCCESS;
	snprintf(problem, sizeof(problem),
		 "incomplete list: %" PRIu32 " more endpoints are not served there "
		 "(tcpRefreshListenersOmitted)",
		 omitted);
	return trouble(problem);
}

static int verify(void)
{
	const struct style style = style_of(stdout);
	struct verification verification;
	const char *failed;
	int error = verify_count(&verification, &failed);

	if (error != 0) {
		fprintf(stderr, "tcp-states: --verify: %s: %s\n", failed,
			error == -ENODATA ? "nothing can be derived" : strerror(-error));
		return EXIT_TROUBLE;
	}
	error = verify_print(stdout, &verification, &style);
	if (error != 0)
		return trouble(strerror(-error));
	return verification_agrees(&verification) ? EXIT_SUCCESS : EXIT_DISAGREEMENT;
}

static bool try_bound_inactive(void)
{
	const int error = sock_diag_try_bound_inactive();

	if (error != 0)
		fprintf(stderr, "tcp-states: --bound-inactive: %s\n",
			error == -EOPNOTSUPP ? "this kernel does not list such sockets (Linux 6.8 "
					       "and later do)"
					     : strerror(-error));
	return error == 0;
}

static int run(const struct options *options)
{
	const struct source source = {
		.refresh_options =
			{
				.policy = COUNT_DERIVED,
				.bound_inactive = options->bound_inactive,
			},
		.ports = &options->ports,
		.grouping = options->grouping.keys.count > 0 ? &options->grouping : NULL,
		.remote =
			{
				.host = options->host,
				.community = options->community,
				.snmp_options = options->snmp_options,
				.listeners = options->view.subject == VIEW_LISTENERS,
				.watches = options->view.subject == VIEW_WATCHES,
				.thresholds = options->view.limits && options->format == NULL,
			},
	};
	char problem[REMOTE_PROBLEM_SIZE];
	int error;

	if (options->verify)
		return verify();
	if (options->bound_inactive && !try_bound_inactive())
		return EXIT_TROUBLE;
	if (options->watch_ns == 0)
		return count_once(&source, options);
	if (options->format != NULL || !isatty(STDOUT_FILENO))
		error = records_print(&source, &options->view, options->format, options->watch_ns,
				      problem);
	else
		error = watch(&source, &options->view, options->watch_ns, problem);
	return error == 0 ? EXIT_SUCCESS : trouble(problem);
}

/* Lost output is an error, even if counting succeeded. */
static int end_output(int status)
{
	const char *problem = streams_close_output();

	if (problem == NULL)
		return status;
	fprintf(stderr, "tcp-states: standard output: %s\n", problem);
	return EXIT_TROUBLE;
}

int main(int argc, char *argv[])
{
	struct options options;

	inherited_reset();
	if (streams_open() != 0)
		return EXIT_TROUBLE;
	setlocale(LC_CTYPE, "");
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_RUN:
		return end_output(run(&options));
	case OPTIONS_ANSWERED:
		return end_output(EXIT_SUCCESS);
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_TROUBLE;
}
