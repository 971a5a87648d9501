/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of the interfaces that the sockets of an endpoint are bound to.
 */
#ifndef CLI_DEVICES_H
#define CLI_DEVICES_H

#include "model/listener.h"

#include <net/if.h>

/** The names of one endpoint, separated by spaces, which names do not contain (net/core/dev.c). */
#define DEVICES_TEXT_SIZE ((LISTENER_DEVICES + 1) * IF_NAMESIZE)

/**
 * The name of the interface @p i of @p listener's devices_count: "*" stands for all interfaces, and
 * "..." for those beyond LISTENER_DEVICES. A name may contain any octet except '/', ':' and space.
 * An interface that no longer exists is shown by its number.
 */
void devices_name(const struct listener *listener, size_t i, char name[IF_NAMESIZE]);

/** All names, or "" if no socket is bound to an interface. */
void devices_text(const struct listener *listener, char text[DEVICES_TEXT_SIZE]);

#endif
