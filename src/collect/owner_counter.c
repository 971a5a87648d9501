/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/owner_counter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names without sockets are forgotten if there are more cgroups than this: they may come back. */
#define NAMES_KEPT 2048

enum name_state {
	NAME_WANTED,
	NAME_ASKED,
	NAME_KNOWN,
	NAME_NONE, /* the cgroup is gone, or outside of the cgroup namespace */
};

struct owner_cgroup {
	uint64_t id;
	owner_sockets sockets[LISTINGS];
	enum name_state name_state;
	char name[OWNER_NAME_MAX + 1];
	watch_planes *watched; /* by state, from malloc(); NULL: no sockets of watches */
};

/* ---- the cgroups ---- */

/* The slot of @p id, or the free one where it belongs. Ids are consecutive (fs/kernfs/dir.c). */
static uint32_t *find_slot(const struct owner_counter *counter, uint64_t id)
{
	size_t slot = (size_t)(id * 0x9e3779b97f4a7c15U >> 32) & (counter->slots_count - 1);

	while (counter->slots[slot] != 0 && counter->cgroups[counter->slots[slot] - 1].id != id)
		slot = (slot + 1) & (counter->slots_count - 1);
	return &counter->slots[slot];
}

/* At most half of the slots are used. */
static int grow(struct owner_counter *counter)
{
	const size_t allocated = counter->allocated == 0 ? 64 : 2 * counter->allocated;
	struct owner_cgroup *cgroups = reallocarray(counter->cgroups, allocated, sizeof(*cgroups));
	uint32_t *slots;

	if (cgroups == NULL)
		return -ENOMEM;
	counter->cgroups = cgroups;
	slots = calloc(2 * allocated, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	free(counter->slots);
	counter->slots = slots;
	counter->slots_count = 2 * allocated;
	counter->allocated = allocated;
	for (size_t i = 0; i < counter->count; i++)
		*find_slot(counter, cgroups[i].id) = (uint32_t)i + 1;
	return 0;
}

/* Finds or adds the cgroup @p id. Sets @p cgroup to NULL if there are too many. */
static int find_cgroup(struct owner_counter *counter, uint64_t id, struct owner_cgroup **cgroup)
{
	uint32_t *slot;

	if (counter->last < counter->count && counter->cgroups[counter->last].id == id) {
		*cgroup = &counter->cgroups[counter->last];
		return 0;
	}
	if (counter->count == counter->allocated && counter->count < OWNER_CGROUPS_MAX) {
		int error = grow(counter);

		if (error != 0)
			return error;
	}
	slot = find_slot(counter, id);
	*cgroup = NULL;
	if (*slot == 0 && counter->count == OWNER_CGROUPS_MAX)
		return 0;
	if (*slot == 0) {
		counter->cgroups[counter->count++] = (struct owner_cgroup){.id = id};
		*slot = (uint32_t)counter->count;
	}
	counter->last = *slot - 1;
	*cgroup = &counter->cgroups[counter->last];
	return 0;
}

int owner_counter_add(struct owner_counter *counter, uint64_t id, enum tcp_family family,
		      enum tcp_state state)
{
	struct owner_cgroup *found;
	int error;

	if (!(counter->states >> state & 1))
		return 0;
	if (id == 0) {
		counter->without_cgroup[counter->listing][family][state]++;
		return 0;
	}
	error = find_cgroup(counter, id, &found);
	if (error != 0)
		return error;
	if (found != NULL)
		found->sockets[counter->listing][family][state]++;
	else
		counter->beyond[counter->listing][family][state]++;
	return 0;
}

void owner_counter_clear(struct owner_counter *counter)
{
	const enum listing listing = counter->listing;

	for (size_t i = 0; i < counter->count; i++)
		memset(counter->cgroups[i].sockets[listing], 0, sizeof(owner_sockets));
	memset(counter->without_cgroup[listing], 0, sizeof(owner_sockets));
	memset(counter->beyond[listing], 0, sizeof(owner_sockets));
}

void owner_counter_clear_watched(struct owner_counter *counter)
{
	for (size_t i = 0; i < counter->count; i++) {
		free(counter->cgroups[i].watched);
		counter->cgroups[i].watched = NULL;
	}
}

int owner_counter_add_watched(struct owner_counter *counter, uint64_t id, enum tcp_state state,
			      watch_set watches)
{
	struct owner_cgroup *cgroup;
	int error;

	if (id == 0)
		return 0;
	error = find_cgroup(counter, id, &cgroup);
	if (error != 0 || cgroup == NULL)
		return error;
	if (cgroup->watched == NULL)
		cgroup->watched = calloc(STATES, sizeof(*cgroup->watched));
	if (cgroup->watched == NULL)
		return -ENOMEM;
	add_to_planes(cgroup->watched[state], watches);
	return 0;
}

static bool has_sockets(const owner_sockets *sockets)
{
	static const owner_sockets none;

	return memcmp(sockets, none, sizeof(none)) != 0;
}

static bool is_needed(const struct owner_counter *counter, const struct owner_cgroup *cgroup)
{
	return has_sockets(&cgroup->sockets[LISTING_PARTIAL]) ||
	       has_sockets(&cgroup->sockets[LISTING_FULL]) || cgroup->watched != NULL ||
	       (cgroup->name_state == NAME_KNOWN && counter->count <= NAMES_KEPT);
}

/* Forgets cgroups without sockets in any listing of this refresh, but not names. */
static void forget_empty(struct owner_counter *counter)
{
	size_t kept = 0;

	for (size_t i = 0; i < counter->count; i++) {
		const struct owner_cgroup *cgroup = &counter->cgroups[i];

		if (is_needed(counter, cgroup))
			counter->cgroups[kept++] = *cgroup;
	}
	if (kept == counter->count)
		return;
	counter->count = kept;
	memset(counter->slots, 0, counter->slots_count * sizeof(*counter->slots));
	for (size_t i = 0; i < kept; i++)
		*find_slot(counter, counter->cgroups[i].id) = (uint32_t)i + 1;
}

/* ---- names ---- */

static void use_answer(struct owner_counter *counter)
{
	const struct cgroup_names_answer *answer = counter->answer;

	counter->tree_known = answer->error == 0;
	for (uint32_t i = 0; i < answer->count; i++) {
		const uint32_t slot =
			counter->count == 0 ? 0 : *find_slot(counter, answer->cgroups[i].id);

		if (slot == 0)
			continue;
		strcpy(counter->cgroups[slot - 1].name, answer->cgroups[i].name);
		counter->cgroups[slot - 1].name_state = NAME_KNOWN;
	}
	for (size_t i = 0; i < counter->count; i++) {
		if (counter->cgroups[i].name_state == NAME_ASKED)
			counter->cgroups[i].name_state =
				answer->error == 0 ? NAME_NONE : NAME_WANTED;
	}
}

static void receive_names(struct owner_counter *counter)
{
	if (counter->answer == NULL)
		counter->answer = malloc(sizeof(*counter->answer));
	if (counter->answer != NULL && cgroup_names_receive(&counter->names, counter->answer) == 0)
		use_answer(counter);
}

/* Until it is known whether there is a tree, the request for no name is one for all of them. */
static void request_names(struct owner_counter *counter)
{
	uint64_t ids[CGROUP_NAMES_MAX];
	size_t count = 0;

	if (counter->names.asked)
		return;
	for (size_t i = 0; i < counter->count && count < CGROUP_NAMES_MAX; i++) {
		if (counter->cgroups[i].name_state == NAME_WANTED)
			ids[count++] = counter->cgroups[i].id;
	}
	if (count == 0 && counter->tree_known)
		return;
	if (cgroup_names_request(&counter->names, ids, count) != 0)
		return;
	for (size_t i = 0; i < count; i++)
		counter->cgroups[*find_slot(counter, ids[i]) - 1].name_state = NAME_ASKED;
}

void owner_counter_prefetch(struct owner_counter *counter)
{
	struct owner_cgroup *cgroup;

	if (cgroup_names_request(&counter->names, NULL, 0) != 0)
		return;
	cgroup_names_wait(&counter->names);
	receive_names(counter);
	for (uint32_t i = 0; counter->tree_known && i < counter->answer->count; i++) {
		if (find_cgroup(counter, counter->answer->cgroups[i].id, &cgroup) != 0)
			return;
		strcpy(cgroup->name, counter->answer->cgroups[i].name);
		cgroup->name_state = NAME_KNOWN;
	}
}

/* ---- a refresh ---- */

void owner_counter_begin(struct owner_counter *counter, struct dump *dump, unsigned int states)
{
	counter->active = states != 0 && counter->names.socket >= 0 &&
			  sock_diag_cgroup_support(dump) == CGROUPS_SUPPORTED;
	counter->states = states;
	if (!counter->active)
		return;
	for (counter->listing = 0; counter->listing < LISTINGS; counter->listing++)
		owner_counter_clear(counter);
	owner_counter_clear_watched(counter);
	receive_names(counter);
	request_names(counter);
}

/* Sockets beyond those in the list were only counted: their cgroups are unknown. */
static int add_listening(struct owner_counter *counter, const struct listening_sockets *list,
			 owner_sockets unknown)
{
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		unknown[family][STATE_LISTEN] = list->total[family];
	for (size_t i = 0; i < list->count; i++) {
		const enum tcp_family family = list->sockets[i].endpoint.family;
		int error =
			owner_counter_add(counter, list->sockets[i].cgroup, family, STATE_LISTEN);

		if (error != 0)
			return error;
		unknown[family][STATE_LISTEN]--;
	}
	return 0;
}

static const char *name_of(const struct owner_cgroup *cgroup)
{
	return cgroup->name_state == NAME_KNOWN ? cgroup->name : OWNER_UNKNOWN;
}

static void add_sockets(struct owner_count *owner, const owner_sockets *sockets)
{
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			owner->sockets[family][state] += (*sockets)[family][state];
	}
}

