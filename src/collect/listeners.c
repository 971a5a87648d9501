/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/sock_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct listener_list {
	struct listener *listeners;
	size_t count;
	size_t capacity;
};

static int make_room(struct listener_list *list)
{
	size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
	struct listener *listeners;

	if (list->count < list->capacity)
		return 0;
	listeners = realloc(list->listeners, capacity * sizeof(*listeners));
	if (listeners == NULL)
		return -ENOMEM;
	list->listeners = listeners;
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

static int add_listener(const struct nlmsghdr *message, void *context)
{
	struct listener_list *list = context;
	struct socket_message read;
	struct listener *listener;
	int error = sock_diag_read(message, &read);

	if (error == 0)
		error = make_room(list);
	if (error != 0)
		return error;
	listener = &list->listeners[list->count++];
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

int sock_diag_list_listeners(struct dump *dump, struct listener **listeners, size_t *count)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req body;
	} request;
	struct listener_list list = {0};
	int error;

	request.header = sock_diag_request(SOCKETS_LISTENING, &request.body, sizeof(request));
	request.body.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
	error = dump_run(dump, &request.header, add_listener, &list);
	if (error != 0) {
		free(list.listeners);
		return error;
	}
	*listeners = list.listeners;
	*count = listeners_merge(list.listeners, list.count);
	return 0;
}
