/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads tcpListenQueueTable with GETBULK, several columns at a time, so that rows are complete.
 */
#ifndef CLIENT_LISTEN_ROWS_H
#define CLIENT_LISTEN_ROWS_H

#include "client/query.h"

/** Reads all rows. Endpoints that appear or disappear meanwhile may be missing; no others are. */
void listen_rows_read(struct query *query);

#endif
