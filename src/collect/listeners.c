/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/listeners.h"

#include "model/peak.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct tracked_endpoint {
	struct endpoint endpoint;
	uint64_t dropped;
	struct peak fill;
	struct peak queued;
};

struct tracked_socket {
	uint64_t cookie;
	uint32_t dropped;
};

/* The sockets of one endpoint in the list. */
struct socket_group {
	const struct listening_socket *first;
	size_t count;
};

void listeners_initialise(struct listeners *listeners)
{
	*listeners = (struct listeners){.sockets_max = LISTENING_SOCKETS_MAX};
}

void listeners_forget_sockets(struct listeners *listeners)
{
	listening_sockets_free(&listeners->list);
	listeners->syn_queues = (struct syn_queues){0};
}

void listeners_finalise(struct listeners *listeners)
{
	listeners_forget_sockets(listeners);
	free(listeners->endpoints);
	free(listeners->drops);
	listeners_initialise(listeners);
}

/* ---- merging the sockets of an endpoint ---- */

/* Sets @p group to the endpoint after it; the first one if it is empty. Returns false at the end.
 */
static bool next_group(const struct listening_sockets *list, struct socket_group *group)
{
	const struct listening_socket *end;

	if (list->count == 0)
		return false;
	end = list->sockets + list->count;
	group->first = group->count == 0 ? list->sockets : group->first + group->count;
	group->count = 0;
	while (group->first + group->count < end &&
	       endpoint_compare(&group->first[group->count].endpoint, &group->first->endpoint) == 0)
		group->count++;
	return group->count > 0;
}

static uint32_t fill_of_fullest(const struct socket_group *group)
{
	uint32_t fullest = 0;

	for (size_t i = 0; i < group->count; i++) {
		uint32_t fill = listener_fill(group->first[i].queued, group->first[i].backlog);

		fullest = fill > fullest ? fill : fullest;
	}
	return fullest;
}

static void add_device(struct listener *listener, uint32_t device)
{
	if (listener->devices_count > LISTENER_DEVICES ||
	    (listener->devices_count > 0 &&
	     listener->devices[listener->devices_count - 1] == device))
		return;
	if (listener->devices_count < LISTENER_DEVICES)
		listener->devices[listener->devices_count] = device;
	listener->devices_count++;
}

static struct listener merge_sockets(const struct socket_group *group)
{
	struct listener listener = {
		.endpoint = group->first->endpoint,
		.sockets = (uint32_t)group->count,
		.fill = fill_of_fullest(group),
	};

	for (size_t i = 0; i < group->count; i++) {
		const struct listening_socket *socket = &group->first[i];

		listener.queued += socket->queued;
		listener.backlog += socket->backlog;
		listener.dropped += socket->dropped;
		add_device(&listener, socket->device);
	}
	if (listener.devices_count == 1 && listener.devices[0] == 0)
		listener.devices_count = 0;
	listener.fill_max = listener.fill;
	listener.queued_max = listener.queued > UINT32_MAX ? UINT32_MAX : (uint32_t)listener.queued;
	return listener;
}

/* ---- tracking ---- */

/* Endpoints are visited in order; @p i is where the search for the next one begins. */
static const struct tracked_endpoint *find_tracked(const struct listeners *listeners, size_t *i,
						   const struct endpoint *endpoint)
{
	int order = -1;

	for (; *i < listeners->endpoints_count; ++*i) {
		order = endpoint_compare(&listeners->endpoints[*i].endpoint, endpoint);
		if (order >= 0)
			break;
	}
	return order == 0 ? &listeners->endpoints[*i] : NULL;
}

static int compare_tracked_sockets(const void *left, const void *right)
{
	uint64_t one = ((const struct tracked_socket *)left)->cookie;
	uint64_t other = ((const struct tracked_socket *)right)->cookie;

	return (one > other) - (one < other);
}

/* What @p socket has discarded since the previous refresh; the kernel's counter has 32 bits. */
static uint32_t new_drops(const struct listeners *listeners, const struct listening_socket *socket)
{
	const struct tracked_socket key = {.cookie = socket->cookie};
	const struct tracked_socket *before = NULL;

	if (listeners->drops_count > 0)
		before = bsearch(&key, listeners->drops, listeners->drops_count, sizeof(key),
				 compare_tracked_sockets);
	return socket->dropped - (before == NULL ? 0 : before->dropped);
}

