/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Derives counts of sockets that were not listed.
 *
 * A dump costs what it emits: a socket that is skipped costs a tenth of one that is listed. The
 * kernel itself counts the full sockets of each family and all timewait sockets (net/ipv4/proc.c,
 * sockstat). So everything but ESTABLISHED is listed, and ESTABLISHED is the remainder of the
 * kernel's count; where there are many TIME_WAIT sockets, so are those of one family.
 *
 * The kernel's counts are read before and after the listing. Where they changed by more than the
 * derived number tolerates, for example because a program with thousands of sockets exits, the
 * derivation is not settled and must not be used.
 */
#ifndef MODEL_DERIVATION_H
#define MODEL_DERIVATION_H

#include "model/host.h"
#include "model/tcp.h"

#include <stdbool.h>
#include <stdint.h>

/** A listing of the sockets, and the kernel's own counts before and after it. */
struct readings {
	struct host before; /**< from before the listening sockets were listed, if that is known */
	uint32_t listening[FAMILIES];
	/** Neither listening sockets nor, in a partial listing, those to be derived. */
	struct socket_counts listed;
	bool time_waits_derived;          /**< only one family's TIME_WAIT sockets were listed, */
	enum tcp_family time_wait_family; /**< which is this one, */
	uint32_t time_waits;              /**< and so many */
	struct host after;
};

/** What derivations need to know of earlier ones. */
struct derivation_memory {
	enum tcp_family fewer_time_waits; /**< the family that had fewer of them last */
	int64_t full_sockets[FAMILIES];   /**< listed last, without ESTABLISHED; -1: unknown */
};

enum derivation_outcome {
	DERIVATION_DONE,
	DERIVATION_NEGATIVE, /**< sockets that came or went were listed, or counted, only once */
	DERIVATION_CONTRADICTED, /**< the kernel's count and its list exclude each other */
	DERIVATION_UNKNOWN,      /**< the kernel's count cannot be read */
};

struct derivation {
	enum derivation_outcome outcome;
	/** Few sockets came or went meanwhile: the counts are as good as listed ones. */
	bool settled;
	const char *reason; /**< why there are no counts; NULL if there are */
	uint32_t sockets[FAMILIES][STATES];
};

void derivation_forget(struct derivation_memory *memory);

/**
 * Whether TIME_WAIT should be derived: all but one family's TIME_WAIT sockets are the remainder of
 * the kernel's count. That family is listed by a separate walk, which has to cost less than listing
 * the sockets of the other.
 */
bool derivation_pays_for_time_waits(const struct host *before);

/** Derives the counts from @p readings, a partial listing. */
struct derivation derive(const struct readings *readings, struct derivation_memory *memory);

/** Sums the sockets listed, listening ones included, into @p sockets. */
void readings_sum(const struct readings *readings, uint32_t sockets[FAMILIES][STATES]);

/** Connections opened from @p begin to @p end; 0 where the kernel does not count them. */
uint64_t connections_opened(const struct host *begin, const struct host *end);

#endif
