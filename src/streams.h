/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The standard streams of a command, open at the start and written out at the end; complete writes.
 */
#ifndef STREAMS_H
#define STREAMS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Opens /dev/null, for reading, as each standard stream that is closed, so that no file or socket
 * opened later gets its descriptor. Writing to it still fails (EBADF).
 *
 * @return 0 or -errno
 */
int streams_open(void);

/**
 * Flushes and closes standard output.
 *
 * @return NULL, or the reason if any output was lost: a string valid until the next call of
 *         strerror()
 */
const char *streams_close_output(void);

/** Writes all of @p bytes to a blocking descriptor. @return false if that fails */
bool streams_write_all(int descriptor, const void *bytes, size_t length);

#endif
