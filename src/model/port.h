/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sockets that a command shows: of local ports, and with further conditions. Each port or range
 * is a watch named by its numbers.
 */
#ifndef MODEL_PORT_H
#define MODEL_PORT_H

#include "model/snapshot.h"
#include "model/watch.h"

#include <stddef.h>
#include <stdint.h>

#define WATCHED_PORTS_MAX WATCHES_MAX
#define SERVICE_NAME_SIZE 32

/** The name of the watch for conditions without ports. */
#define SELECTION_NAME "selection"

#define PORT_TEXT_SIZE sizeof("65535-65535")

struct watched_port {
	uint16_t number;
	uint16_t last;                   /**< of a range that begins with number; 0: one port */
	char service[SERVICE_NAME_SIZE]; /**< its name in services(5), truncated; "" if it has none
					  */
};

struct watched_ports {
	struct watched_port port[WATCHED_PORTS_MAX]; /**< by number */
	size_t count;
	char conditions[WATCH_TEXT_MAX + 1]; /**< for all of them, as in a watch; "": none */
};

/**
 * Reads a port's number, a range such as 8000-8010, or a name in services(5).
 * @return 0, or -EINVAL if it is none of them
 */
int watched_port_parse(const char *text, struct watched_port *port);

/**
 * Adds a port in order. Adding one that is already there is not an error.
 * @return 0, or -ENOSPC if there are already WATCHED_PORTS_MAX
 */
int watched_ports_add(struct watched_ports *ports, const struct watched_port *port);

/** Writes the number or the range. */
void watched_port_text(const struct watched_port *port, char text[PORT_TEXT_SIZE]);

/** Whether @p number is one of the ports, or there are none. */
bool watched_ports_contain(const struct watched_ports *ports, uint16_t number);

/**
 * Makes the watch of all sockets of the ports together that meet the conditions.
 * @return 0, or -EINVAL, and then @p problem has the reason
 */
int watched_ports_join(const struct watched_ports *ports, struct watch *watch,
		       char problem[WATCH_PROBLEM_SIZE]);

/**
 * Makes a watch of each port, or one of the conditions alone.
 * @return the list, to be freed with free(); NULL if out of memory, or the conditions are not valid
 */
struct watches *watched_ports_watches(const struct watched_ports *ports);

/** The sockets of a port. @return NULL if @p snapshot does not have its watch */
struct watch_count *watched_port_count(const struct snapshot *snapshot,
				       const struct watched_port *port);

#endif
