/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks up the names of the interfaces of link-local addresses (RFC 4007, section 6).
 */
#ifndef COLLECT_ZONES_H
#define COLLECT_ZONES_H

#include "model/snapshot.h"

/**
 * Stores the names of the interfaces of @p snapshot's listeners in it, except of those that no
 * longer exist. Needs no privilege and opens no file.
 * @return 0 or -errno
 */
int zones_find(struct snapshot *snapshot);

#endif