static void raise_unnamed(struct snapshot *snapshot, const owner_sockets *sockets)
{
	for (enum tcp_state state = 0; state < STATES; state++) {
		const uint32_t count =
			(*sockets)[FAMILY_IPV4][state] + (*sockets)[FAMILY_IPV6][state];

		if (count > snapshot->unnamed_max[state])
			snapshot->unnamed_max[state] = count;
	}
}

static void append_owner(struct snapshot *snapshot, const char *name, const owner_sockets *sockets)
{
	struct owner_count *owner = &snapshot->owners[snapshot->owners_count];

	if (!has_sockets(sockets))
		return;
	snapshot->owners_count++;
	strcpy(owner->name, name);
	add_sockets(owner, sockets);
}

static int compare_owners(const void *left, const void *right)
{
	return owner_name_compare(((const struct owner_count *)left)->name,
				  ((const struct owner_count *)right)->name);
}

/* Several cgroups may belong to one owner. */
static void merge_owners(struct snapshot *snapshot)
{
	struct owner_count *owners = snapshot->owners;
	size_t merged = 0;

	qsort(owners, snapshot->owners_count, sizeof(*owners), compare_owners);
	for (size_t i = 0; i < snapshot->owners_count; i++) {
		if (merged > 0 && strcmp(owners[merged - 1].name, owners[i].name) == 0)
			add_sockets(&owners[merged - 1], &owners[i].sockets);
		else
			owners[merged++] = owners[i];
	}
	snapshot->owners_count = merged;
}

