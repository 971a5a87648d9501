/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the tree of cgroups (v2).
 */
#ifndef CGROUP_TREE_H
#define CGROUP_TREE_H

#include <stdint.h>

/**
 * Called for each cgroup.
 * @param path from the root of the tree: "/", "/system.slice"; valid during the call
 * @param id as in INET_DIAG_CGROUP_ID
 * @return 0, or -errno, which ends the walk with that error
 */
typedef int cgroup_visit(const char *path, uint64_t id, void *context);

/**
 * Visits all cgroups, the root first and each one before those below it.
 * @return 0; what @p visit returned; -ENOENT: cgroup v2 is not mounted; -ENOMEM; -EOPNOTSUPP: a
 *         32-bit system, where the inode number is not the id (fs/kernfs/dir.c, kernfs_ino)
 */
int cgroup_tree_walk(cgroup_visit *visit, void *context);

#endif
