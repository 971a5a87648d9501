/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/source.h"

#include "cli/local.h"
#include "clock.h"
#include "utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int count_locally(const struct source *source, struct snapshot **snapshot,
			 char problem[REMOTE_PROBLEM_SIZE])
{
	const char *failed;
	int error;

	if (source->grouping != NULL)
		error = local_group(source->grouping, snapshot, &failed);
	else
		error = local_count(&source->refresh_options, source->ports, snapshot, &failed);
	if (error == -ESRCH || error == -EOPNOTSUPP)
		snprintf(problem, REMOTE_PROBLEM_SIZE, "%s", failed);
	else if (error != 0)
		snprintf(problem, REMOTE_PROBLEM_SIZE, "%s: %s", failed, strerror(-error));
	return error;
}

int source_count(const struct source *source, struct snapshot **snapshot,
		 char problem[REMOTE_PROBLEM_SIZE])
{
	return source->remote.host == NULL
		       ? count_locally(source, snapshot, problem)
		       : remote_count(&source->remote, source->ports, snapshot, problem);
}

time_t source_time(const struct snapshot *snapshot)
{
	return (time_t)((clock_real_ahead_ns() + snapshot->taken_ns) / NS_PER_SECOND);
}

void source_name(const struct source *source, char *name, size_t size)
{
	if (source->remote.host != NULL)
		utf8_copy(name, size, source->remote.host);
	else if (gethostname(name, size) < 0)
		snprintf(name, size, "this machine");
	name[size - 1] = '\0';
}
