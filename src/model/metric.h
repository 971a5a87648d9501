/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The value that a threshold watches.
 *
 *     state FAMILY STATE     sockets; FAMILY is ipv4, ipv6 or any
 *     port NUMBER STATE      sockets of both families with that local port
 *     listen ADDRESS:PORT    length of the accept queue of the fullest socket, in percent of the
 *                            backlog
 *     listen any             the same for the fullest endpoint; 0 if there are none
 *     host OBJECT            tcpHostOrphans, tcpHostTimeWaits, tcpHostMemory or tcpHostConntracks,
 *                            in percent of its limit
 *     rate COUNTER [over SECONDS]
 *                            growth of a Counter64 of tcpHost per second, averaged and rounded up
 */
#ifndef MODEL_METRIC_H
#define MODEL_METRIC_H

#include "model/rate.h"
#include "model/snapshot.h"

#include <stdbool.h>

enum metric_kind {
	METRIC_STATE,
	METRIC_PORT,
	METRIC_LISTEN,
	METRIC_HOST,
	METRIC_RATE,
};

struct metric {
	enum metric_kind kind;
	bool families[FAMILIES];     /**< state: those that are summed */
	enum tcp_state state;        /**< state, port */
	uint16_t port;               /**< port */
	bool any;                    /**< listen: the fullest endpoint */
	struct endpoint endpoint;    /**< listen, unless any; its zone is 0 if zone_name is set */
	char zone_name[IF_NAMESIZE]; /**< listen: looked up in each snapshot; "" if none */
	enum host_object object;     /**< host, rate */
	enum host_object limit;      /**< host: 100 % */
	uint32_t seconds;            /**< rate: 1 to RATE_SECONDS_MAX */
};

/**
 * Parses the words of a metric, which are two to four.
 * @param words terminated by NULL
 * @return the number of words, or -EINVAL, and then @p problem is set
 */
int metric_parse(char *const words[], struct metric *metric, const char **problem);

/**
 * @param rates with @p snapshot as the latest
 * @return false if the metric has no value in @p snapshot. Percentages are rounded down, rates up.
 */
bool metric_value(const struct metric *metric, const struct snapshot *snapshot,
		  const struct rates *rates, uint32_t *value);

#endif
