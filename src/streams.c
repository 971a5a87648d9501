/* SPDX-License-Identifier: BSD-2-Clause */
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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
