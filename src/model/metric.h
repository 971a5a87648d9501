/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a threshold watches: one number of each snapshot.
 *
 *     state FAMILY STATE     sockets; FAMILY is ipv4, ipv6 or any
 *     port NUMBER STATE      sockets of both families with that local port
 *     listen ADDRESS:PORT    how full the accept queue is, in percent of its backlog
 *     host OBJECT            tcpOrphans, tcpTimeWaits or tcpMemory, in percent of its limit
 */
#ifndef MODEL_METRIC_H
#define MODEL_METRIC_H

#include "model/snapshot.h"

#include <stdbool.h>

enum metric_kind {
	METRIC_STATE,
	METRIC_PORT,
	METRIC_LISTEN,
	METRIC_HOST,
};

struct metric {
	enum metric_kind kind;
	bool families[FAMILIES];  /**< state: those that are added up */
	enum tcp_state state;     /**< state, port */
	uint16_t port;            /**< port */
	struct endpoint endpoint; /**< listen */
	enum host_object object;  /**< host */
	enum host_object limit;   /**< host: what it is a part of */
};

/**
 * Parses a metric's words; a metric takes two or three of them.
 * @param words ends with NULL
 * @return how many words it takes, or -EINVAL, and then @p problem says what is wrong
 */
int metric_parse(char *const words[], struct metric *metric, const char **problem);

/** @return false if @p snapshot does not have it; else its value, rounded down */
bool metric_value(const struct metric *metric, const struct snapshot *snapshot, uint32_t *value);

#endif
