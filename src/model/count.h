/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the sockets of one refresh by the cheaper method that can be trusted.
 *
 * Derived counts are trusted while they agree with listed ones. At first, and then once an hour, a
 * full listing is made between two partial ones, and has to lie between the counts derived from
 * these. After three failures in a row nothing is derived for ten minutes. Where a derivation is
 * not settled, that one refresh lists every socket.
 *
 * Everything here is computed from the arguments. The caller lists the sockets.
 */
#ifndef MODEL_COUNT_H
#define MODEL_COUNT_H

#include "model/derivation.h"
#include "model/snapshot.h"

enum count_policy {
	COUNT_AUTO,    /**< derived where that can be trusted, else full */
	COUNT_FULL,    /**< always full */
	COUNT_DERIVED, /**< derived, unchecked; an error where the kernel's counts cannot be used */
};

/** A listing that a count needs. */
enum listing {
	LISTING_NONE,    /**< the count is complete */
	LISTING_PARTIAL, /**< without the sockets to be derived */
	LISTING_FULL,
};

/** Whether derived counts are trusted, kept from one refresh to the next. */
struct trust {
	int64_t check_due_ns;
	unsigned int failures; /**< checks in a row that have failed */
	const char *distrust;  /**< why nothing is derived; NULL if derived counts are used */
	struct derivation_memory memory;
};

/** A full listing between two derivations. */
struct verification {
	struct derivation before;
	uint32_t full[FAMILIES][STATES];
	struct derivation after;
	uint64_t
		opened; /**< connections opened meanwhile; 0 where the kernel does not count them */
};

struct count {
	/* the result */
	int error; /**< 0, or -ENODATA: the policy is COUNT_DERIVED, and nothing can be derived */
	enum count_method method;
	uint32_t sockets[FAMILIES][STATES];
	struct host host;
	/**
	 * Why nothing is derived for some time under COUNT_AUTO, or cannot be under COUNT_DERIVED.
	 * Else NULL, even if this refresh lists every socket because too many come or go.
	 */
	const char *not_derived;

	/* on the way to it */
	enum count_policy policy;
	enum listing listing; /**< the one asked for last */
	bool checks;          /**< the derived method is to be verified */
	bool has_full;        /**< the full listing is there */
	struct host begin;
	struct host full_host;
	struct verification verification; /**< complete if the count checks and both were derived */
};

void trust_reset(struct trust *trust);

/** Begins a count at @p now_ns. @return the first listing that it needs */
enum listing count_begin(struct count *count, enum count_policy policy, const struct trust *trust,
			 int64_t now_ns);

/** Adds the listing that was asked for. @return the next one */
enum listing count_add(struct count *count, struct trust *trust, const struct readings *readings,
		       int64_t now_ns);

/** How far the full count is from what lies between the derived ones. */
int64_t verification_distance(const struct verification *verification, enum tcp_family family,
			      enum tcp_state state);

/** The sum of all distances. */
int64_t verification_total_distance(const struct verification *verification);

/**
 * The largest sum of distances at which the methods agree: each connection opened meanwhile may be
 * missing in one state and one too many in another, and the two derived counts may differ.
 */
int64_t verification_allowance(const struct verification *verification);

bool verification_agrees(const struct verification *verification);

#endif
