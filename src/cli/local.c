/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/local.h"

#include <errno.h>

int local_count(const struct wanted *wanted, struct snapshot **snapshot, const char **problem)
{
	struct wanted listed = *wanted;
	struct gatherer gatherer;
	struct refresh refresh;

	gatherer_initialise(&gatherer);
	refresh = gatherer_refresh(&gatherer, wanted);
	if (refresh.error == -ENODATA) {
		listed.policy = COUNT_FULL;
		refresh = gatherer_refresh(&gatherer, &listed);
	}
	gatherer_finalise(&gatherer);
	if (refresh.error == 0)
		*snapshot = refresh.snapshot;
	else
		*problem = refresh.failed;
	return refresh.error;
}
