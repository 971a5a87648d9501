/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the cgroups (v2) of units by reading the directory tree.
 */
#ifndef CGROUPS_H
#define CGROUPS_H

#include "collect/units.h"

/**
 * Finds all cgroups of units.
 *
 * @param names each ends with a null character: the name of a unit as its directory's or as
 *        owner_name() makes it, or a path from the root
 * @param length of @p names, with all null characters
 * @param found the cgroups and those below them, in no order; empty on failure
 * @return 0; -ENOENT: cgroup v2 is not mounted; -ENOMEM; -EOPNOTSUPP: a 32-bit system, where the
 * inode number is not the id (fs/kernfs/dir.c, kernfs_ino)
 */
int cgroups_find(const char *names, size_t length, struct unit_cgroups *found);

#endif
