/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads objects whose names are known in advance, with GET: the health of the agent, counts by
 * family and state, the host, and the watches of local ports.
 */
#ifndef CLIENT_FIXED_ROWS_H
#define CLIENT_FIXED_ROWS_H

#include "client/query.h"
#include "model/port.h"

/**
 * Reads these objects. The counts of all sockets are from one refresh, and so are those of a port;
 * the outcome is OUTCOME_MIXED if these refreshes differ.
 */
void fixed_rows_read(struct query *query, const struct watched_ports *ports);

/** Reads all watches: their conditions, use of local ports, and counts. */
void fixed_rows_read_watches(struct query *query);

#endif
