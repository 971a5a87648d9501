/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/sock_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* One socket. Its cookie is never another's (net/core/sock_diag.c, __sock_gen_cookie). */
struct found {
	uint64_t cookie;
	struct listener listener;
};

struct found_list {
	struct found *found;
	size_t count;
	size_t capacity;
};

static int make_room(struct found_list *list)
{
	size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
	struct found *found;

	if (list->count < list->capacity)
		return 0;
	found = realloc(list->found, capacity * sizeof(*found));
	if (found == NULL)
		return -ENOMEM;
	list->found = found;
	list->capacity = capacity;
	return 0;
}

/* Only a link-local address means different things on different interfaces (RFC 4007, section 6).
 */
static uint32_t zone_of(const struct socket_message *message)
{
	const struct in6_addr *address = (const struct in6_addr *)message->socket->id.idiag_src;

	if (message->family == FAMILY_IPV6 && IN6_IS_ADDR_LINKLOCAL(address))
		return message->socket->id.idiag_if;
	return 0;
}

static struct endpoint endpoint_of(const struct socket_message *message)
{
	struct endpoint endpoint = {
		.family = message->family,
		.zone = zone_of(message),
		.port = ntohs(message->socket->id.idiag_sport),
	};

	memcpy(endpoint.address, message->socket->id.idiag_src,
	       message->family == FAMILY_IPV4 ? ADDRESS_SIZE_IPV4 : ADDRESS_SIZE_IPV6);
	return endpoint;
}

static int find_drops(const struct nlattr *attribute, void *drops)
{
	const uint32_t *memory = mnl_attr_get_payload(attribute);

	if (mnl_attr_get_type(attribute) != INET_DIAG_SKMEMINFO ||
	    mnl_attr_get_payload_len(attribute) <= SK_MEMINFO_DROPS * sizeof(*memory))
		return MNL_CB_OK;
	*(uint32_t *)drops = memory[SK_MEMINFO_DROPS];
	return MNL_CB_STOP;
}

static uint64_t cookie_of(const struct inet_diag_msg *socket)
{
	return socket->id.idiag_cookie[0] | (uint64_t)socket->id.idiag_cookie[1] << 32;
}

static int add_listener(const struct nlmsghdr *message, void *context)
{
	struct found_list *list = context;
	struct socket_message read;
	struct listener *listener;
	int error = sock_diag_read(message, &read);

	if (error == 0)
		error = make_room(list);
	if (error != 0)
		return error;
	list->found[list->count].cookie = cookie_of(read.socket);
	listener = &list->found[list->count++].listener;
	listener->endpoint = endpoint_of(&read);
	listener->sockets = 1;
	/* net/ipv4/tcp_diag.c, tcp_diag_get_info */
	listener->queued = read.socket->idiag_rqueue;
	listener->backlog = read.socket->idiag_wqueue;
	if (mnl_attr_parse(message, sizeof(*read.socket), find_drops, &listener->dropped) !=
	    MNL_CB_STOP)
		return -EPROTO;
	return 0;
}

static int add_listeners(struct dump *dump, struct found_list *list)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req body;
	} request;

	request.header = sock_diag_request(SOCKETS_LISTENING, &request.body, sizeof(request));
	request.body.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
	return dump_run(dump, &request.header, add_listener, list);
}

static int compare_cookies(const void *left, const void *right)
{
	uint64_t one = ((const struct found *)left)->cookie;
	uint64_t other = ((const struct found *)right)->cookie;

	return (one > other) - (one < other);
}

static void keep_one_of_each(struct found_list *list)
{
	size_t kept = 1;

	qsort(list->found, list->count, sizeof(*list->found), compare_cookies);
	for (size_t next = 1; next < list->count; next++) {
		if (compare_cookies(&list->found[kept - 1], &list->found[next]) != 0)
			list->found[kept++] = list->found[next];
	}
	list->count = kept;
}

/*
 * Between two pieces of a dump the kernel keeps its place as a number of sockets in a row of its
 * table (net/ipv4/inet_diag.c, inet_diag_dump_icsk). One of them that is closed meanwhile makes it
 * pass over another, which is not told, and one that is opened makes it tell another twice. So what
 * comes in pieces is listed again: a socket that either list has was there.
 */
static int list_all(struct dump *dump, struct found_list *list)
{
	int error = add_listeners(dump, list);

	if (error != 0 || dump->pieces <= 1)
		return error;
	error = add_listeners(dump, list);
	if (error == 0)
		keep_one_of_each(list);
	return error;
}

static int merge(const struct found_list *list, struct listener **listeners, size_t *count)
{
	struct listener *merged = calloc(list->count, sizeof(*merged));

	if (merged == NULL && list->count > 0)
		return -ENOMEM;
	for (size_t place = 0; place < list->count; place++)
		merged[place] = list->found[place].listener;
	*listeners = merged;
	*count = listeners_merge(merged, list->count);
	return 0;
}

int sock_diag_list_listeners(struct dump *dump, struct listener **listeners, size_t *count)
{
	struct found_list list = {0};
	int error = list_all(dump, &list);

	if (error == 0)
		error = merge(&list, listeners, count);
	free(list.found);
	return error;
}
