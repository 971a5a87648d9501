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

/** The longest endpoint is an IPv6 address with a zone and a port. */
#define ENDPOINT_TEXT_SIZE 72

/** A local address and port with listening sockets. */
struct endpoint {
	enum tcp_family family;
	uint8_t address[ADDRESS_SIZE_IPV6]; /**< network byte order; an IPv4 address is followed by
					       zeros */
	uint32_t zone;                      /**< interface of a link-local address, else 0 */
	uint16_t port;
};

/** The maximum number of an endpoint's devices that are listed, including 0. */
#define LISTENER_DEVICES 4

/** The sockets that listen at one endpoint: SO_REUSEPORT and SO_BINDTODEVICE allow several. */
struct listener {
	struct endpoint endpoint;
	uint32_t sockets;
	uint32_t fill;       /**< of the fullest socket, as returned by listener_fill() */
	uint32_t fill_max;   /**< within the window; equal to fill if endpoints are not tracked */
	uint32_t queued_max; /**< likewise; UINT32_MAX means that or more */
	uint64_t queued;     /**< connections that wait for accept() */
	uint64_t backlog;    /**< the maximum number of them */
	/**
	 * Segments that the sockets discarded. If endpoints are tracked, it never decreases while
	 * this one exists; otherwise it is the sum over the sockets that are open now.
	 */
	uint64_t dropped;
	uint32_t owner;     /**< for snapshot_listen_owner() */
	uint32_t syn_queue; /**< SYN_RECV requests that the endpoint takes */
	/** Interfaces that sockets are bound to, in ascending order; 0: to none. */
	uint32_t devices[LISTENER_DEVICES];
	uint32_t devices_count; /**< LISTENER_DEVICES + 1: there are more */
};

/**
 * Orders endpoints by family, whether there is a zone, address, zone and port.
 * @return less than, equal to or greater than 0
 */
int endpoint_compare(const struct endpoint *left, const struct endpoint *right);

/** Writes @p endpoint's address and zone: 127.0.0.1, ::1, fe80::1%2 */
void endpoint_address_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE]);

/** Writes @p endpoint: 127.0.0.1:80, [::1]:80, [fe80::1%2]:80 */
void endpoint_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE]);

/**
 * The length of an accept queue in percent of its backlog, rounded down; it may exceed 100. A queue
 * with a backlog of 0 holds one connection (include/net/sock.h, sk_acceptq_is_full).
 */
uint32_t listener_fill(uint32_t queued, uint32_t backlog);

#endif