/* @param unlisted sockets whose cgroups are unknown */
static int add_owners(const struct owner_counter *counter, const owner_sockets *unlisted,
		      struct snapshot *snapshot)
{
	const enum listing listing = counter->listing;

	snapshot->owners = calloc(counter->count + 3, sizeof(*snapshot->owners));
	if (snapshot->owners == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < counter->count; i++) {
		const struct owner_cgroup *cgroup = &counter->cgroups[i];

		append_owner(snapshot, name_of(cgroup), &cgroup->sockets[listing]);
		if (cgroup->name_state != NAME_KNOWN)
			raise_unnamed(snapshot, &cgroup->sockets[listing]);
	}
	append_owner(snapshot, OWNER_NONE, &counter->without_cgroup[listing]);
	append_owner(snapshot, OWNER_OTHERS, &counter->beyond[listing]);
	append_owner(snapshot, OWNER_UNKNOWN, unlisted);
	merge_owners(snapshot);
	snapshot->owner_states = counter->states;
	return 0;
}

/* ---- the owners of listening endpoints ---- */

/* The names that fit into a text. */
#define LISTEN_OWNERS_MAX (LISTEN_OWNER_SIZE / 3)

struct listen_owner {
	const char *name;
	uint32_t fill; /* of its fullest socket */
};

