/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that refreshes on a timer and passes the results to its owner.
 *
 * A dump of a million sockets is one system call that cannot be interrupted, and the AgentX side
 * may block for a second when snmpd hangs. A separate thread keeps each from delaying the other.
 * They share nothing: settings and refreshes pass through pipes, with all that they point to.
 */
#ifndef COLLECT_COLLECTOR_H
#define COLLECT_COLLECTOR_H

#include "collect/refresher.h"
#include "model/refresh.h"

#include <stdint.h>

struct collector;

struct collector_settings {
	int64_t interval_ns; /**< from the beginning of one refresh to the beginning of the next */
	double cpu_limit;    /**< percent of one CPU; expensive refreshes extend the interval */
	struct refresh_options refresh_options;
	struct watches *watches; /**< the collector then owns them; NULL: unchanged */
	bool has_conntrack; /**< conntrack contains open files, which the collector then owns */
	int conntrack[PROC_CONNTRACK_FILES];
};

/**
 * Creates a collector and opens everything that it reads by path, so that the caller may then give
 * up the permission to open files.
 * @param units_socket answers units_request(), and is then the collector's; or -1
 * @param names_socket likewise cgroup_names_request()
 * @return 0 and the collector, to be stopped with collector_stop(); or -errno, and then the caller
 *         still owns the watches of @p settings and the sockets
 */
int collector_new(struct collector **made, const struct collector_settings *settings,
		  int units_socket, int names_socket);

/**
 * Starts the thread; its first refresh begins immediately. Signals stay with the caller's threads.
 * @return 0 or -errno
 */
int collector_start(struct collector *collector);

/** The descriptor that becomes readable when collector_take() has a refresh to return. */
int collector_descriptor(const struct collector *collector);

/**
 * Takes the next refresh, in order; none is ever lost. Call it when the descriptor is readable.
 * @return 0, and the snapshot in @p refresh, if there is one, is the caller's to free; or -errno
 */
int collector_take(const struct collector *collector, struct refresh *refresh);

/**
 * Changes the settings, and refreshes immediately.
 * @return 0 or -errno, and then the caller still owns watches and conntrack
 */
int collector_configure(const struct collector *collector,
			const struct collector_settings *settings);

/**
 * Stops the thread if it was started, after its current refresh, and frees the collector, which may
 * be NULL.
 */
void collector_stop(struct collector *collector);

#endif
