/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of systemd units and container scopes, from the paths of their cgroups.
 */
#ifndef MODEL_OWNER_H
#define MODEL_OWNER_H

#include <stdbool.h>

#define OWNER_NAME_MAX 48

/* In place of names; a path begins with a slash, and no unit is called like these. */
#define OWNER_NONE "(none)"       /* sockets without a cgroup */
#define OWNER_UNKNOWN "(unknown)" /* the cgroup has no name (yet) */
#define OWNER_OTHERS "(others)"   /* owners beyond the maximum */

/**
 * Makes a name of at most OWNER_NAME_MAX octets of a unit or a path: 64 hexadecimal digits become
 * the first 12, octets that are not UTF-8 become \xHH, and the end of a longer name is replaced by
 * ~ and a hash of 8 digits.
 */
void owner_name(const char *text, char name[OWNER_NAME_MAX + 1]);

/**
 * The first component of a cgroup's path that is a unit, with what follows: it ends in .service,
 * .scope, .socket, .mount, .swap or .timer. A slice is not one, since it only contains others.
 * @param path from the root, such as "/system.slice/nginx.service/workers"
 * @return a pointer into @p path, or NULL if there is none
 */
const char *owner_unit_of_path(const char *path);

/** The name of the component that begins at @p unit, which is part of a path. */
void owner_unit_name(const char *unit, char name[OWNER_NAME_MAX + 1]);

/**
 * The name of the owner that the cgroup at @p path belongs to: the first unit in the path. The
 * sessions of a user belong to the user's slice, "user-1000.slice". Without a unit, the path is the
 * name.
 */
void owner_of_path(const char *path, char name[OWNER_NAME_MAX + 1]);

/** The order of tcpOwnerName: shorter names first. */
int owner_name_compare(const char *left, const char *right);

/** Whether @p name is an owner's, not one of those in place of names. */
bool owner_is_named(const char *name);

#endif
