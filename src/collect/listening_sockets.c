/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/listening_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* A dump whose sockets are added to a list. */
struct list_dump {
	struct listening_sockets *list;
	size_t max;
	size_t known;              /* sockets of the previous dump, ordered by cookie */
	uint32_t beyond[FAMILIES]; /* sockets that were only counted */
};

void listening_sockets_free(struct listening_sockets *list)
{
	free(list->sockets);
	*list = (struct listening_sockets){0};
}

int listening_socket_compare(const void *left, const void *right)
{
	const struct listening_socket *one = left, *other = right;
	int order = endpoint_compare(&one->endpoint, &other->endpoint);

	return order != 0 ? order : (one->device > other->device) - (one->device < other->device);
}

struct endpoint socket_endpoint(const struct socket_message *message)
{
	const struct inet_diag_sockid *id = &message->socket->id;
	struct endpoint endpoint = {
		.family = message->family,
		.port = ntohs(id->idiag_sport),
	};

	memcpy(endpoint.address, id->idiag_src,
	       message->family == FAMILY_IPV4 ? ADDRESS_SIZE_IPV4 : ADDRESS_SIZE_IPV6);
	/* Only link-local addresses depend on the interface (RFC 4007, section 6). */
	if (message->family == FAMILY_IPV6 &&
	    IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)id->idiag_src))
		endpoint.zone = id->idiag_if;
	return endpoint;
}

struct listening_attributes {
	bool has_drops;
	uint32_t drops;
	uint64_t cgroup;
};

static int read_listening_attribute(const struct nlattr *attribute, void *context)
{
	struct listening_attributes *attributes = context;
	const uint32_t *memory = mnl_attr_get_payload(attribute);

	sock_diag_read_cgroup(attribute, &attributes->cgroup);
	if (mnl_attr_get_type(attribute) == INET_DIAG_SKMEMINFO &&
	    mnl_attr_get_payload_len(attribute) > SK_MEMINFO_DROPS * sizeof(*memory)) {
		attributes->has_drops = true;
		attributes->drops = memory[SK_MEMINFO_DROPS];
	}
	return MNL_CB_OK;
}

static int read_listening_socket(const struct nlmsghdr *message, const struct socket_message *read,
				 struct listening_socket *socket)
{
	const struct inet_diag_msg *payload = read->socket;
	struct listening_attributes attributes = {0};

	mnl_attr_parse(message, sizeof(*payload), read_listening_attribute, &attributes);
	if (!attributes.has_drops)
		return -EPROTO;
	*socket = (struct listening_socket){
		.cookie = payload->id.idiag_cookie[0] | (uint64_t)payload->id.idiag_cookie[1] << 32,
		.endpoint = socket_endpoint(read),
		.cgroup = attributes.cgroup,
		.dropped = attributes.drops,
		.device = payload->id.idiag_if,
		/* net/ipv4/tcp_diag.c, tcp_diag_get_info */
		.queued = payload->idiag_rqueue,
		.backlog = payload->idiag_wqueue,
	};
	return 0;
}

static int compare_cookies(const void *left, const void *right)
{
	uint64_t one = ((const struct listening_socket *)left)->cookie;
	uint64_t other = ((const struct listening_socket *)right)->cookie;

	return (one > other) - (one < other);
}

static int append_socket(struct listening_sockets *list, const struct listening_socket *socket)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
		struct listening_socket *sockets =
			realloc(list->sockets, capacity * sizeof(*sockets));

		if (sockets == NULL)
			return -ENOMEM;
		list->sockets = sockets;
		list->capacity = capacity;
	}
	list->sockets[list->count++] = *socket;
	return 0;
}

static int add_listening_socket(const struct nlmsghdr *message, void *context)
{
	struct list_dump *list_dump = context;
	struct listening_sockets *list = list_dump->list;
	struct listening_socket socket;
	struct socket_message read;
	int error = sock_diag_read(message, &read);

	if (error != 0)
		return error;
	error = read_listening_socket(message, &read, &socket);
	if (error != 0)
		return error;
	/* It may have been closed since the kernel picked it, or be in the previous dump. */
	if (read.state != STATE_LISTEN ||
	    (list_dump->known > 0 && bsearch(&socket, list->sockets, list_dump->known,
					     sizeof(socket), compare_cookies) != NULL))
		return 0;
	if (list->count >= list_dump->max) {
		list_dump->beyond[read.family]++;
		return 0;
	}
	return append_socket(list, &socket);
}

static int dump_listening_sockets(struct dump *dump, struct list_dump *list_dump)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req body;
	} request;

	request.header = sock_diag_request(SOCKETS_LISTENING, &request.body, sizeof(request));
	request.body.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
	return dump_run(dump, &request.header, add_listening_socket, list_dump);
}

/* Orders the sockets from @p first on by cookie and removes duplicates. */
static void remove_duplicates(struct listening_sockets *list, size_t first)
{
	struct listening_socket *sockets = list->sockets + first;
	size_t count = list->count - first;
	size_t kept = 1;

	if (count < 2)
		return;
	qsort(sockets, count, sizeof(*sockets), compare_cookies);
	for (size_t i = 1; i < count; i++) {
		if (compare_cookies(&sockets[kept - 1], &sockets[i]) != 0)
			sockets[kept++] = sockets[i];
	}
	list->count = first + kept;
}

/*
 * Between two pieces of a dump the kernel remembers its position as a number of sockets in a row of
 * its table (net/ipv4/inet_diag.c, inet_diag_dump_icsk). If one of these is closed meanwhile, it
 * skips another one, and if one is opened, it lists another one twice. So a dump that arrives in
 * pieces is repeated: a socket that is in either dump existed. If there are more sockets than are
 * remembered, one dump has to do.
 */
int listening_sockets_list(struct listening_sockets *list, struct dump *dump, size_t max)
{
	struct list_dump list_dump = {.list = list, .max = max};
	int error = dump_listening_sockets(dump, &list_dump);

	if (error != 0)
		return error;
	if (dump->pieces > 1 && list->count < max) {
		remove_duplicates(list, 0);
		list_dump.known = list->count;
		error = dump_listening_sockets(dump, &list_dump);
		if (error != 0)
			return error;
		remove_duplicates(list, list_dump.known);
	}
	memcpy(list->total, list_dump.beyond, sizeof(list->total));
	for (size_t i = 0; i < list->count; i++)
		list->total[list->sockets[i].endpoint.family]++;
	return 0;
}
