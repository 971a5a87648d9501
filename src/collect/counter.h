/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the sockets by the cheaper of two methods, and makes sure that it is right.
 *
 * A dump costs what it emits: a socket that is skipped costs a tenth of one that is listed. The
 * kernel itself keeps count of how many full sockets of a family there are, and how many timewait
 * ones (net/ipv4/proc.c, sockstat). So the derived method lists all but the ESTABLISHED ones, which
 * are then what is left of the kernel's count; and where there are many, TIME_WAIT likewise.
 *
 * What is derived is believed only while it agrees with what is listed: it is checked against a
 * full dump at first and then once an hour.
 */
#ifndef COLLECT_COUNTER_H
#define COLLECT_COUNTER_H

#include "collect/dump.h"
#include "collect/proc.h"
#include "collect/sock_diag.h"
#include "model/snapshot.h"

enum count_policy {
	COUNT_AUTO,    /**< derived, where it can be believed, else full */
	COUNT_FULL,    /**< full always */
	COUNT_DERIVED, /**< derived, unchecked; an error where that is not possible */
};

/** The ways to the kernel's numbers. */
struct kernel {
	struct dump dump;
	struct proc proc;
};

struct counter {
	struct kernel *kernel;
	int64_t check_due_ns;
	const char *distrust;             /**< why the derived method is not used; NULL: it is */
	enum tcp_family fewer_time_waits; /**< the family that had fewer of them last */
};

/** What a count needs to know, and what it finds out. */
struct tally {
	enum count_policy policy;
	socket_states states; /**< with SOCKETS_OTHER and without SOCKETS_LISTENING */
	uint32_t listening[FAMILIES];

	struct socket_counts counts; /**< those that listen too */
	struct host host;            /**< as it was at the end of the count */
	enum count_method method;
	const char *not_derived; /**< why the full method was used under COUNT_AUTO; else NULL */
};

/** A full count between two derived ones, which prove each other right or wrong. */
struct comparison {
	struct tally before;
	struct tally full;
	struct tally after;
	uint64_t opened;         /**< connections, meanwhile; 0 where the kernel does not tell */
	const char *not_derived; /**< why nothing can be derived; else NULL */
};

/** @p kernel must outlive @p counter. */
void counter_initialise(struct counter *counter, struct kernel *kernel);

/**
 * Counts as @p tally asks.
 * @return 0 or -errno, as sock_diag_count() says; -ENODATA if the policy is COUNT_DERIVED and that
 *         is not possible
 */
int counter_count(struct counter *counter, struct tally *tally);

/**
 * Counts what @p wanted asks for by one method and the other, whatever its policy.
 * @return 0 or -errno, as sock_diag_count() says; -ENODATA if nothing can be derived
 */
int counter_compare(struct counter *counter, const struct tally *wanted,
		    struct comparison *comparison);

/** How far the full count of @p family and @p state is from what the derived ones lie between. */
int64_t comparison_distance(const struct comparison *comparison, enum tcp_family family,
			    enum tcp_state state);

/**
 * Up to which sum of distances the methods agree: each connection opened meanwhile may be missing
 * in one state and too many in another, and so may what the two derived counts differ by.
 */
int64_t comparison_allowance(const struct comparison *comparison);

/** The sum of all distances. */
int64_t comparison_total_distance(const struct comparison *comparison);

/** Whether the methods agree: they differ by no more than what may have changed meanwhile. */
bool comparison_agrees(const struct comparison *comparison);

#endif
