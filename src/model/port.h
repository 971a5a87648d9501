/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local ports whose sockets are counted by themselves, because the configuration watches them.
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
	char service[SERVICE_NAME_SIZE]; /**< as services(5) has it; "" if it does not */
};

struct watched_ports {
	struct watched_port port[WATCHED_PORTS_MAX]; /**< in the order of their numbers */
	size_t count;
};

/** The sockets of a watched port. */
struct port_count {
	struct watched_port port;
	uint32_t sockets[FAMILIES][STATES];
};

/**
 * Reads a port's number or its name in services(5).
 * @return 0, or -EINVAL: it is neither
 */
int watched_port_parse(const char *text, struct watched_port *port);

/**
 * Adds a port, in its place; one that is there already is no error.
 * @return 0, or -ENOSPC: there are WATCHED_PORTS_MAX
 */
int watched_ports_add(struct watched_ports *ports, const struct watched_port *port);

#endif
