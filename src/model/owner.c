/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/owner.h"

#include "utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The longest name of a file (NAME_MAX), with every octet escaped. */
#define ESCAPED_SIZE UTF8_ESCAPED_SIZE(256)

#define CONTAINER_DIGITS 64
#define CONTAINER_DIGITS_KEPT 12
#define HASH_LENGTH 9 /* "~01234567" */

bool owner_is_unit(const char *component)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket",
					       ".mount",   ".swap",  ".timer"};
	const size_t length = strlen(component);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const size_t suffix = strlen(suffixes[i]);

		if (length > suffix && strcmp(component + length - suffix, suffixes[i]) == 0)
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

void owner_name(const char *component, char name[OWNER_NAME_MAX + 1])
{
	char escaped[ESCAPED_SIZE];

	utf8_escape(escaped, sizeof(escaped), component, UTF8_ANYWHERE);
	shorten_identifiers(escaped);
	if (strlen(escaped) <= OWNER_NAME_MAX) {
		strcpy(name, escaped);
		return;
	}
	utf8_copy(name, OWNER_NAME_MAX - HASH_LENGTH + 1, escaped);
	sprintf(name + strlen(name), "~%08x", hash(escaped));
}
