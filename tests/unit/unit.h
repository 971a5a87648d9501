/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What unit tests need: cmocka with the headers that it wants before it, a look at the process
 * itself, and numbers by chance.
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

/** How many entries @p directory has: of /proc/self/fd, the descriptors; of task, the threads. */
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

/** A number below @p below, by chance, but the same in every run (xorshift32). */
static inline uint32_t unit_random(uint32_t below)
{
	static uint32_t random = 2463534242;

	random ^= random << 13;
	random ^= random >> 17;
	random ^= random << 5;
	return random % below;
}

#endif