struct listen_owners {
	struct listen_owner owners[LISTEN_OWNERS_MAX];
	size_t count;
};

static void add_listen_owner(struct listen_owners *owners, const char *name, uint32_t fill)
{
	for (size_t i = 0; i < owners->count; i++) {
		struct listen_owner *owner = &owners->owners[i];

		if (strcmp(owner->name, name) == 0) {
			owner->fill = fill > owner->fill ? fill : owner->fill;
			return;
		}
	}
	if (owners->count < LISTEN_OWNERS_MAX)
		owners->owners[owners->count++] = (struct listen_owner){name, fill};
}

/* Fullest first, then by name. */
static int compare_listen_owners(const void *left, const void *right)
{
	const struct listen_owner *one = left, *other = right;

	if (one->fill != other->fill)
		return one->fill > other->fill ? -1 : 1;
	return owner_name_compare(one->name, other->name);
}

/* Writes whole names only. */
static void write_listen_owners(struct listen_owners *owners, char text[LISTEN_OWNER_SIZE])
{
	size_t length = 0;

	text[0] = '\0';
	qsort(owners->owners, owners->count, sizeof(owners->owners[0]), compare_listen_owners);
	for (size_t i = 0; i < owners->count; i++) {
		const char *name = owners->owners[i].name;

		if (length + (i > 0 ? 2 : 0) + strlen(name) >= LISTEN_OWNER_SIZE)
			return;
		length += (size_t)sprintf(text + length, "%s%s", i > 0 ? ", " : "", name);
	}
}

/* The name of the cgroup of a listening socket, which has one, and was added. */
static const char *owner_of_socket(const struct owner_counter *counter,
				   const struct listening_socket *socket)
{
	const uint32_t slot = socket->cgroup == 0 || counter->count == 0
				      ? 0
				      : *find_slot(counter, socket->cgroup);

	return slot == 0 ? OWNER_UNKNOWN : name_of(&counter->cgroups[slot - 1]);
}

/* Both are in the order of endpoints, but some endpoints may be missing from the snapshot. */
static int add_listen_owners(const struct owner_counter *counter,
			     const struct listening_sockets *list, struct snapshot *snapshot)
{
	size_t socket = 0;

	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		struct listener *listener = &snapshot->listeners[i];
		struct listen_owners owners = {.count = 0};
		char text[LISTEN_OWNER_SIZE];
		int error;

		while (endpoint_compare(&list->sockets[socket].endpoint, &listener->endpoint) < 0)
			socket++;
		for (; socket < list->count &&
		       endpoint_compare(&list->sockets[socket].endpoint, &listener->endpoint) == 0;
		     socket++)
			add_listen_owner(&owners, owner_of_socket(counter, &list->sockets[socket]),
					 listener_fill(list->sockets[socket].queued,
						       list->sockets[socket].backlog));
		write_listen_owners(&owners, text);
		error = snapshot_set_listen_owner(snapshot, listener, text);
		if (error != 0)
			return error;
	}
	return 0;
}

/* ---- the owners of watches ---- */

