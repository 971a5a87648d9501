/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sockets of watched ports, which the kernel picks out: in a network namespace of the test's
 * own, so that each number is exact.
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
	for (size_t place = 0; place < count; place++)
		counts[place].port.number = numbers[place];
	assert_int_equal(sock_diag_count_ports(&dump, states, counts, count), 0);
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
	for (size_t place = 0; place < count; place++)
		close(descriptors[place]);
}

static void nothing_is_asked_without_ports(void **state)
{
	(void)state;
	assert_int_equal(sock_diag_count_ports(&dump, ALL_SOCKETS, NULL, 0), 0);
	assert_null(dump.socket);
}

/* The neighbours of a port are others. Only the near end of a connection has another port. */
static void only_sockets_of_the_port_are_counted(void **state)
{
	static const uint16_t ports[] = {1, 2, 254, 255, 256, 257, 32767, 32768, 65534, 65535};
	int open[ENTRIES(ports)][4];

	(void)state;
	if (!network_is_ours())
		skip();
	for (size_t place = 0; place < ENTRIES(ports); place++) {
		open[place][0] = network_listen(AF_INET, ports[place]);
		open[place][1] = network_listen(AF_INET6, ports[place]);
		open[place][2] = network_connect(AF_INET, ports[place]);
		open[place][3] = network_connect(AF_INET6, ports[place]);
	}
	for (size_t place = 0; place < ENTRIES(ports); place++) {
		struct port_count count;

		count_ports(ALL_SOCKETS, &count, &ports[place], 1);
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			assert_int_equal(count.sockets[family][STATE_LISTEN], 1);
			assert_int_equal(count.sockets[family][STATE_ESTABLISHED], 1);
		}
		assert_int_equal(all_of(&count), 4);
		count_ports(SOCKETS_LISTENING, &count, &ports[place], 1);
		assert_int_equal(all_of(&count), 2);
	}
	for (size_t place = 0; place < ENTRIES(ports); place++)
		close_all(open[place], ENTRIES(open[place]));
}

/* Of 100 ports with a listener each, every other, then any number of them. */
static void many_ports_are_told_apart(void **state)
{
	static const uint16_t first = 20001;
	int open[100];
	uint16_t watched[MANY];
	struct port_count counts[MANY];

	(void)state;
	if (!network_is_ours())
		skip();
	for (size_t place = 0; place < ENTRIES(open); place++)
		open[place] = network_listen(place % 3 == 0 ? AF_INET : AF_INET6,
					     (uint16_t)(first + place));
	for (size_t count = 1; count <= MANY; count++) {
		for (size_t place = 0; place < count; place++)
			watched[place] = (uint16_t)(first + (count < 50 ? 2 * place : place));
		count_ports(ALL_SOCKETS, counts, watched, count);
		for (size_t place = 0; place < count; place++) {
			enum tcp_family family =
				(watched[place] - first) % 3 == 0 ? FAMILY_IPV4 : FAMILY_IPV6;

			assert_int_equal(counts[place].sockets[family][STATE_LISTEN], 1);
			assert_int_equal(all_of(&counts[place]), 1);
		}
	}
	close_all(open, ENTRIES(open));
}

/* The kernel, not the reader, leaves out what is not asked for. */
static int count_message(const struct nlmsghdr *message, void *context)
{
	(void)message;
	++*(unsigned int *)context;
	return 0;
}

static unsigned int messages_for(const uint16_t *numbers, size_t count)
{
	struct port_count ports[MANY] = {0};
	struct port_request request;
	unsigned int messages = 0;

	for (size_t place = 0; place < count; place++)
		ports[place].port.number = numbers[place];
	request.header = sock_diag_request(ALL_SOCKETS, &request.body,
					   offsetof(struct port_request, code) +
						   count * OPERATIONS * OPERATION_SIZE);
	compile(&request, ports, count);
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
	for (size_t place = 0; place < 3; place++)
		open[place] = network_listen(AF_INET, (uint16_t)(30001 + place));
	open[3] = network_listen(AF_INET, 1);
	open[4] = network_listen(AF_INET6, 65535);
	assert_int_equal(messages_for(&watched[0], 1), 1);
	assert_int_equal(messages_for(&watched[1], 1), 1);
	assert_int_equal(messages_for(watched, 2), 2);
	assert_int_equal(messages_for(watched, 3), 3);
	assert_int_equal(messages_for((const uint16_t[]){2}, 1), 0);
	close_all(open, ENTRIES(open));
}

/* Small sockets have a port too. */
static void what_is_left_of_a_connection_is_counted(void **state)
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
		TEST(nothing_is_asked_without_ports),
		TEST(only_sockets_of_the_port_are_counted),
		TEST(many_ports_are_told_apart),
		TEST(the_kernel_leaves_out_other_ports),
		TEST(what_is_left_of_a_connection_is_counted),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, network_enter, NULL);
}
