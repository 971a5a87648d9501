/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the kernel's sockets become counts. The real ones are counted in a network namespace of the
 * test's own, where nobody else has any.
 */
#include "collect/sock_diag.c"

#include "clock.h"
#include "datagrams.h"
#include "unit.h"

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* TCP_BOUND_INACTIVE, which is the kernel's own and never shown (include/net/tcp_states.h). */
#define UNKNOWN_STATE 13

#define UNTOUCHED 0xa5

static bool namespace_is_ours;

/* ---- single messages ---- */

static int count_message(uint8_t family, uint8_t state, uint32_t sockets[FAMILIES][STATES])
{
	const struct inet_diag_msg socket = {.idiag_family = family, .idiag_state = state};
	struct bytes bytes = {0};

	return count_socket(bytes_add(&bytes, (struct nlmsghdr){0}, &socket, sizeof(socket)),
			    sockets);
}

static void assert_counts(uint32_t counted[FAMILIES][STATES], uint32_t expected[FAMILIES][STATES])
{
	for (size_t family = 0; family < FAMILIES; family++)
		for (size_t state = 0; state < STATES; state++)
			assert_int_equal(counted[family][state], expected[family][state]);
}

static void each_state_has_its_place(void **state)
{
	/* include/net/tcp_states.h, and tcpConnectionState of RFC 4022, section 3 */
	static const struct {
		uint8_t kernel;
		unsigned int rfc4022;
	} states[] = {
		{1, 5}, {2, 3}, {3, 4}, {4, 6},  {5, 7},   {6, 11},
		{7, 1}, {8, 8}, {9, 9}, {10, 2}, {11, 10},
	};
	/* include/linux/socket.h, and InetVersion of RFC 4001, section 4 */
	static const struct {
		uint8_t kernel;
		unsigned int rfc4001;
	} families[] = {{2, 1}, {10, 2}};

	(void)state;
	assert_int_equal(ENTRIES(states), STATES);
	for (size_t family = 0; family < ENTRIES(families); family++) {
		for (size_t place = 0; place < ENTRIES(states); place++) {
			uint32_t sockets[FAMILIES][STATES] = {0};
			uint32_t expected[FAMILIES][STATES] = {0};

			expected[families[family].rfc4001 - 1][states[place].rfc4022 - 1] = 2;
			for (int time = 0; time < 2; time++)
				assert_int_equal(count_message(families[family].kernel,
							       states[place].kernel, sockets),
						 0);
			assert_counts(sockets, expected);
		}
	}
}

static void unknown_states_and_families_are_errors(void **state)
{
	static const uint8_t states[] = {0, 12, UNKNOWN_STATE, 14, 128, 255};
	static const uint8_t families[] = {AF_UNSPEC, AF_UNIX, AF_NETLINK, 255};
	uint32_t sockets[FAMILIES][STATES] = {0};
	uint32_t none[FAMILIES][STATES] = {0};

	(void)state;
	for (size_t place = 0; place < ENTRIES(states); place++) {
		assert_int_equal(count_message(AF_INET, states[place], sockets), -EPROTO);
		assert_int_equal(count_message(AF_INET6, states[place], sockets), -EPROTO);
	}
	for (size_t place = 0; place < ENTRIES(families); place++)
		assert_int_equal(count_message(families[place], TCP_LISTEN, sockets), -EPROTO);
	assert_counts(sockets, none);
}

static void a_short_message_is_an_error(void **state)
{
	const struct inet_diag_msg socket = {.idiag_family = AF_INET, .idiag_state = TCP_LISTEN};
	uint32_t sockets[FAMILIES][STATES] = {0};
	uint32_t none[FAMILIES][STATES] = {0};

	(void)state;
	for (size_t length = 0; length < sizeof(socket); length++) {
		struct bytes bytes = {0};

		assert_int_equal(
			count_socket(bytes_add(&bytes, (struct nlmsghdr){0}, &socket, length),
				     sockets),
			-EBADMSG);
	}
	assert_counts(sockets, none);
}

/* ---- whole dumps ---- */

/* A dump of a good message and of one with @p last_state, which ends with @p result. */
static int count_scripted(struct dump *dump, uint8_t last_state, int result,
			  uint32_t sockets[FAMILIES][STATES])
{
	const struct inet_diag_msg first = {.idiag_family = AF_INET, .idiag_state = TCP_LISTEN};
	const struct inet_diag_msg last = {.idiag_family = AF_INET6, .idiag_state = last_state};
	struct nlmsghdr header = {
		.nlmsg_type = TCPDIAG_GETSOCK,
		.nlmsg_seq = dump->sequence + 1,
		.nlmsg_pid = dump->port,
	};
	struct bytes bytes = {0};
	const struct datagram script = {.bytes = &bytes};

	bytes_add(&bytes, header, &first, sizeof(first));
	bytes_add(&bytes, header, &last, sizeof(last));
	header.nlmsg_type = NLMSG_DONE;
	bytes_add(&bytes, header, &result, sizeof(result));
	datagrams_script(&script, 1);
	return sock_diag_count(dump, sockets);
}

