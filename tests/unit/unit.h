/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every unit test needs: cmocka with the headers that it wants before it, and a look at the
 * process itself.
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

#endif
