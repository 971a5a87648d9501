/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiles watches into a filter that the kernel runs for each socket (INET_DIAG_REQ_BYTECODE,
 * net/ipv4/inet_diag.c, inet_diag_bc_run).
 *
 * The filter accepts every socket of a watch, except listening ones, and may accept others.
 */
#ifndef COLLECT_WATCH_FILTER_H
#define COLLECT_WATCH_FILTER_H

#include "collect/watch_matcher.h"

#include <stddef.h>

/** The kernel's check of a longer program takes too much time at each dump: 3 ms for this one. */
#define WATCH_FILTER_SIZE 16384

enum watch_filter_effect {
	WATCH_FILTER_NONE,    /**< every socket has to be listed: that costs less than a filter */
	WATCH_FILTER_PROGRAM, /**< code is the program */
	WATCH_FILTER_NOTHING, /**< no socket can be in a watch */
};

struct watch_filter {
	enum watch_filter_effect effect;
	size_t length; /**< of the program in octets */
	_Alignas(4) unsigned char code[WATCH_FILTER_SIZE];
};

struct filtered_request {
	struct nlmsghdr header;
	struct inet_diag_req body;
	struct nlattr attribute;
	unsigned char code[WATCH_FILTER_SIZE];
};

/** Requests the sockets in @p states that @p filter accepts, or all of them without a program. */
void watch_filter_make_request(struct filtered_request *request, socket_states states,
			       const struct watch_filter *filter);

/** @param cgroups of the units of @p watches */
void watch_filter_compile(struct watch_filter *filter, const struct watches *watches,
			  const struct watch_cgroups *cgroups);

#endif
