/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/owner.h"

#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A longer path, with escapes, is cut before its hash is calculated. */
#define ESCAPED_SIZE 4096

/* NAME_MAX (linux/limits.h) and the null character */
#define COMPONENT_SIZE 256

#define CONTAINER_DIGITS 64
#define CONTAINER_DIGITS_KEPT 12
#define HASH_LENGTH 9 /* "~01234567" */

static bool ends_with(const char *text, size_t length, const char *suffix)
{
	const size_t suffix_length = strlen(suffix);

	return length > suffix_length &&
	       memcmp(text + length - suffix_length, suffix, suffix_length) == 0;
}

static bool is_unit(const char *component, size_t length)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket",
					       ".mount",   ".swap",  ".timer"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (ends_with(component, length, suffixes[i]))
			return true;
	}
	return false;
}

/* Shortens the identifiers of containers, in place. */
static void shorten_identifiers(char *name)
{
	char *digits = name;

	while (*digits != '\0') {
		const size_t count = strspn(digits, "0123456789abcdef");

		if (count == CONTAINER_DIGITS)
			memmove(digits + CONTAINER_DIGITS_KEPT, digits + count,
				strlen(digits + count) + 1);
		digits += count == CONTAINER_DIGITS ? CONTAINER_DIGITS_KEPT : count;
		digits += strcspn(digits, "0123456789abcdef");
	}
}

/* FNV-1a (draft-eastlake-fnv, section 2) */
static uint32_t hash(const char *text)
{
	uint32_t value = 2166136261U;

	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * 16777619U;
	return value;
}

void owner_name(const char *text, char name[OWNER_NAME_MAX + 1])
{
	char escaped[ESCAPED_SIZE];

	utf8_escape(escaped, sizeof(escaped), text, UTF8_ANYWHERE);
	shorten_identifiers(escaped);
	if (strlen(escaped) <= OWNER_NAME_MAX) {
		strcpy(name, escaped);
		return;
	}
	utf8_copy(name, OWNER_NAME_MAX - HASH_LENGTH + 1, escaped);
	sprintf(name + strlen(name), "~%08x", hash(escaped));
}

const char *owner_unit_of_path(const char *path)
{
	const char *component = path;

	while (*component != '\0') {
		const size_t length = strcspn(component, "/");

		if (is_unit(component, length))
			return component;
		component += length + (component[length] == '/');
	}
	return NULL;
}

/* The slice that a session at @p unit is in: "user-1000.slice/session-3.scope". */
static const char *slice_of_session(const char *path, const char *unit)
{
	const char *slice = unit - 1; /* its end */

	if (slice <= path || strncmp(unit, "session-", strlen("session-")) != 0 ||
	    !ends_with(unit, strcspn(unit, "/"), ".scope"))
		return NULL;
	while (slice > path && slice[-1] != '/')
		slice--;
	return strncmp(slice, "user-", strlen("user-")) == 0 &&
			       ends_with(slice, strcspn(slice, "/"), ".slice")
		       ? slice
		       : NULL;
}

void owner_unit_name(const char *unit, char name[OWNER_NAME_MAX + 1])
{
	char component[COMPONENT_SIZE];

	snprintf(component, sizeof(component), "%.*s", (int)strcspn(unit, "/"), unit);
	owner_name(component, name);
}

void owner_of_path(const char *path, char name[OWNER_NAME_MAX + 1])
{
	const char *unit = owner_unit_of_path(path);
	const char *slice = unit == NULL ? NULL : slice_of_session(path, unit);

	if (unit == NULL)
		owner_name(path, name);
	else
		owner_unit_name(slice != NULL ? slice : unit, name);
}

int owner_name_compare(const char *left, const char *right)
{
	const size_t one = strlen(left), other = strlen(right);

	return one != other ? (one > other) - (one < other) : strcmp(left, right);
}

bool owner_is_named(const char *name)
{
	return strcmp(name, OWNER_NONE) != 0 && strcmp(name, OWNER_UNKNOWN) != 0 &&
	       strcmp(name, OWNER_OTHERS) != 0;
}
