/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of sockets of all watches, as bit planes: one addition adds to all of them.
 */
#ifndef COLLECT_WATCH_PLANES_H
#define COLLECT_WATCH_PLANES_H

#include "collect/watch_matcher.h"

#include <stddef.h>
#include <stdint.h>

/** Bit i of plane k is bit k of the number of watch i. */
typedef watch_set watch_planes[32];

/** Adds 1 to the number of each watch in @p carry. */
static inline void add_to_planes(watch_set *planes, watch_set carry)
{
	for (size_t i = 0; carry != 0; i++) {
		const watch_set both = planes[i] & carry;

		planes[i] ^= carry;
		carry = both;
	}
}

/** The number of watch @p watch. */
static inline uint32_t count_in_planes(const watch_set *planes, size_t watch)
{
	uint32_t count = 0;

	for (size_t i = 0; i < sizeof(watch_planes) / sizeof(watch_set); i++)
		count |= (uint32_t)(planes[i] >> watch & 1) << i;
	return count;
}

#endif
