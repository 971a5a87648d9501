/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of ports, a bit each.
 */
#ifndef COLLECT_PORT_SET_H
#define COLLECT_PORT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORTS ((size_t)UINT16_MAX + 1)

struct port_set {
	uint64_t words[PORTS / 64];
};

static inline void port_set_add(struct port_set *set, uint16_t port)
{
	set->words[port / 64] |= (uint64_t)1 << port % 64;
}

static inline void port_set_remove(struct port_set *set, uint16_t port)
{
	set->words[port / 64] &= ~((uint64_t)1 << port % 64);
}

static inline bool port_set_contains(const struct port_set *set, uint16_t port)
{
	return set->words[port / 64] >> port % 64 & 1;
}

#endif