/* A new endpoint begins with what its sockets have discarded so far. */
static void track_endpoint(const struct listeners *listeners, const struct socket_group *group,
			   const struct tracked_endpoint *before, int64_t now_ns, int64_t window_ns,
			   struct listener *listener, struct tracked_endpoint *now)
{
	*now = (struct tracked_endpoint){.endpoint = listener->endpoint};
	if (before != NULL) {
		*now = *before;
		for (size_t i = 0; i < group->count; i++)
			now->dropped += new_drops(listeners, &group->first[i]);
		listener->dropped = now->dropped;
	}
	now->dropped = listener->dropped;
	listener->fill_max = peak_add(&now->fill, now_ns, listener->fill, now_ns - window_ns);
	listener->queued_max =
		peak_add(&now->queued, now_ns, listener->queued_max, now_ns - window_ns);
}

/* ---- choosing the fullest endpoints ---- */

struct ranking {
	uint32_t *fill_max; /* of each endpoint, in their order, within the window */
	size_t count;
	uint32_t last_fill; /* endpoints that were fuller are chosen, and ... */
	size_t last_count;  /* ... so many that were as full, the lowest addresses first */
};

static int compare_fill(const void *left, const void *right)
{
	uint32_t one = *(const uint32_t *)left, other = *(const uint32_t *)right;

	return (one < other) - (one > other);
}

static void rank_endpoints(const struct listeners *listeners, int64_t since_ns,
			   struct snapshot *snapshot, struct ranking *ranking)
{
	struct socket_group group = {0};
	size_t tracked = 0;

	while (next_group(&listeners->list, &group)) {
		const struct tracked_endpoint *before =
			find_tracked(listeners, &tracked, &group.first->endpoint);
		uint32_t fill = fill_of_fullest(&group);
		uint32_t peak = before == NULL ? 0 : peak_since(&before->fill, since_ns);

		ranking->fill_max[ranking->count++] = fill > peak ? fill : peak;
		if (fill > snapshot->listen_fill)
			snapshot->listen_fill = fill;
	}
}

static int choose_last(struct ranking *ranking, size_t limit)
{
	uint32_t *ordered;

	if (ranking->count <= limit) {
		ranking->last_count = ranking->count;
		return 0;
	}
	ordered = malloc(ranking->count * sizeof(*ordered));
	if (ordered == NULL)
		return -ENOMEM;
	memcpy(ordered, ranking->fill_max, ranking->count * sizeof(*ordered));
	qsort(ordered, ranking->count, sizeof(*ordered), compare_fill);
	ranking->last_fill = ordered[limit - 1];
	ranking->last_count = limit;
	while (ranking->last_count > 0 && ordered[limit - ranking->last_count] > ranking->last_fill)
		ranking->last_count--;
	free(ordered);
	return 0;
}

static bool is_chosen(struct ranking *ranking, size_t endpoint)
{
	if (ranking->fill_max[endpoint] != ranking->last_fill || ranking->last_count == 0)
		return ranking->fill_max[endpoint] > ranking->last_fill;
	ranking->last_count--;
	return true;
}

/* ---- the endpoints of a snapshot ---- */

struct chosen {
	struct listener *listeners;
	struct tracked_endpoint *endpoints; /* NULL: they are not tracked */
	size_t count;
	struct tracked_socket *drops;
	size_t drops_count;
};

static void free_chosen(struct chosen *chosen)
{
	free(chosen->listeners);
	free(chosen->endpoints);
	free(chosen->drops);
}

static int allocate_chosen(const struct listening_sockets *list, bool tracked, size_t count,
			   struct chosen *chosen)
{
	size_t drops = 0;

	chosen->listeners = calloc(count + 1, sizeof(*chosen->listeners));
	if (chosen->listeners == NULL)
		return -ENOMEM;
	if (!tracked)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		drops += list->sockets[i].dropped > 0;
	chosen->endpoints = calloc(count + 1, sizeof(*chosen->endpoints));
	chosen->drops = calloc(drops + 1, sizeof(*chosen->drops));
	return chosen->endpoints == NULL || chosen->drops == NULL ? -ENOMEM : 0;
}

