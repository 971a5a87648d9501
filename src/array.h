/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays that grow by one item at a time. */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>
#include <stdlib.h>

/**
 * Returns @p items with room for another one after @p count: doubled if it is full.
 * @param items from this function, or NULL; must not be used afterwards unless NULL is returned
 * @param allocated the number of items that it has room for; 0 at first
 * @return NULL without memory
 */
static inline void *array_with_room(void *items, size_t count, size_t *allocated, size_t item_size)
{
	const size_t larger = 2 * *allocated + 16;
	void *grown;

	if (count < *allocated)
		return items;
	grown = reallocarray(items, larger, item_size);
	if (grown != NULL)
		*allocated = larger;
	return grown;
}

#endif
