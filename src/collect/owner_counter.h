/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the sockets of each cgroup that a refresh lists anyway, and names their owners.
 *
 * The kernel reports the cgroup of every socket but SYN_RECV requests, TIME_WAIT, and FIN_WAIT2
 * after close(). A name is requested once, from the helper process, and kept at least while any
 * socket is in that cgroup: also when the cgroup itself has been removed.
 */
#ifndef COLLECT_OWNER_COUNTER_H
#define COLLECT_OWNER_COUNTER_H

#include "collect/cgroup_names.h"
#include "collect/dump.h"
#include "collect/listening_sockets.h"
#include "collect/watch_planes.h"
#include "model/count.h"
#include "model/snapshot.h"

/** Cgroups whose sockets are counted separately; those in further ones belong to others. */
#define OWNER_CGROUPS_MAX ((size_t)1 << 14)

#define LISTINGS (LISTING_FULL + 1)

typedef uint32_t owner_sockets[FAMILIES][STATES];

struct owner_counter {
	bool active;          /**< in the current refresh */
	unsigned int states;  /**< a bit for each state in which sockets have owners */
	enum listing listing; /**< the one whose sockets are being added */
	struct owner_cgroup *cgroups;
	size_t count, allocated;
	uint32_t *slots;    /**< a hash table of indexes + 1 of cgroups; 0: free */
	size_t slots_count; /**< a power of 2, or 0 */
	size_t last;        /**< index of the cgroup of the latest socket */
	owner_sockets without_cgroup[LISTINGS];
	owner_sockets beyond[LISTINGS]; /**< in cgroups beyond the maximum */
	struct cgroup_names names;
	struct cgroup_names_answer *answer; /**< from malloc(), or NULL */
	bool tree_known;                    /**< the helper has read the tree of cgroups */
};

void owner_counter_initialise(struct owner_counter *counter);

/** Requests names through this socket, which the counter then owns; -1: nobody can be asked. */
void owner_counter_set_socket(struct owner_counter *counter, int socket);

/**
 * Requests the names of all cgroups and waits for them, but not for long, so that the first refresh
 * has names. To be called at startup only.
 */
void owner_counter_prefetch(struct owner_counter *counter);

/**
 * Begins a refresh.
 * @param states bits of those in which sockets are listed; 0: there are no owners
 */
void owner_counter_begin(struct owner_counter *counter, struct dump *dump, unsigned int states);

/** Begins a listing, whose kind is set. */
void owner_counter_clear(struct owner_counter *counter);

/** Adds a socket in the cgroup @p id, or in none if it is 0. @return 0 or -ENOMEM */
int owner_counter_add(struct owner_counter *counter, uint64_t id, enum tcp_family family,
		      enum tcp_state state);

/** Begins a list of the sockets of watches. */
void owner_counter_clear_watched(struct owner_counter *counter);

/** Adds a socket in the cgroup @p id to the owners of @p watches. @return 0 or -ENOMEM */
int owner_counter_add_watched(struct owner_counter *counter, uint64_t id, enum tcp_state state,
			      watch_set watches);

/**
 * Adds the owners to @p snapshot, which has its listeners and watches. Never waits for names.
 * @param listing the one that the snapshot's counts are from
 * @param list the listening sockets, in the order of their endpoints
 * @param attributed the watches whose sockets were added
 * @return 0 or -ENOMEM
 */
int owner_counter_finish(struct owner_counter *counter, enum listing listing,
			 const struct listening_sockets *list, watch_set attributed,
			 struct snapshot *snapshot);

void owner_counter_finalise(struct owner_counter *counter);

#endif
