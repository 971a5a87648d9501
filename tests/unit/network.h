/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network namespace of the test's own, where nobody else has sockets, and sockets in it. Whatever
 * cannot be had fails the test.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stdint.h>

/** Enters the namespace; a group's setup. Says so where it is not possible, and succeeds too. */
int network_enter(void **state);

/** Whether network_enter() could. */
bool network_is_ours(void);

/** A socket of AF_INET or AF_INET6, and of that alone, bound to any address and @p port. */
int network_bind(int family, uint16_t port);

/** One that listens, with a backlog that takes any test's connections. */
int network_listen(int family, uint16_t port);

/** One that is connected to @p port over the loopback. */
int network_connect(int family, uint16_t port);

#endif
