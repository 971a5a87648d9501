/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that refreshes: it counts on a timer and hands over what it learned.
 *
 * A thread, because one dump of a million sockets is a system call that nobody can interrupt, and
 * because the AgentX side may stand still for a second when snmpd hangs: neither delays the other.
 * Nothing is shared between the two. Orders go in and refreshes come out through pipes, by value.
 */
#ifndef COLLECT_COLLECTOR_H
#define COLLECT_COLLECTOR_H

#include "collect/gatherer.h"
#include "model/refresh.h"

#include <stdint.h>

struct collector;

struct collector_settings {
	int64_t interval_ns; /**< from the beginning of one refresh to the beginning of the next */
	double cpu_limit; /**< percent of one CPU; where a refresh costs more, they come seldomer */
	struct wanted wanted;
};

/**
 * Makes a collector and opens all that it reads by path, so that the caller may then give up the
 * right to open files.
 * @return 0 and the collector, to be ended with collector_stop(); or -errno
 */
int collector_new(struct collector **made, const struct collector_settings *settings);

/**
 * Starts the thread; its first refresh begins at once. Signals stay with the caller's threads.
 * @return 0 or -errno
 */
int collector_start(struct collector *collector);

/** The descriptor that becomes readable when collector_take() has a refresh to give. */
int collector_descriptor(const struct collector *collector);

/**
 * Takes the next refresh, in order; none is ever lost. Call it when the descriptor is readable.
 * @return 0, and the snapshot in @p refresh, if there is one, is the caller's to free; or -errno
 */
int collector_take(const struct collector *collector, struct refresh *refresh);

/**
 * Gives new settings and has them followed by a refresh at once.
 * @return 0 or -errno
 */
int collector_configure(const struct collector *collector,
			const struct collector_settings *settings);

/**
 * Ends the thread if it was started, after the refresh that it is at, and frees the collector. NULL
 * is fine.
 */
void collector_stop(struct collector *collector);

#endif
