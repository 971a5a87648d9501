/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct snapshot *snapshot_new(void)
{
	return calloc(1, sizeof(struct snapshot));
}

int snapshot_add_watches(struct snapshot *snapshot, size_t count)
{
	if (count == 0)
		return 0;
	snapshot->watches = calloc(count, sizeof(*snapshot->watches));
	if (snapshot->watches == NULL)
		return -ENOMEM;
	snapshot->watches_count = count;
	return 0;
}

static int compare_watch_count(const void *name, const void *watch)
{
	return watch_name_compare(name, ((const struct watch_count *)watch)->name);
}

struct watch_count *snapshot_watch(const struct snapshot *snapshot, const char *name)
{
	if (snapshot->watches_count == 0)
		return NULL;
	return bsearch(name, snapshot->watches, snapshot->watches_count, sizeof(*snapshot->watches),
		       compare_watch_count);
}

bool watch_counts(const struct watch_count *watch, enum tcp_state state)
{
	return watch->known &&
	       !(watch->by_unit && (state == STATE_SYN_RECEIVED || state == STATE_TIME_WAIT));
}

static int compare_endpoint(const void *endpoint, const void *listener)
{
	return endpoint_compare(endpoint, &((const struct listener *)listener)->endpoint);
}

struct listener *snapshot_listener(const struct snapshot *snapshot, const struct endpoint *endpoint)
{
	if (snapshot->listeners_count == 0)
		return NULL;
	return bsearch(endpoint, snapshot->listeners, snapshot->listeners_count,
		       sizeof(*snapshot->listeners), compare_endpoint);
}

uint32_t snapshot_zone(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->zones_count; i++) {
		if (strcmp(snapshot->zones[i].name, name) == 0)
			return snapshot->zones[i].index;
	}
	return 0;
}

uint32_t snapshot_total(const struct snapshot *snapshot, enum tcp_state state)
{
	return snapshot->sockets[FAMILY_IPV4][state] + snapshot->sockets[FAMILY_IPV6][state];
}

bool snapshot_counts(const struct snapshot *snapshot, enum tcp_state state)
{
	return state != STATE_CLOSED || snapshot->closed_counted;
}

bool snapshot_counts_watch(const struct snapshot *snapshot, const struct watch_count *watch,
			   enum tcp_state state)
{
	return snapshot_counts(snapshot, state) && (watch == NULL || watch_counts(watch, state));
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	free(snapshot->listeners);
	free(snapshot->zones);
	free(snapshot->watches);
	free(snapshot);
}