static void remember_drops(const struct socket_group *group, struct chosen *chosen)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct listening_socket *socket = &group->first[i];

		if (socket->dropped > 0)
			chosen->drops[chosen->drops_count++] =
				(struct tracked_socket){socket->cookie, socket->dropped};
	}
}

static void fill_chosen(const struct listeners *listeners, int64_t now_ns, int64_t window_ns,
			struct ranking *ranking, struct chosen *chosen)
{
	struct socket_group group = {0};
	size_t tracked = 0;

	for (size_t endpoint = 0; next_group(&listeners->list, &group); endpoint++) {
		struct listener *listener = &chosen->listeners[chosen->count];

		if (!is_chosen(ranking, endpoint))
			continue;
		*listener = merge_sockets(&group);
		if (chosen->endpoints != NULL) {
			const struct tracked_endpoint *before =
				find_tracked(listeners, &tracked, &listener->endpoint);

			track_endpoint(listeners, &group, before, now_ns, window_ns, listener,
				       &chosen->endpoints[chosen->count]);
			remember_drops(&group, chosen);
		}
		chosen->count++;
	}
}

/* The chosen endpoints are tracked from now on. */
static void adopt_chosen(struct listeners *listeners, const struct chosen *chosen,
			 struct snapshot *snapshot)
{
	const bool tracked = chosen->endpoints != NULL;

	free(listeners->endpoints);
	free(listeners->drops);
	listeners->endpoints = chosen->endpoints;
	listeners->endpoints_count = tracked ? chosen->count : 0;
	listeners->drops = chosen->drops;
	listeners->drops_count = chosen->drops_count;
	if (tracked)
		qsort(listeners->drops, listeners->drops_count, sizeof(*listeners->drops),
		      compare_tracked_sockets);
	snapshot->listeners = chosen->listeners;
	snapshot->listeners_count = chosen->count;
	snapshot->listeners_tracked = tracked;
}

static int merge_list(struct listeners *listeners, const struct listeners_limit *limit,
		      struct snapshot *snapshot)
{
	struct listening_sockets *list = &listeners->list;
	struct ranking ranking = {.fill_max = calloc(list->count + 1, sizeof(*ranking.fill_max))};
	struct chosen chosen = {0};
	size_t count;
	int error;

	if (ranking.fill_max == NULL)
		return -ENOMEM;
	if (list->count > 1)
		qsort(list->sockets, list->count, sizeof(*list->sockets), listening_socket_compare);
	rank_endpoints(listeners, snapshot->taken_ns - limit->window_ns, snapshot, &ranking);
	count = ranking.count;
	if (limit->endpoints > 0 && limit->endpoints < count)
		count = limit->endpoints;
	error = choose_last(&ranking, count);
	if (error != 0)
		goto cleanup;
	error = allocate_chosen(list, limit->endpoints > 0, count, &chosen);
	if (error != 0) {
		free_chosen(&chosen);
		goto cleanup;
	}
	fill_chosen(listeners, snapshot->taken_ns, limit->window_ns, &ranking, &chosen);
	adopt_chosen(listeners, &chosen, snapshot);
	snapshot->listeners_omitted = (uint32_t)(ranking.count - chosen.count);
	listeners->syn_queues = (struct syn_queues){.sockets = list, .snapshot = snapshot};

cleanup:
	free(ranking.fill_max);
	return error;
}

int listeners_list(struct listeners *listeners, struct dump *dump,
		   const struct listeners_limit *limit, struct snapshot *snapshot)
{
	struct listening_sockets *list = &listeners->list;
	size_t max = limit->endpoints > 0 ? listeners->sockets_max : SIZE_MAX;
	int error;

	listeners_forget_sockets(listeners);
	error = listening_sockets_list(list, dump, max);
	if (error != 0)
		return error;
	error = merge_list(listeners, limit, snapshot);
	if (error != 0)
		return error;
	snapshot->listeners_omitted +=
		list->total[FAMILY_IPV4] + list->total[FAMILY_IPV6] - (uint32_t)list->count;
	return 0;
}
