/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/local.h"

#include <errno.h>

int local_count(const struct refresh_options *options, const struct watched_ports *ports,
		struct snapshot **snapshot, const char **problem)
{
	struct refresh_options listed = *options;
	struct watches *watches = NULL;
	struct refresher refresher;
	struct refresh refresh;

	if (ports != NULL) {
		watches = watched_ports_watches(ports);
		*problem = "cannot prepare watches";
		if (watches == NULL)
			return -ENOMEM;
	}
	refresher_initialise(&refresher);
	refresher_set_watches(&refresher, watches);
	refresh = refresher_refresh(&refresher, options);
	if (refresh.error == -ENODATA) {
		listed.policy = COUNT_FULL;
		refresh = refresher_refresh(&refresher, &listed);
	}
	refresher_finalise(&refresher);
	if (refresh.error == 0)
		*snapshot = refresh.snapshot;
	else
		*problem = refresh.failed;
	return refresh.error;
}
