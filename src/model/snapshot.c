/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/snapshot.h"

#include "model/agent_details.h"

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

bool snapshot_has_owners(const struct snapshot *snapshot, enum tcp_state state)
{
	return snapshot->owners_known && (snapshot->owner_states >> state & 1) != 0;
}

/* Neighbouring endpoints often have the same owners. */
int snapshot_set_listen_owner(struct snapshot *snapshot, struct listener *listener,
			      const char *text)
{
	const size_t size = strlen(text) + 1;

	if (listener > snapshot->listeners &&
	    strcmp(text, snapshot->listen_owners + listener[-1].owner) == 0) {
		listener->owner = listener[-1].owner;
		return 0;
	}
	if (snapshot->listen_owners_length + size > snapshot->listen_owners_allocated) {
		const size_t allocated = 2 * snapshot->listen_owners_allocated + size;
		char *texts = realloc(snapshot->listen_owners, allocated);

		if (texts == NULL)
			return -ENOMEM;
		snapshot->listen_owners = texts;
		snapshot->listen_owners_allocated = allocated;
	}
	listener->owner = (uint32_t)snapshot->listen_owners_length;
	memcpy(snapshot->listen_owners + listener->owner, text, size);
	snapshot->listen_owners_length += size;
	return 0;
}

const char *snapshot_listen_owner(const struct snapshot *snapshot, const struct listener *listener)
{
	return snapshot->owners_known ? snapshot->listen_owners + listener->owner : NULL;
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
	free(snapshot->owners);
	free(snapshot->watch_owners);
	free(snapshot->listen_owners);
	groups_finalise(&snapshot->groups);
	if (snapshot->agent != NULL)
		free(snapshot->agent->raised);
	free(snapshot->agent);
	free(snapshot);
}
