/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/listener.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static int compare_numbers(uint32_t left, uint32_t right)
{
	return (left > right) - (left < right);
}

int endpoint_compare(const struct endpoint *left, const struct endpoint *right)
{
	int order;

	if (left->family != right->family)
		return compare_numbers(left->family, right->family);
	if ((left->zone != 0) != (right->zone != 0))
		return left->zone != 0 ? 1 : -1;
	order = memcmp(left->address, right->address, sizeof(left->address));
	if (order != 0)
		return order;
	if (left->zone != right->zone)
		return compare_numbers(left->zone, right->zone);
	return compare_numbers(left->port, right->port);
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

uint32_t listener_fill(uint32_t queued, uint32_t backlog)
{
	uint64_t percent = UINT64_C(100) * queued / (backlog == 0 ? 1 : backlog);

	return percent > UINT32_MAX ? UINT32_MAX : (uint32_t)percent;
}