static int compare_names(const void *left, const void *right)
{
	return owner_name_compare(((const struct watch_owner *)left)->name,
				  ((const struct watch_owner *)right)->name);
}

/* Most sockets first, then by name. */
static int compare_sockets(const void *left, const void *right)
{
	const struct watch_owner *one = left, *other = right;

	if (one->sockets != other->sockets)
		return one->sockets > other->sockets ? -1 : 1;
	return compare_names(left, right);
}

/* Several cgroups may belong to one owner. @return the number of owners that are left */
static size_t rank_watch_owners(struct watch_owner *owners, size_t count)
{
	size_t merged = 0;

	qsort(owners, count, sizeof(*owners), compare_names);
	for (size_t i = 0; i < count; i++) {
		if (merged > 0 && strcmp(owners[merged - 1].name, owners[i].name) == 0)
			owners[merged - 1].sockets += owners[i].sockets;
		else
			owners[merged++] = owners[i];
	}
	qsort(owners, merged, sizeof(*owners), compare_sockets);
	return merged < WATCH_OWNERS_MAX ? merged : WATCH_OWNERS_MAX;
}

static int add_owners_of(const struct owner_counter *counter, size_t watch, enum tcp_state state,
			 struct snapshot *snapshot)
{
	const size_t before = snapshot->watch_owners_count;
	struct watch_owner *owners =
		reallocarray(snapshot->watch_owners, before + counter->count + 1, sizeof(*owners));
	size_t count = 0;

	if (owners == NULL)
		return -ENOMEM;
	snapshot->watch_owners = owners;
	for (size_t i = 0; i < counter->count; i++) {
		const struct owner_cgroup *cgroup = &counter->cgroups[i];
		const uint32_t sockets = cgroup->watched == NULL
						 ? 0
						 : count_in_planes(cgroup->watched[state], watch);
		struct watch_owner *owner = &owners[before + count];

		if (sockets == 0)
			continue;
		*owner = (struct watch_owner){.watch = watch, .state = state, .sockets = sockets};
		strcpy(owner->name, name_of(cgroup));
		count++;
	}
	snapshot->watch_owners_count = before + rank_watch_owners(owners + before, count);
	return 0;
}

static int add_watch_owners(const struct owner_counter *counter, watch_set attributed,
			    struct snapshot *snapshot)
{
	for (size_t watch = 0; watch < snapshot->watches_count; watch++) {
		if (!(attributed >> watch & 1) || !snapshot->watches[watch].known)
			continue;
		for (enum tcp_state state = 0; state < STATES; state++) {
			int error = add_owners_of(counter, watch, state, snapshot);

			if (error != 0)
				return error;
		}
	}
	return 0;
}

int owner_counter_finish(struct owner_counter *counter, enum listing listing,
			 const struct listening_sockets *list, watch_set attributed,
			 struct snapshot *snapshot)
{
	owner_sockets unlisted = {0};
	int error;

	if (!counter->active)
		return 0;
	counter->listing = listing;
	error = add_listening(counter, list, unlisted);
	if (error != 0)
		return error;
	receive_names(counter);
	if (counter->tree_known) {
		snapshot->owners_known = true;
		error = add_owners(counter, &unlisted, snapshot);
		if (error == 0)
			error = add_listen_owners(counter, list, snapshot);
		if (error == 0)
			error = add_watch_owners(counter, attributed, snapshot);
	}
	forget_empty(counter);
	request_names(counter);
	return error;
}

void owner_counter_initialise(struct owner_counter *counter)
{
	*counter = (struct owner_counter){.names.socket = -1};
}

void owner_counter_set_socket(struct owner_counter *counter, int socket)
{
	cgroup_names_finalise(&counter->names);
	counter->names.socket = socket;
}

void owner_counter_finalise(struct owner_counter *counter)
{
	owner_counter_clear_watched(counter);
	cgroup_names_finalise(&counter->names);
	free(counter->cgroups);
	free(counter->slots);
	free(counter->answer);
	owner_counter_initialise(counter);
}
