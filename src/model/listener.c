/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/listener.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(uint32_t left, uint32_t right)
{
	return (left > right) - (left < right);
}

int endpoint_compare(const struct endpoint *left, const struct endpoint *right)
{
	int order = compare(left->family, right->family);

	if (order == 0)
		order = compare(left->zone != 0, right->zone != 0);
	if (order == 0)
		order = memcmp(left->address, right->address, sizeof(left->address));
	if (order == 0)
		order = compare(left->zone, right->zone);
	if (order == 0)
		order = compare(left->port, right->port);
	return order;
}

void endpoint_address_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE])
{
	inet_ntop(endpoint->family == FAMILY_IPV4 ? AF_INET : AF_INET6, endpoint->address, text,
		  ENDPOINT_TEXT_SIZE);
	if (endpoint->zone != 0)
		snprintf(text + strlen(text), ENDPOINT_TEXT_SIZE - strlen(text), "%%%u",
			 endpoint->zone);
}

void endpoint_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE])
{
	char address[ENDPOINT_TEXT_SIZE];

	endpoint_address_text(endpoint, address);
	snprintf(text, ENDPOINT_TEXT_SIZE, endpoint->family == FAMILY_IPV4 ? "%s:%u" : "[%s]:%u",
		 address, endpoint->port);
}

static int compare_listeners(const void *left, const void *right)
{
	return endpoint_compare(&((const struct listener *)left)->endpoint,
				&((const struct listener *)right)->endpoint);
}

size_t listeners_merge(struct listener *listeners, size_t count)
{
	size_t merged = 0;

	if (count == 0)
		return 0;
	qsort(listeners, count, sizeof(*listeners), compare_listeners);
	for (size_t next = 1; next < count; next++) {
		struct listener *last = &listeners[merged];

		if (compare_listeners(last, &listeners[next]) != 0) {
			listeners[++merged] = listeners[next];
			continue;
		}
		last->sockets += listeners[next].sockets;
		last->queued += listeners[next].queued;
		last->backlog += listeners[next].backlog;
		last->dropped += listeners[next].dropped;
	}
	return merged + 1;
}
