/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides which watches a socket belongs to.
 *
 * The conditions of all watches are compiled into tables that return a set of watches for a port,
 * an address or a cgroup, so that the time for a socket hardly depends on the number of watches.
 */
#ifndef COLLECT_WATCH_MATCHER_H
#define COLLECT_WATCH_MATCHER_H

#include "collect/port_set.h"
#include "collect/sock_diag.h"
#include "collect/units.h"
#include "model/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A set of watches: bit i is the watch at index i. */
typedef uint64_t watch_set;

_Static_assert(WATCHES_MAX <= 64, "a watch_set has 64 bits");

/** A cgroup of the units of @p watches. */
struct watch_cgroup {
	uint64_t id;
	watch_set watches;
};

/** In ascending order of their ids, each once. */
struct watch_cgroups {
	struct watch_cgroup *cgroups; /**< from malloc() */
	size_t count;
};

/** The watches of the addresses from @p first up to the next interval. */
struct address_interval {
	uint64_t first[2]; /**< 128 bits, the more significant half first */
	watch_set watches;
};

struct address_intervals {
	struct address_interval *intervals; /**< ascending, beginning with address 0; or NULL */
	size_t count;
	size_t last; /**< index of the interval that was found last */
};

/** All zero: without watches. */
struct watch_matcher {
	watch_set all;
	watch_set with_peer;    /**< those with peer or peerPort, which no listening socket has */
	watch_set with_address; /**< those with address */
	watch_set with_unit;
	watch_set *local_ports, *peer_ports; /**< by port; NULL if no watch has the condition */
	/** IPv4 addresses are the last 32 bits. IPv6 sockets also have IPv4-mapped addresses. */
	struct address_intervals local[FAMILIES], peer[FAMILIES];
	struct watch_cgroups cgroups;
};

/**
 * Compiles @p watches into @p matcher, without cgroups.
 * @return 0, or -ENOMEM, and then the matcher has not changed
 */
int watch_matcher_compile(struct watch_matcher *matcher, const struct watches *watches);

/** The watches that a unit belongs to, by its index among the units of all @p watches. */
watch_set watches_of_unit(const struct watches *watches, uint64_t unit);

/**
 * Replaces the cgroups by those of the units of @p watches.
 * @param found in the order of unit_cgroup_compare()
 * @return 0, or -ENOMEM, and then the matcher has not changed
 */
int watch_matcher_apply_units(struct watch_matcher *matcher, const struct watches *watches,
			      const struct unit_cgroups *found);

/** Replaces the cgroups, which the matcher then owns. */
void watch_matcher_set_cgroups(struct watch_matcher *matcher, const struct watch_cgroups *cgroups);

/** The ends of a socket. */
struct socket_ends {
	enum tcp_family family;
	enum tcp_state state;
	uint16_t local_port, peer_port;
	const void *local, *peer; /**< 4 or 16 octets in network order */
	uint64_t cgroup;          /**< 0: none */
};

/** The ends of the socket of a message, without its cgroup. */
struct socket_ends socket_ends_of(const struct socket_message *read);

/**
 * The watches that a socket belongs to. A listening socket has no peer. If it is bound to the
 * wildcard address, it has no local address either.
 */
watch_set watch_matcher_find(struct watch_matcher *matcher, const struct socket_ends *ends);

void watch_matcher_finalise(struct watch_matcher *matcher);

#endif
