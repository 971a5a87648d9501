/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A datagram as if from the kernel, in the answer to each of the requests. What is counted is what
 * was accepted, message by message.
 */
#include "collect/dump.c"
#include "collect/listeners.c"
#include "collect/listening_sockets.c"
#include "collect/sock_diag.c"
#include "collect/watch_counter.c"

#include "fuzz.h"

#include <sanitizer/asan_interface.h>

struct acceptance {
	dump_visit *visit;
	void *context;
	uint32_t messages;
};

static struct dump dump = {.port = 2, .sequence = 1, .type = TCPDIAG_GETSOCK};

static int visit_and_note(const struct nlmsghdr *message, void *context)
{
	struct acceptance *acceptance = context;
	int error = acceptance->visit(message, acceptance->context);

	if (error == 0)
		acceptance->messages++;
	return error;
}

/* An earlier datagram's octets behind this one are out of bounds. */
static int decode_alone(size_t size, struct acceptance *acceptance)
{
	int result;

	ASAN_POISON_MEMORY_REGION(dump.buffer + size, sizeof(dump.buffer) - size);
	result = decode_datagram(&dump, size, visit_and_note, acceptance);
	ASAN_UNPOISON_MEMORY_REGION(dump.buffer, sizeof(dump.buffer));
	return result;
}

static int check_counts(size_t size, struct socket_counts *counts)
{
	struct counted counted = {.asked = SOCKETS_BOUND_INACTIVE};
	struct acceptance acceptance = {count_socket, &counted, 0};
	int result = decode_alone(size, &acceptance);
	uint32_t sockets = 0;

	*counts = counted.counts;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++) {
			assert(counts->mini[family][state] <= counts->sockets[family][state]);
			sockets += counts->sockets[family][state];
		}
	}
	assert(sockets == acceptance.messages);
	return result;
}

static void check_listener(const struct listener *listener)
{
	const struct endpoint *endpoint = &listener->endpoint;
	const struct in6_addr *address = (const struct in6_addr *)endpoint->address;

	if (endpoint->family == FAMILY_IPV4)
		assert(memcmp(&endpoint->address[ADDRESS_SIZE_IPV4], (uint8_t[12]){0}, 12) == 0);
	if (endpoint->zone != 0)
		assert(endpoint->family == FAMILY_IPV6 && IN6_IS_ADDR_LINKLOCAL(address));
}

static void check_merged(struct listeners *listeners, uint32_t messages)
{
	const struct listeners_limit limit = {0};
	struct snapshot snapshot = {0};
	uint32_t sockets = 0;

	assert(merge_list(listeners, &limit, &snapshot) == 0);
	for (size_t i = 0; i < snapshot.listeners_count; i++) {
		check_listener(&snapshot.listeners[i]);
		sockets += snapshot.listeners[i].sockets;
		if (i > 0)
			assert(endpoint_compare(&snapshot.listeners[i - 1].endpoint,
						&snapshot.listeners[i].endpoint) < 0);
	}
	assert(sockets <= messages);
	free(snapshot.listeners);
}

static void check_listeners(size_t size, int expected)
{
	struct listeners listeners;
	struct list_dump list_dump = {.list = &listeners.list, .max = SIZE_MAX};
	struct acceptance acceptance = {add_listening_socket, &list_dump, 0};
	int result;

	listeners_initialise(&listeners);
	result = decode_alone(size, &acceptance);
	assert(result == expected || result == -EPROTO);
	if (result >= 0)
		check_merged(&listeners, acceptance.messages);
	listeners_finalise(&listeners);
}

/* Two watches that exclude each other. */
static void check_watches(size_t size, int expected, const struct socket_counts *all)
{
	struct watches *watches = watches_new();
	struct watch_counter counter;
	struct counted_watches counted = {&counter, SOCKETS_BOUND_INACTIVE};
	struct acceptance acceptance = {count_watched_socket, &counted, 0};
	struct watch watch;

	assert(watches != NULL);
	watch_of_port(22, &watch);
	assert(watches_add(&watches, &watch) == 0);
	watch_of_port(80, &watch);
	assert(watches_add(&watches, &watch) == 0);
	watch_counter_initialise(&counter);
	watch_counter_set(&counter, watches);
	counter.ports_used = calloc(PORTS, sizeof(*counter.ports_used));
	assert(counter.ports_used != NULL);
	assert(watch_matcher_compile(&counter.matcher, watches) == 0);
	assert(decode_alone(size, &acceptance) == expected);
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			assert(count_in_planes(counter.sockets[family][state], 0) +
				       count_in_planes(counter.sockets[family][state], 1) <=
			       all->sockets[family][state]);
	}
	free(counter.ports_used);
	counter.ports_used = NULL;
	watch_counter_finalise(&counter);
	watch_matcher_finalise(&counter.matcher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socket_counts counts = {0};
	int result;

	if (size > sizeof(dump.buffer))
		return -1;
	memcpy(dump.buffer, data, size);
	result = check_counts(size, &counts);
	check_listeners(size, result);
	check_watches(size, result, &counts);
	return 0;
}
