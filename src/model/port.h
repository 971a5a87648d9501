/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watched ports: local ports whose sockets are counted separately.
 */
#ifndef MODEL_PORT_H
#define MODEL_PORT_H

#include "model/tcp.h"

#include <stddef.h>
#include <stdint.h>

#define WATCHED_PORTS_MAX 64
#define SERVICE_NAME_SIZE 32

struct watched_port {
	uint16_t number;
	char service[SERVICE_NAME_SIZE]; /**< its name in services(5), truncated; "" if it has none
					  */
};

struct watched_ports {
	struct watched_port port[WATCHED_PORTS_MAX]; /**< by number */
	size_t count;
};

/** The sockets of a watched port. */
struct port_count {
	struct watched_port port;
	uint32_t sockets[FAMILIES][STATES];
};

/**
 * Reads a port's number or its name in services(5).
 * @return 0, or -EINVAL if it is neither
 */
int watched_port_parse(const char *text, struct watched_port *port);

/**
 * Adds a port in order. Adding one that is already there is not an error.
 * @return 0, or -ENOSPC if there are already WATCHED_PORTS_MAX
 */
int watched_ports_add(struct watched_ports *ports, const struct watched_port *port);

#endif
