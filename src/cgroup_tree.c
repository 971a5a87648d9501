/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup_tree.h"

#include "array.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

struct walk {
	cgroup_visit *visit;
	void *context;
	int root;
	char **branches; /* paths of cgroups whose children are to be read, each from malloc() */
	size_t branches_count, branches_allocated;
};

/* Takes @p path, also on failure. */
static int append_branch(struct walk *walk, char *path)
{
	char **branches;

	if (path == NULL)
		return -ENOMEM;
	branches = array_with_room(walk->branches, walk->branches_count, &walk->branches_allocated,
				   sizeof(*branches));
	if (branches == NULL) {
		free(path);
		return -ENOMEM;
	}
	walk->branches = branches;
	walk->branches[walk->branches_count++] = path;
	return 0;
}

/* A directory with two links has no children. */
static int visit_child(struct walk *walk, const char *parent, int directory,
		       const struct dirent *entry)
{
	struct stat state;
	char *path;
	int error;

	if (asprintf(&path, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, entry->d_name) < 0)
		return -ENOMEM;
	error = walk->visit(path, entry->d_ino, walk->context);
	if (error == 0 && fstatat(directory, entry->d_name, &state, AT_SYMLINK_NOFOLLOW) == 0 &&
	    state.st_nlink > 2)
		return append_branch(walk, path);
	free(path);
	return error;
}

/* A cgroup that was removed meanwhile has no children. */
static int read_branch(struct walk *walk, const char *path)
{
	int directory = openat(walk->root, strcmp(path, "/") == 0 ? "." : path + 1,
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
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
			error = visit_child(walk, path, directory, entry);
	}
	closedir(entries);
	return error;
}

static int visit_root(struct walk *walk)
{
	struct stat state;
	int error;

	if (fstat(walk->root, &state) < 0)
		return -errno;
	error = walk->visit("/", state.st_ino, walk->context);
	return error == 0 ? append_branch(walk, strdup("/")) : error;
}

/* On hosts with both versions, version 2 is in a directory of version 1. */
static int open_root(void)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	int error = -ENOENT;

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		const int root = open(roots[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct statfs system;

		if (root < 0) {
			if (errno != ENOENT)
				error = -errno;
			continue;
		}
		if (fstatfs(root, &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC)
			return root;
		close(root);
	}
	return error;
}

int cgroup_tree_walk(cgroup_visit *visit, void *context)
{
	struct walk walk = {.visit = visit, .context = context};
	int error;

	if (sizeof(long) < sizeof(uint64_t))
		return -EOPNOTSUPP;
	walk.root = open_root();
	if (walk.root < 0)
		return walk.root;
	error = visit_root(&walk);
	while (walk.branches_count > 0) {
		char *path = walk.branches[--walk.branches_count];

		if (error == 0)
			error = read_branch(&walk, path);
		free(path);
	}
	free(walk.branches);
	close(walk.root);
	return error;
}
