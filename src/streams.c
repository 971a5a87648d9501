/* SPDX-License-Identifier: BSD-2-Clause */
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int streams_open(void)
{
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		if (fcntl(stream, F_GETFD) >= 0)
			continue;
		/* This is the lowest free descriptor: those below it are open. */
		/* NOLINTNEXTLINE(android-cloexec-open): programs inherit their standard streams */
		if (open("/dev/null", O_RDONLY) < 0)
			return -errno;
	}
	return 0;
}

const char *streams_close_output(void)
{
	const bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) != 0 && errno != 0)
		return strerror(errno);
	return failed ? "write error" : NULL;
}

bool streams_write_all(int descriptor, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length > 0) {
		ssize_t written = write(descriptor, next, length);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			next += written;
			length -= (size_t)written;
		}
	}
	return true;
}
