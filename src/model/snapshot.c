/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/snapshot.h"

#include <stdlib.h>

struct snapshot *snapshot_new(void)
{
	return calloc(1, sizeof(struct snapshot));
}

uint32_t snapshot_total(const struct snapshot *snapshot, enum tcp_state state)
{
	return snapshot->sockets[FAMILY_IPV4][state] + snapshot->sockets[FAMILY_IPV6][state];
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	free(snapshot->listeners);
	free(snapshot->ports);
	free(snapshot);
}
