/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroups.h"

#include "array.h"
#include "cgroup_tree.h"
#include "model/owner.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct search {
	const char *names;
	size_t length; /* of the names */
	struct unit_cgroups found;
	size_t allocated;
};

/* Whether @p path is @p wanted or below it. */
static bool has_path(const char *path, const char *wanted)
{
	const size_t length = strlen(wanted);

	if (length == 1 && wanted[0] == '/')
		return true;
	return strncmp(path, wanted, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* @param unit what owner_unit_of_path() returned @param unit_name and its name */
static bool belongs_to(const char *path, const char *unit, const char *unit_name, const char *name)
{
	if (name[0] == '/')
		return has_path(path, name);
	return unit != NULL && (strcmp(unit_name, name) == 0 || has_path(unit, name));
}

static int append_cgroup(struct search *search, uint64_t id, uint64_t unit)
{
	struct unit_cgroups *found = &search->found;
	struct unit_cgroup *cgroups =
		array_with_room(found->cgroups, found->count, &search->allocated, sizeof(*cgroups));

	if (cgroups == NULL)
		return -ENOMEM;
	found->cgroups = cgroups;
	found->cgroups[found->count++] = (struct unit_cgroup){id, unit};
	return 0;
}

static int add_matches(const char *path, uint64_t id, void *context)
{
	struct search *search = context;
	const char *unit = owner_unit_of_path(path);
	char unit_name[OWNER_NAME_MAX + 1];
	uint64_t index = 0;

	if (unit != NULL)
		owner_unit_name(unit, unit_name);
	for (size_t at = 0; at < search->length; at += strlen(search->names + at) + 1) {
		if (belongs_to(path, unit, unit_name, search->names + at)) {
			int error = append_cgroup(search, id, index);

			if (error != 0)
				return error;
		}
		index++;
	}
	return 0;
}

int cgroups_find(const char *names, size_t length, struct unit_cgroups *found)
{
	struct search search = {.names = names, .length = length};
	int error = cgroup_tree_walk(add_matches, &search);

	*found = search.found;
	if (error != 0) {
		free(found->cgroups);
		*found = (struct unit_cgroups){0};
	}
	return error;
}
