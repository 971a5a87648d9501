/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/syn_queues.h"

#include <string.h>

#define CANDIDATES_MAX 4

void syn_queues_clear(struct syn_queues *queues)
{
	struct snapshot *snapshot = queues->snapshot;

	for (size_t i = 0; snapshot != NULL && i < snapshot->listeners_count; i++)
		snapshot->listeners[i].syn_queue = 0;
}

/* The first socket at @p endpoint that is bound to @p device or a later one, or NULL. */
static const struct listening_socket *first_socket(const struct listening_sockets *list,
						   const struct endpoint *endpoint, uint32_t device)
{
	const struct listening_socket key = {.endpoint = *endpoint, .device = device};
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (listening_socket_compare(&list->sockets[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->count || endpoint_compare(&list->sockets[low].endpoint, endpoint) != 0)
		return NULL;
	return &list->sockets[low];
}

/* Whether a socket at @p endpoint is bound to @p device or to no interface. */
static bool takes_requests(const struct listening_sockets *list, const struct endpoint *endpoint,
			   uint32_t device)
{
	const struct listening_socket *first = first_socket(list, endpoint, 0);

	if (first == NULL || first->device == 0)
		return first != NULL;
	first = first_socket(list, endpoint, device);
	return first != NULL && first->device == device;
}

static struct endpoint wildcard(enum tcp_family family, uint16_t port)
{
	return (struct endpoint){.family = family, .port = port};
}

static struct endpoint mapped(const struct endpoint *ipv4)
{
	struct endpoint endpoint = wildcard(FAMILY_IPV6, ipv4->port);

	memset(endpoint.address + 10, 0xff, 2);
	memcpy(endpoint.address + 12, ipv4->address, ADDRESS_SIZE_IPV4);
	return endpoint;
}

/* The endpoints that may take a request to @p to, in the order in which the kernel prefers them. */
static size_t list_candidates(const struct endpoint *to, struct endpoint candidates[CANDIDATES_MAX])
{
	size_t count = 0;

	candidates[count++] = *to;
	candidates[count++] = wildcard(to->family, to->port);
	if (to->family == FAMILY_IPV6)
		return count;
	candidates[count++] = mapped(to);
	candidates[count++] = wildcard(FAMILY_IPV6, to->port);
	return count;
}

/* A request has the interface of the socket that took it, if that is bound to one. */
static struct listener *find_target(const struct syn_queues *queues, const struct endpoint *to,
				    uint32_t device)
{
	struct endpoint candidates[CANDIDATES_MAX];
	size_t count = list_candidates(to, candidates);

	for (size_t i = 0; i < count; i++) {
		if (takes_requests(queues->sockets, &candidates[i], device))
			return snapshot_listener(queues->snapshot, &candidates[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (first_socket(queues->sockets, &candidates[i], 0) != NULL)
			return snapshot_listener(queues->snapshot, &candidates[i]);
	}
	return NULL;
}

static size_t target_hash(const struct endpoint *to, uint32_t device)
{
	uint32_t hash = to->port * UINT32_C(31) + device;

	for (size_t i = 0; i < sizeof(to->address); i++)
		hash = hash * 31 + to->address[i];
	return hash % SYN_QUEUE_TARGETS;
}

void syn_queues_add(struct syn_queues *queues, const struct socket_message *request)
{
	const struct endpoint to = socket_endpoint(request);
	const uint32_t device = request->socket->id.idiag_if;
	struct syn_queue_target *target = &queues->targets[target_hash(&to, device)];

	if (queues->snapshot == NULL)
		return;
	if (!target->known || target->device != device || endpoint_compare(&target->to, &to) != 0)
		*target = (struct syn_queue_target){
			.to = to,
			.device = device,
			.known = true,
			.listener = find_target(queues, &to, device),
		};
	if (target->listener != NULL)
		target->listener->syn_queue++;
}
