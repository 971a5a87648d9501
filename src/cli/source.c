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

/* The sockets in @p state that the agent did not attribute; TIME_WAIT has no owner. */
static int add_unattributed(const struct snapshot *snapshot, enum tcp_state state,
			    struct owner_groups *groups)
{
	const uint32_t sockets = snapshot_total(snapshot, state);

	if ((snapshot->owner_states >> state & 1) != 0 || !snapshot_counts(snapshot, state))
		return 0;
	return owner_groups_add(groups, state == STATE_TIME_WAIT ? OWNER_NONE : OWNER_UNKNOWN,
				sockets);
}

static int group_owners(const struct grouping *grouping, struct snapshot *snapshot)
{
	struct owner_groups groups = {.groups = &snapshot->groups};
	int error = 0;

	snapshot->groups.keys = grouping->keys;
	for (enum tcp_state state = 0; error == 0 && state < STATES; state++) {
		if (!grouping->states[state])
			continue;
		for (size_t i = 0; error == 0 && i < snapshot->owners_count; i++)
			error = owner_groups_add(&groups, snapshot->owners[i].name,
						 snapshot->owners[i].sockets[FAMILY_IPV4][state]);
		if (error == 0)
			error = add_unattributed(snapshot, state, &groups);
	}
	groups_sort(&snapshot->groups);
	return error;
}

static int count_remotely(const struct source *source, struct snapshot **snapshot,
			  char problem[REMOTE_PROBLEM_SIZE])
{
	struct remote remote = source->remote;
	int error;

	remote.owners = source->grouping != NULL;
	error = remote_count(&remote, source->ports, snapshot, problem);
	if (error != 0 || source->grouping == NULL)
		return error;
	if (!(*snapshot)->owners_known) {
		snprintf(problem, REMOTE_PROBLEM_SIZE,
			 "%.255s: the agent there reports no owners (owners yes)", remote.host);
		error = -ENOENT;
	} else {
		error = group_owners(source->grouping, *snapshot);
		snprintf(problem, REMOTE_PROBLEM_SIZE, "%s", strerror(-error));
	}
	if (error != 0)
		snapshot_free(*snapshot);
	return error;
}

int source_count(const struct source *source, struct snapshot **snapshot,
		 char problem[REMOTE_PROBLEM_SIZE])
{
	return source->remote.host == NULL ? count_locally(source, snapshot, problem)
					   : count_remotely(source, snapshot, problem);
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
