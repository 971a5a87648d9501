/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-states: how many TCP sockets this machine, or another one, has in each state.
 */
#include "cli/options.h"
#include "cli/source.h"
#include "cli/tables.h"
#include "cli/verify.h"
#include "cli/watch.h"
#include "collect/sock_diag.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As grep and diff have it: 1 is an answer. */
#define EXIT_DISAGREEMENT 1
#define EXIT_TROUBLE 2

static int trouble(const char *problem)
{
	fprintf(stderr, "tcp-states: %s\n", problem);
	return EXIT_TROUBLE;
}

static int write_snapshot(const struct snapshot *snapshot, const struct options *options)
{
	const struct style style = style_of(stdout);

	if (options->format == NULL)
		return table_write(stdout, snapshot, &options->view, &style, NULL);
	format_write(options->format, stdout, snapshot, &options->view);
	return 0;
}

static int count_once(const struct source *source, const struct options *options)
{
	char problem[REMOTE_PROBLEM_SIZE];
	struct snapshot *snapshot;
	int error;

	if (source_count(source, &snapshot, problem) != 0)
		return trouble(problem);
	error = write_snapshot(snapshot, options);
	snapshot_free(snapshot);
	return error == 0 ? EXIT_SUCCESS : trouble(strerror(-error));
}

static int verify(void)
{
	const struct style style = style_of(stdout);
	struct comparison comparison;
	const char *failed;
	int error = verify_count(&comparison, &failed);

	if (error != 0) {
		fprintf(stderr, "tcp-states: --verify: %s: %s\n", failed,
			error == -ENODATA ? "nothing can be derived" : strerror(-error));
		return EXIT_TROUBLE;
	}
	error = verify_print(stdout, &comparison, &style);
	if (error != 0)
		return trouble(strerror(-error));
	return comparison_agrees(&comparison) ? EXIT_SUCCESS : EXIT_DISAGREEMENT;
}

static int run(const struct options *options)
{
	const struct source source = {
		.wanted =
			{
				.policy = COUNT_DERIVED,
				.bound_inactive = options->bound_inactive,
				.ports = options->ports,
			},
		.remote =
			{
				.host = options->host,
				.snmp_options = options->snmp_options,
				.listeners = options->view.subject == VIEW_LISTENERS,
				.ports = &options->ports,
			},
	};
	char problem[REMOTE_PROBLEM_SIZE];

	if (options->verify)
		return verify();
	if (options->bound_inactive && options->host == NULL &&
	    sock_diag_try_bound_inactive() == -EOPNOTSUPP)
		return trouble("--state closed: this kernel does not list them, Linux 6.8 does");
	if (options->watch_ns == 0)
		return count_once(&source, options);
	return watch(&source, &options->view, options->watch_ns, problem) == 0 ? EXIT_SUCCESS
									       : trouble(problem);
}

/* What could not be written was not shown, whatever was counted. */
static int end_output(int status)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) != 0)
		return trouble(errno == 0 ? "write error" : strerror(errno));
	return failed ? trouble("write error") : status;
}

int main(int argc, char *argv[])
{
	struct options options;

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
