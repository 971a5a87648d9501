/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the sockets of watched ports, which the kernel selects by bytecode.
 */
#ifndef COLLECT_PORTS_H
#define COLLECT_PORTS_H

#include "collect/dump.h"
#include "collect/sock_diag.h"
#include "model/port.h"

/**
 * Counts the sockets in @p states that have one of the local ports in @p ports.
 *
 * @param ports with all counts 0; undefined on failure
 * @return 0 or -errno, as sock_diag_count() says
 */
int ports_count(struct dump *dump, socket_states states, struct port_count *ports, size_t count);

#endif
