/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that one refresh learned of the host's TCP sockets.
 *
 * This type is the border of the program: the code that fills it speaks netlink and no SNMP, the
 * code that reads it speaks SNMP and no netlink. The collector fills a snapshot and hands it over;
 * from then on nobody changes it.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/host.h"
#include "model/listener.h"
#include "model/port.h"
#include "model/tcp.h"

#include <stddef.h>
#include <stdint.h>

/** How a snapshot's sockets were counted. */
enum count_method {
	METHOD_FULL,    /**< every socket was listed by the kernel */
	METHOD_DERIVED, /**< ESTABLISHED and perhaps TIME_WAIT follow from the kernel's own counts
			 */
};

struct snapshot {
	int64_t taken_ns;     /**< when the refresh began, on the clock of clock.h */
	uint32_t duration_us; /**< how long it took */
	enum count_method method;
	uint32_t sockets[FAMILIES][STATES];
	struct host host;
	struct listener *listeners; /**< one for each endpoint, in endpoint_compare()'s order */
	size_t listeners_count;
	struct port_count *ports; /**< one for each watched port, in their order */
	size_t ports_count;
};

/** An empty snapshot. @return NULL without memory */
struct snapshot *snapshot_new(void);

/** Gives an empty @p snapshot a place for each of @p ports, with no sockets yet. @return 0 or
 * -ENOMEM */
int snapshot_watch(struct snapshot *snapshot, const struct watched_ports *ports);

/** The place of the watched port @p number. @return NULL if it is not watched */
struct port_count *snapshot_port(const struct snapshot *snapshot, uint16_t number);

/** Sockets in @p state, both families together. */
uint32_t snapshot_total(const struct snapshot *snapshot, enum tcp_state state);

/** Frees @p snapshot with all that it has. NULL is fine. */
void snapshot_free(struct snapshot *snapshot);

#endif
