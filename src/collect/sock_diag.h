/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's TCP sockets, counted through sock_diag (net/ipv4/inet_diag.c).
 */
#ifndef COLLECT_SOCK_DIAG_H
#define COLLECT_SOCK_DIAG_H

#include "collect/dump.h"
#include "model/snapshot.h"

/**
 * Counts every TCP socket of the network namespace, both families in one walk of the kernel's
 * tables. Needs no privilege.
 *
 * @param sockets is written only on success
 * @return 0 or -errno, as dump_run() says; -EPROTO also for a family or a state that this program
 *         does not know, because a count that leaves sockets out would be wrong
 */
int sock_diag_count(struct dump *dump, uint32_t sockets[FAMILIES][STATES]);

#endif
