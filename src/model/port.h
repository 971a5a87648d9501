/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local ports that a command shows, each as a watch named by its number.
 */
#ifndef MODEL_PORT_H
#define MODEL_PORT_H

#include "model/snapshot.h"
#include "model/watch.h"

#include <stddef.h>
#include <stdint.h>

#define WATCHED_PORTS_MAX WATCHES_MAX
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

/** Makes a watch of each port. @return the list, to be freed with free(); NULL if out of memory */
struct watches *watched_ports_watches(const struct watched_ports *ports);

/** The sockets of a port. @return NULL if @p snapshot does not have its watch */
struct watch_count *watched_port_count(const struct snapshot *snapshot,
				       const struct watched_port *port);

#endif