static void a_failure_leaves_the_counts_alone(void **state)
{
	static struct dump dump;
	uint32_t sockets[FAMILIES][STATES], untouched[FAMILIES][STATES];
	uint32_t expected[FAMILIES][STATES] = {0};

	(void)state;
	memset(untouched, UNTOUCHED, sizeof(untouched));
	dump_initialise(&dump);
	assert_int_equal(sock_diag_count(&dump, sockets), 0);

	memset(sockets, UNTOUCHED, sizeof(sockets));
	assert_int_equal(count_scripted(&dump, TCP_CLOSING, -ENOENT, sockets), -ENOENT);
	assert_counts(sockets, untouched);

	assert_int_equal(sock_diag_count(&dump, sockets), 0);
	memset(sockets, UNTOUCHED, sizeof(sockets));
	assert_int_equal(count_scripted(&dump, UNKNOWN_STATE, 0, sockets), -EPROTO);
	assert_counts(sockets, untouched);

	assert_int_equal(sock_diag_count(&dump, sockets), 0);
	expected[FAMILY_IPV4][STATE_LISTEN] = 1;
	expected[FAMILY_IPV6][STATE_CLOSING] = 1;
	assert_int_equal(count_scripted(&dump, TCP_CLOSING, 0, sockets), 0);
	assert_counts(sockets, expected);
	dump_finalise(&dump);
}

/* ---- real sockets ---- */

/* Root may make a network namespace, everybody else needs a user namespace around it. */
static int enter_namespace(void **state)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int any;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return 0;
	any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	namespace_is_ours = ioctl(any, SIOCSIFFLAGS, &loopback) == 0;
	return close(any);
}

static int open_bound(int family, struct sockaddr_storage *address, socklen_t *length)
{
	int bound = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_storage){.ss_family = (sa_family_t)family};
	*length = sizeof(*address);
	assert_int_equal(bind(bound, (struct sockaddr *)address, *length), 0);
	assert_int_equal(getsockname(bound, (struct sockaddr *)address, length), 0);
	return bound;
}

static int open_listener(int family, struct sockaddr_storage *address, socklen_t *length)
{
	int listener = open_bound(family, address, length);

	assert_int_equal(listen(listener, 8), 0);
	return listener;
}

static int open_connection(int family, const struct sockaddr_storage *address, socklen_t length)
{
	int connection = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(connection, (const struct sockaddr *)address, length), 0);
	return connection;
}

static void real_sockets_are_counted_exactly(void **state)
{
	static struct dump dump;
	uint32_t sockets[FAMILIES][STATES], expected[FAMILIES][STATES] = {0};
	struct sockaddr_storage address4, address6;
	socklen_t length4, length6;
	int open[6];
	int64_t deadline_ns;

	(void)state;
	if (!namespace_is_ours)
		skip();
	dump_initialise(&dump);
	memset(sockets, UNTOUCHED, sizeof(sockets));
	assert_int_equal(sock_diag_count(&dump, sockets), 0);
	assert_counts(sockets, expected);

	open[0] = open_listener(AF_INET, &address4, &length4);
	open[1] = open_listener(AF_INET6, &address6, &length6);
	open[2] = open_connection(AF_INET, &address4, length4);
	open[3] = open_connection(AF_INET6, &address6, length6);
	open[4] = open_connection(AF_INET6, &address6, length6);
	/* a socket that is bound and nothing else is not asked for */
	open[5] = open_bound(AF_INET, &address4, &length4);
	shutdown(open[4], SHUT_WR);
	expected[FAMILY_IPV4][STATE_LISTEN] = 1;
	expected[FAMILY_IPV6][STATE_LISTEN] = 1;
	expected[FAMILY_IPV4][STATE_ESTABLISHED] = 2;
	expected[FAMILY_IPV6][STATE_ESTABLISHED] = 2;
	expected[FAMILY_IPV6][STATE_FIN_WAIT_2] = 1;
	expected[FAMILY_IPV6][STATE_CLOSE_WAIT] = 1;
	/* the peers' acknowledgements may take their time */
	deadline_ns = clock_now_ns() + 10 * NS_PER_SECOND;
	do
		assert_int_equal(sock_diag_count(&dump, sockets), 0);
	while (memcmp(sockets, expected, sizeof(expected)) != 0 && clock_now_ns() < deadline_ns);
	assert_counts(sockets, expected);

	for (size_t place = 0; place < ENTRIES(open); place++)
		close(open[place]);
	dump_finalise(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_has_its_place),
		cmocka_unit_test(unknown_states_and_families_are_errors),
		cmocka_unit_test(a_short_message_is_an_error),
		cmocka_unit_test(a_failure_leaves_the_counts_alone),
		cmocka_unit_test(real_sockets_are_counted_exactly),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
