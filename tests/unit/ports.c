/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts of watched ports, in a separate network namespace, so that each number is exact.
 */
#include "collect/ports.c"

#include "clock.h"
#include "network.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

#define ALL_SOCKETS (SOCKETS_LISTENING | SOCKETS_OTHER)
#define MANY 64

static struct dump dump;

static int open_dump(void **state)
{
	(void)state;
	dump_initialise(&dump);
	return 0;
}

static int close_dump(void **state)
{
	(void)state;
	dump_finalise(&dump);
	return 0;
}

static void count_ports(socket_states states, struct port_count *counts, const uint16_t *numbers,
			size_t count)
{
	memset(counts, 0, count * sizeof(*counts));
	for (size_t i = 0; i < count; i++)
		counts[i].port.number = numbers[i];
	assert_int_equal(ports_count(&dump, states, counts, count), 0);
}

static uint32_t all_of(const struct port_count *count)
{
	uint32_t all = 0;

	for (enum tcp_family family = 0; family < FAMILIES; family++)
		for (enum tcp_state state = 0; state < STATES; state++)
			all += count->sockets[family][state];
	return all;
}

static void close_all(const int *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(descriptors[i]);
}

static void nothing_is_requested_without_ports(void **state)
{
	(void)state;
	assert_int_equal(ports_count(&dump, ALL_SOCKETS, NULL, 0), 0);
	assert_null(dump.socket);
}

/* Neighbouring ports are not counted, and only one end of a connection has the port. */
static void only_sockets_of_the_port_are_counted(void **state)
{
	static const uint16_t ports[] = {1, 2, 254, 255, 256, 257, 32767, 32768, 65534, 65535};
	int open[ENTRIES(ports)][4];

	(void)state;
	if (!network_is_ours())
		skip();
	for (size_t i = 0; i < ENTRIES(ports); i++) {
		open[i][0] = network_listen(AF_INET, ports[i]);
		open[i][1] = network_listen(AF_INET6, ports[i]);
		open[i][2] = network_connect(AF_INET, ports[i]);
		open[i][3] = network_connect(AF_INET6, ports[i]);
	}
	for (size_t i = 0; i < ENTRIES(ports); i++) {
		struct port_count count;

		count_ports(ALL_SOCKETS, &count, &ports[i], 1);
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			assert_int_equal(count.sockets[family][STATE_LISTEN], 1);
			assert_int_equal(count.sockets[family][STATE_ESTABLISHED], 1);
		}
		assert_int_equal(all_of(&count), 4);
		count_ports(SOCKETS_LISTENING, &count, &ports[i], 1);
		assert_int_equal(all_of(&count), 2);
	}
	for (size_t i = 0; i < ENTRIES(ports); i++)
		close_all(open[i], ENTRIES(open[i]));
}

/* Watches every other one of 100 ports with a listener each, then random ones. */
static void many_ports_are_distinguished(void **state)
{
	static const uint16_t first = 20001;
	int open[100];
	uint16_t watched[MANY];
	struct port_count counts[MANY];

	(void)state;
	if (!network_is_ours())
		skip();
	for (size_t i = 0; i < ENTRIES(open); i++)
		open[i] = network_listen(i % 3 == 0 ? AF_INET : AF_INET6, (uint16_t)(first + i));
	for (size_t count = 1; count <= MANY; count++) {
		for (size_t i = 0; i < count; i++)
			watched[i] = (uint16_t)(first + (count < 50 ? 2 * i : i));
		count_ports(ALL_SOCKETS, counts, watched, count);
		for (size_t i = 0; i < count; i++) {
			enum tcp_family family =
				(watched[i] - first) % 3 == 0 ? FAMILY_IPV4 : FAMILY_IPV6;

			assert_int_equal(counts[i].sockets[family][STATE_LISTEN], 1);
			assert_int_equal(all_of(&counts[i]), 1);
		}
	}
	close_all(open, ENTRIES(open));
}

/* The kernel filters the sockets, not the reader. */
static int count_message(const struct nlmsghdr *message, void *context)
{
	(void)message;
	++*(unsigned int *)context;
	return 0;
}

static unsigned int messages_for(const uint16_t *numbers, size_t count)
{
	struct port_count ports[MANY] = {0};
	struct ports_request request;
	unsigned int messages = 0;

	for (size_t i = 0; i < count; i++)
		ports[i].port.number = numbers[i];
	request.header = sock_diag_request(ALL_SOCKETS, &request.body,
					   offsetof(struct ports_request, code) +
						   count * OPERATIONS * OPERATION_SIZE);
	compile_ports(&request, ports, count);
	assert_int_equal(dump_run(&dump, &request.header, count_message, &messages), 0);
	return messages;
}

static void the_kernel_leaves_out_other_ports(void **state)
{
	static const uint16_t watched[] = {1, 30002, 65535};
	int open[5];

	(void)state;
	if (!network_is_ours())
		skip();
	for (size_t i = 0; i < 3; i++)
		open[i] = network_listen(AF_INET, (uint16_t)(30001 + i));
	open[3] = network_listen(AF_INET, 1);
	open[4] = network_listen(AF_INET6, 65535);
	assert_int_equal(messages_for(&watched[0], 1), 1);
	assert_int_equal(messages_for(&watched[1], 1), 1);
	assert_int_equal(messages_for(watched, 2), 2);
	assert_int_equal(messages_for(watched, 3), 3);
	assert_int_equal(messages_for((const uint16_t[]){2}, 1), 0);
	close_all(open, ENTRIES(open));
}

/* Mini sockets have a port, too. */
static void the_remains_of_a_connection_are_counted(void **state)
{
	static const uint16_t port = 40000;
	int listener, connection, accepted;
	struct port_count count;
	int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SECOND;

	(void)state;
	if (!network_is_ours())
		skip();
	listener = network_listen(AF_INET6, port);
	connection = network_connect(AF_INET6, port);
	accepted = accept(listener, NULL, NULL);
	close(accepted);
	do
		count_ports(ALL_SOCKETS, &count, &port, 1);
	while (count.sockets[FAMILY_IPV6][STATE_FIN_WAIT_2] == 0 && clock_now_ns() < deadline_ns);
	assert_int_equal(count.sockets[FAMILY_IPV6][STATE_FIN_WAIT_2], 1);
	close(connection);
	do
		count_ports(ALL_SOCKETS, &count, &port, 1);
	while (count.sockets[FAMILY_IPV6][STATE_TIME_WAIT] == 0 && clock_now_ns() < deadline_ns);
	assert_int_equal(count.sockets[FAMILY_IPV6][STATE_TIME_WAIT], 1);
	assert_int_equal(all_of(&count), 2);
	close(listener);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_dump, close_dump)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_requested_without_ports),
		TEST(only_sockets_of_the_port_are_counted),
		TEST(many_ports_are_distinguished),
		TEST(the_kernel_leaves_out_other_ports),
		TEST(the_remains_of_a_connection_are_counted),
	};

	alarm(600);
	return cmocka_run_group_tests(tests, network_enter, NULL);
}
