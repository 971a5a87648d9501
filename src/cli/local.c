/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/local.h"

#include "cgroups.h"
#include "clock.h"

#include <errno.h>
#include <stdlib.h>

/* The sockets of a unit that does not exist are not 0. */
static int check_units(const struct watches *watches, const char **problem)
{
	struct unit_cgroups found;
	const struct watch *watch;
	int error;

	/* All of them have the same conditions. */
	if (watches == NULL || watches->count == 0 || watches->watch[0].units_count == 0)
		return 0;
	watch = &watches->watch[0];
	*problem = "--unit: cannot read cgroups";
	error = cgroups_find(watch->units, watch_units_length(watch), &found);
	if (error != 0)
		return error;
	free(found.cgroups);
	*problem = "--unit: unknown unit";
	return found.count == 0 ? -ESRCH : 0;
}

int local_count(const struct refresh_options *options, const struct watched_ports *ports,
		struct snapshot **snapshot, const char **problem)
{
	struct refresh_options listed = *options;
	struct watches *watches = NULL;
	struct refresher refresher;
	struct refresh refresh;

	if (ports != NULL) {
		int error;

		watches = watched_ports_watches(ports);
		*problem = "cannot prepare watches";
		if (watches == NULL)
			return -ENOMEM;
		error = check_units(watches, problem);
		if (error != 0) {
			free(watches);
			return error;
		}
	}
	refresher_initialise(&refresher);
	refresher_set_units_find(&refresher, cgroups_find);
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

int local_group(const struct grouping *grouping, struct snapshot **snapshot, const char **problem)
{
	struct snapshot *counted = snapshot_new();
	int error;

	*problem = "cannot group sockets";
	if (counted == NULL)
		return -ENOMEM;
	counted->taken_ns = clock_now_ns();
	error = group_counter_count(grouping, &counted->groups, problem);
	if (error != 0)
		snapshot_free(counted);
	else
		*snapshot = counted;
	return error;
}
