/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A separate network namespace, and sockets in it. Errors fail the test.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stdint.h>

/** Enters the namespace; a group's setup. If this is impossible, prints so and returns success. */
int network_enter(void **state);

/** Whether network_enter() has entered the namespace. */
bool network_is_ours(void);

/** Creates a socket of AF_INET or AF_INET6 only, bound to any address and @p port. */
int network_bind(int family, uint16_t port);

/** Creates a listening socket with a backlog that suffices for any test. */
int network_listen(int family, uint16_t port);

/** Creates a socket that is connected to @p port over loopback. */
int network_connect(int family, uint16_t port);

#endif
