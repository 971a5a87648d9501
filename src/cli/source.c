/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/source.h"

#include "cli/local.h"
#include "clock.h"
#include "utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Adds a group, unless it has no sockets. Without a name, it has no unit. */
static void add_owner_group(struct groups *groups, const char *name, uint32_t sockets)
{
	struct group *group = &groups->group[groups->count];

	if (sockets == 0)
		return;
	*group = (struct group){.sockets = sockets};
	if (name != NULL) {
		strcpy(groups->units[groups->count], name);
		group->values.unit = (uint32_t)groups->count + 1;
	}
	groups->count++;
	groups->total += sockets;
}

/* The selected sockets of an owner; those of both families are together. */
static uint32_t sockets_of_owner(const struct grouping *grouping, const struct owner_count *owner)
{
	uint32_t sockets = 0;

	for (enum tcp_state state = 0; state < STATES; state++)
		sockets += grouping->states[state] ? owner->sockets[FAMILY_IPV4][state] : 0;
	return sockets;
}

/* Sockets in states that the agent does not attribute are added; TIME_WAIT has no owner. */
static int group_owners(const struct grouping *grouping, struct snapshot *snapshot)
{
	struct groups *groups = &snapshot->groups;
	uint32_t without = 0, unknown = 0;

	groups->keys = grouping->keys;
	groups->group = calloc(snapshot->owners_count + 2, sizeof(*groups->group));
	groups->units = calloc(snapshot->owners_count + 2, sizeof(*groups->units));
	if (groups->group == NULL || groups->units == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->owners_count; i++) {
		const struct owner_count *owner = &snapshot->owners[i];
		const uint32_t sockets = sockets_of_owner(grouping, owner);

		if (strcmp(owner->name, OWNER_NONE) == 0)
			without += sockets;
		else if (strcmp(owner->name, OWNER_UNKNOWN) == 0)
			unknown += sockets;
		else
			add_owner_group(groups, owner->name, sockets);
	}
	for (enum tcp_state state = 0; state < STATES; state++) {
		if (!grouping->states[state] || (snapshot->owner_states >> state & 1) != 0 ||
		    !snapshot_counts(snapshot, state))
			continue;
		*(state == STATE_TIME_WAIT ? &without : &unknown) +=
			snapshot_total(snapshot, state);
	}
	add_owner_group(groups, NULL, without);
	add_owner_group(groups, OWNER_UNKNOWN, unknown);
	groups_sort(groups);
	return 0;
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
