/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the sockets of watches during a refresh.
 *
 * If the refresh lists every socket anyway, they are counted in that list, and otherwise in a dump
 * with a filter. The cgroups of units are requested before, and compared afterwards: a unit that
 * was restarted meanwhile is counted again, and is unknown if that happens twice.
 */
#ifndef COLLECT_WATCH_COUNTER_H
#define COLLECT_WATCH_COUNTER_H

#include "collect/dump.h"
#include "collect/listening_sockets.h"
#include "collect/owner_counter.h"
#include "collect/port_set.h"
#include "collect/units.h"
#include "collect/watch_filter.h"
#include "collect/watch_matcher.h"
#include "collect/watch_planes.h"
#include "model/snapshot.h"

struct watch_counter {
	struct watches *configured; /**< owned; NULL: none */
	struct watches *watches;    /**< owned: also those of each listening port; NULL: not made */
	struct port_set listening;  /**< the ports that these are of */
	uint32_t omitted; /**< listening ports without a watch, since there are too many */
	struct watch_matcher matcher;
	struct watch_filter filter;
	bool filter_current;
	watch_set attributed;         /**< the watches whose sockets' owners are needed */
	struct owner_counter *owners; /**< to add them to; NULL: there are no owners */
	struct units units;
	bool cgroups_known;        /**< found is an answer */
	struct unit_cgroups found; /**< ascending */
	/** Of the current refresh: */
	bool counted; /**< in the list of every socket */
	watch_set unknown;
	watch_planes sockets[FAMILIES][STATES];
	watch_set *ports_used; /**< by local port */
};

void watch_counter_initialise(struct watch_counter *counter);

/** Uses @p watches from now on, which the counter then owns. */
void watch_counter_set(struct watch_counter *counter, struct watches *watches);

/** Requests cgroups through this socket, which the counter then owns; -1: nobody can be asked. */
void watch_counter_set_units_socket(struct watch_counter *counter, int socket);

/** Calls @p find for cgroups, in a process that may read their tree. */
void watch_counter_set_units_find(struct watch_counter *counter, units_find *find);

/**
 * Begins a refresh.
 * @param list the listening sockets
 * @param owners as in the counter
 * @return 0 or -ENOMEM
 */
int watch_counter_begin(struct watch_counter *counter, struct dump *dump,
			const struct listening_sockets *list, struct owner_counter *owners);

/** Begins a list of every socket. */
void watch_counter_clear(struct watch_counter *counter);

/** Adds a message of that list. @return 0 or -ENOMEM */
int watch_counter_add(struct watch_counter *counter, const struct nlmsghdr *message,
		      const struct socket_message *read);

/**
 * Counts the sockets in @p states, unless they were in a list, and the listening ones, and adds the
 * watches to @p snapshot, whose host is known.
 * @param local_ports those that the kernel chooses from
 * @return 0 or -errno, as sock_diag_count() says
 */
int watch_counter_finish(struct watch_counter *counter, struct dump *dump, socket_states states,
			 const struct listening_sockets *list, const struct port_set *local_ports,
			 const struct host *host, struct snapshot *snapshot);

void watch_counter_finalise(struct watch_counter *counter);

#endif
