/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening endpoints and their accept queues.
 */
#ifndef MODEL_LISTENER_H
#define MODEL_LISTENER_H

#include "model/tcp.h"

#include <stddef.h>
#include <stdint.h>

#define ADDRESS_SIZE_IPV4 4
#define ADDRESS_SIZE_IPV6 16

/** Of an endpoint as people write it, the longest being an IPv6 address with a zone and a port. */
#define ENDPOINT_TEXT_SIZE 72

/** A local address and port that is listened at. */
struct endpoint {
	enum tcp_family family;
	uint8_t address[ADDRESS_SIZE_IPV6]; /**< network byte order; 0 behind an IPv4 address */
	uint32_t zone;                      /**< interface of a link-local address, else 0 */
	uint16_t port;
};

/** The sockets that listen at one endpoint, summed: SO_REUSEPORT allows several. */
struct listener {
	struct endpoint endpoint;
	uint32_t sockets;
	uint32_t queued;  /**< connections that wait for accept() */
	uint32_t backlog; /**< how many may wait */
	uint32_t dropped; /**< packets that found no place, wrapping at 2^32 */
};

/**
 * Orders endpoints by family, whether there is a zone, address, zone and port.
 * @return less than, equal to or greater than 0
 */
int endpoint_compare(const struct endpoint *left, const struct endpoint *right);

/** Writes @p endpoint's address and zone: 127.0.0.1, ::1, fe80::1%2 */
void endpoint_address_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE]);

/** Writes @p endpoint as people do: 127.0.0.1:80, [::1]:80, [fe80::1%2]:80 */
void endpoint_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE]);

/** Orders @p listeners and sums up those of one endpoint. @return how many are left */
size_t listeners_merge(struct listener *listeners, size_t count);

#endif
