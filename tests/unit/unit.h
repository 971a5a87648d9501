/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Includes cmocka and the headers that it needs, and provides process information and random
 * numbers.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#define ENTRIES(array) (sizeof(array) / sizeof((array)[0]))

/** Replaces assert_in_range(), which is deprecated in cmocka 2. */
#define assert_between(value, minimum, maximum) \
	assert_true((value) >= (minimum) && (value) <= (maximum))

/** The number of entries in @p directory: /proc/self/fd has descriptors, task has threads. */
static inline size_t unit_entries(const char *directory)
{
	DIR *opened = opendir(directory);
	size_t entries = 0;

	assert_non_null(opened);
	while (readdir(opened) != NULL)
		entries++;
	closedir(opened);
	return entries;
}

/** A pseudorandom number below @p below, the same in every run (xorshift32). */
static inline uint32_t unit_random(uint32_t below)
{
	static uint32_t random = 2463534242;

	random ^= random << 13;
	random ^= random >> 17;
	random ^= random << 5;
	return random % below;
}

#endif
