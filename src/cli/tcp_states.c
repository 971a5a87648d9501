/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-states: how many TCP sockets this machine has in each state.
 */
#include "cli/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	const struct wanted wanted = {.policy = COUNT_DERIVED};
	struct snapshot *snapshot;
	const char *problem;
	int error = local_count(&wanted, &snapshot, &problem);

	if (error != 0) {
		fprintf(stderr, "tcp-states: %s: %s\n", problem, strerror(-error));
		return EXIT_FAILURE;
	}
	for (enum tcp_state state = 0; state < STATES; state++)
		printf("%-12s %9u %9u\n", tcp_state_name(state),
		       snapshot->sockets[FAMILY_IPV4][state],
		       snapshot->sockets[FAMILY_IPV6][state]);
	snapshot_free(snapshot);
	return EXIT_SUCCESS;
}
