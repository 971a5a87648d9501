/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of systemd units and container scopes, from the paths of their cgroups.
 */
#ifndef MODEL_OWNER_H
#define MODEL_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#define OWNER_NAME_MAX 48

/**
 * Whether a component of a cgroup's path is a unit: it ends in .service, .scope, .socket, .mount,
 * .swap or .timer. A slice is not one, since it only contains others.
 */
bool owner_is_unit(const char *component);

/**
 * Makes a name of at most OWNER_NAME_MAX octets of a unit: 64 hexadecimal digits become the first
 * 12, octets that are not UTF-8 become \xHH, and the end of a longer name is replaced by ~ and a
 * hash of 8 digits.
 */
void owner_name(const char *component, char name[OWNER_NAME_MAX + 1]);

#endif
