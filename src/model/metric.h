/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The value that a threshold watches.
 *
 *     state FAMILY STATE     sockets; FAMILY is ipv4, ipv6 or any
 *     watch WATCH STATE      sockets of both families in a watch
 *     owner any STATE        sockets of the owner with the most in STATE
 *     ports WATCH            local ports that a watch uses, in percent of tcpHostLocalPorts
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
	METRIC_WATCH,
	METRIC_OWNER,
	METRIC_PORTS,
	METRIC_LISTEN,
	METRIC_HOST,
	METRIC_RATE,
};

struct metric {
	enum metric_kind kind;
	bool families[FAMILIES];        /**< state: those that are summed */
	enum tcp_state state;           /**< state, watch, owner */
	char watch[WATCH_NAME_MAX + 1]; /**< watch, ports: its name */
	bool any;                       /**< listen: the fullest endpoint */
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
 * Whether @p metric can have a value with @p watches. A watch of a listening port is known by its
 * number, whether anything listens there yet or not.
 * @param owner_states a bit for each state in which sockets have owners
 * @return NULL or the problem, a constant string
 */
const char *metric_problem(const struct metric *metric, const struct watches *watches,
			   unsigned int owner_states);

/** The listener of a metric listen, unless it is any. @return NULL if there is none */
const struct listener *metric_listener(const struct metric *metric,
				       const struct snapshot *snapshot);

/**
 * @param rates with @p snapshot as the latest
 * @return false if the metric has no value in @p snapshot. Percentages are rounded down, rates up.
 */
bool metric_value(const struct metric *metric, const struct snapshot *snapshot,
		  const struct rates *rates, uint32_t *value);

#endif
