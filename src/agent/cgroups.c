/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/cgroups.h"

#include "model/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A directory whose children are to be read. */
struct branch {
	char *path; /* from the root, without a slash at the end; "" there */
	bool in_unit;
	char unit[OWNER_NAME_MAX + 1]; /* the name of the unit that it is in */
	size_t unit_at;                /* where the unit's component begins in the path */
};

struct walk {
	const char *names;
	size_t names_length;
	struct unit_cgroups found;
	size_t found_allocated;
	struct branch *branches; /* those that are not read yet */
	size_t branches_count, branches_allocated;
};

/* ---- matching ---- */

/* Whether @p path is @p wanted or below it. */
static bool has_path(const char *path, const char *wanted)
{
	const size_t length = strlen(wanted);

	if (length == 1)
		return true; /* "/" */
	return strncmp(path, wanted, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static bool is_of_unit(const struct branch *cgroup, const char *name)
{
	if (name[0] == '/')
		return has_path(cgroup->path, name);
	return cgroup->in_unit &&
	       (strcmp(cgroup->unit, name) == 0 || has_path(cgroup->path + cgroup->unit_at, name));
}

static void *grow(void *array, size_t count, size_t *allocated, size_t size)
{
	void *larger = array;

	if (count == *allocated) {
		larger = reallocarray(array, 2 * *allocated + 16, size);
		if (larger != NULL)
			*allocated = 2 * *allocated + 16;
	}
	return larger;
}

static int append_cgroup(struct walk *walk, uint64_t id, uint64_t unit)
{
	struct unit_cgroups *found = &walk->found;
	struct unit_cgroup *cgroups =
		grow(found->cgroups, found->count, &walk->found_allocated, sizeof(*cgroups));

	if (cgroups == NULL)
		return -ENOMEM;
	found->cgroups = cgroups;
	found->cgroups[found->count++] = (struct unit_cgroup){id, unit};
	return 0;
}

static int add_matches(struct walk *walk, const struct branch *cgroup, uint64_t id)
{
	uint64_t unit = 0;

	for (size_t at = 0; at < walk->names_length; at += strlen(walk->names + at) + 1) {
		if (is_of_unit(cgroup, walk->names + at)) {
			int error = append_cgroup(walk, id, unit);

			if (error != 0)
				return error;
		}
		unit++;
	}
	return 0;
}

/* ---- the tree ---- */

static int append_branch(struct walk *walk, const struct branch *branch)
{
	struct branch *branches = grow(walk->branches, walk->branches_count,
				       &walk->branches_allocated, sizeof(*branches));

	if (branches == NULL)
		return -ENOMEM;
	walk->branches = branches;
	walk->branches[walk->branches_count++] = *branch;
	return 0;
}

/* Makes the child called @p name; its path is from malloc(). */
static int make_child(const struct branch *parent, const char *name, struct branch *child)
{
	*child = *parent;
	if (asprintf(&child->path, "%s/%s", parent->path, name) < 0)
		return -ENOMEM;
	if (!parent->in_unit && owner_is_unit(name)) {
		child->in_unit = true;
		child->unit_at = strlen(parent->path) + 1;
		owner_name(name, child->unit);
	}
	return 0;
}

/* A directory with two links has no children. */
static int add_child(struct walk *walk, const struct branch *parent, int directory,
		     const struct dirent *entry)
{
	struct branch child;
	struct stat state;
	int error = make_child(parent, entry->d_name, &child);

	if (error != 0)
		return error;
	error = add_matches(walk, &child, entry->d_ino);
	if (error == 0 && fstatat(directory, entry->d_name, &state, AT_SYMLINK_NOFOLLOW) == 0 &&
	    state.st_nlink > 2) {
		error = append_branch(walk, &child);
		if (error == 0)
			return 0;
	}
	free(child.path);
	return error;
}

/* A cgroup that was removed meanwhile has no children. */
static int read_branch(struct walk *walk, int root, const struct branch *branch)
{
	const char *path = branch->path[0] == '\0' ? "." : branch->path + 1;
	int directory = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	const struct dirent *entry;
	DIR *entries;
	int error = 0;

	if (directory < 0)
		return 0;
	entries = fdopendir(directory);
	if (entries == NULL) {
		close(directory);
		return -ENOMEM;
	}
	while (error == 0 && (entry = readdir(entries)) != NULL) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			error = add_child(walk, branch, directory, entry);
	}
	closedir(entries);
	return error;
}

static int walk_tree(struct walk *walk, int root)
{
	struct branch branch = {.path = strdup("")};
	struct stat state;
	int error;

	if (branch.path == NULL)
		return -ENOMEM;
	error = fstat(root, &state) < 0 ? -errno : add_matches(walk, &branch, state.st_ino);
	if (error == 0)
		error = append_branch(walk, &branch);
	if (error != 0)
		free(branch.path);
	while (error == 0 && walk->branches_count > 0) {
		branch = walk->branches[--walk->branches_count];
		error = read_branch(walk, root, &branch);
		free(branch.path);
	}
	while (walk->branches_count > 0)
		free(walk->branches[--walk->branches_count].path);
	free(walk->branches);
	return error;
}

/* On hosts with both versions, version 2 is in a directory of version 1. */
static int open_root(void)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		const int root = open(roots[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct statfs system;

		if (root < 0)
			continue;
		if (fstatfs(root, &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC)
			return root;
		close(root);
	}
	return -ENOENT;
}

int cgroups_find(const char *names, size_t length, struct unit_cgroups *found)
{
	struct walk walk = {.names = names, .names_length = length};
	int root, error;

	*found = (struct unit_cgroups){0};
	if (sizeof(long) < sizeof(uint64_t))
		return -EOPNOTSUPP;
	root = open_root();
	if (root < 0)
		return root;
	error = walk_tree(&walk, root);
	close(root);
	if (error == 0)
		*found = walk.found;
	else
		free(walk.found.cgroups);
	return error;
}
