/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the kernel's sockets become counts. The real ones are counted in a network namespace of the
 * test's own, where nobody else has any.
 */
#include "collect/sock_diag.c"

#include "clock.h"
#include "datagrams.h"
#include "network.h"
#include "unit.h"

#include <string.h>

/* TCP_BOUND_INACTIVE, which is the kernel's own and never shown (include/net/tcp_states.h). */
#define UNKNOWN_STATE 13

#define UNTOUCHED 0xa5
#define ALL_SOCKETS (SOCKETS_LISTENING | SOCKETS_OTHER)

/* ---- single messages ---- */

static int count_message(uint8_t family, uint8_t state, struct socket_counts *counts)
{
	const struct inet_diag_msg socket = {.idiag_family = family, .idiag_state = state};
	struct bytes bytes = {0};

	return count_socket(bytes_add(&bytes, (struct nlmsghdr){0}, &socket, sizeof(socket)),
			    counts);
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
			struct socket_counts counts = {0};
			uint32_t expected[FAMILIES][STATES] = {0};

			expected[families[family].rfc4001 - 1][states[place].rfc4022 - 1] = 2;
			for (int time = 0; time < 2; time++)
				assert_int_equal(count_message(families[family].kernel,
							       states[place].kernel, &counts),
						 0);
			assert_counts(counts.sockets, expected);
			assert_counts(counts.mini, expected);
		}
	}
}

static void unknown_states_and_families_are_errors(void **state)
{
	static const uint8_t states[] = {0, 12, UNKNOWN_STATE, 14, 128, 255};
	static const uint8_t families[] = {AF_UNSPEC, AF_UNIX, AF_NETLINK, 255};
	struct socket_counts counts = {0};
	uint32_t none[FAMILIES][STATES] = {0};

	(void)state;
	for (size_t place = 0; place < ENTRIES(states); place++) {
		assert_int_equal(count_message(AF_INET, states[place], &counts), -EPROTO);
		assert_int_equal(count_message(AF_INET6, states[place], &counts), -EPROTO);
	}
	for (size_t place = 0; place < ENTRIES(families); place++)
		assert_int_equal(count_message(families[place], TCP_LISTEN, &counts), -EPROTO);
	assert_counts(counts.sockets, none);
	assert_counts(counts.mini, none);
}

static void a_short_message_is_an_error(void **state)
{
	const struct inet_diag_msg socket = {.idiag_family = AF_INET, .idiag_state = TCP_LISTEN};
	struct socket_counts counts = {0};
	uint32_t none[FAMILIES][STATES] = {0};

	(void)state;
	for (size_t length = 0; length < sizeof(socket); length++) {
		struct bytes bytes = {0};

		assert_int_equal(
			count_socket(bytes_add(&bytes, (struct nlmsghdr){0}, &socket, length),
				     &counts),
			-EBADMSG);
	}
	assert_counts(counts.sockets, none);
	assert_counts(counts.mini, none);
}

/* How far it is shut down, the kernel tells of full sockets only. */
static void a_full_socket_is_told_from_others(void **state)
{
	static const struct {
		uint16_t type;
		bool full;
	} attributes[] = {
		{INET_DIAG_MEMINFO, false},
		{INET_DIAG_TOS, false},
		{INET_DIAG_SHUTDOWN, true},
		{INET_DIAG_SHUTDOWN + 1, false},
	};
	struct {
		struct inet_diag_msg socket;
		struct nlattr attribute;
		uint32_t value;
	} message = {
		.socket = {.idiag_family = AF_INET6, .idiag_state = TCP_FIN_WAIT2},
		.attribute = {.nla_len = sizeof(struct nlattr) + 1},
	};

	(void)state;
	for (size_t place = 0; place < ENTRIES(attributes); place++) {
		struct socket_counts counts = {0};
		struct bytes bytes = {0};

		message.attribute.nla_type = attributes[place].type;
		assert_int_equal(count_socket(bytes_add(&bytes, (struct nlmsghdr){0}, &message,
							sizeof(message)),
					      &counts),
				 0);
		assert_int_equal(counts.sockets[FAMILY_IPV6][STATE_FIN_WAIT_2], 1);
		assert_int_equal(counts.mini[FAMILY_IPV6][STATE_FIN_WAIT_2],
				 !attributes[place].full);
	}
}

/* ---- whole dumps ---- */

/* A dump of a good message and of one with @p last_state, which ends with @p result. */
static int count_scripted(struct dump *dump, uint8_t last_state, int result,
			  struct socket_counts *counts)
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
	return sock_diag_count(dump, ALL_SOCKETS, counts);
}

static void a_failure_leaves_the_counts_alone(void **state)
{
	static struct dump dump;
	struct socket_counts counts, untouched;
	uint32_t expected[FAMILIES][STATES] = {0};

	(void)state;
	memset(&untouched, UNTOUCHED, sizeof(untouched));
	dump_initialise(&dump);
	assert_int_equal(sock_diag_count(&dump, ALL_SOCKETS, &counts), 0);

	memset(&counts, UNTOUCHED, sizeof(counts));
	assert_int_equal(count_scripted(&dump, TCP_CLOSING, -ENOENT, &counts), -ENOENT);
	assert_memory_equal(&counts, &untouched, sizeof(counts));

	assert_int_equal(sock_diag_count(&dump, ALL_SOCKETS, &counts), 0);
	memset(&counts, UNTOUCHED, sizeof(counts));
	assert_int_equal(count_scripted(&dump, UNKNOWN_STATE, 0, &counts), -EPROTO);
	assert_memory_equal(&counts, &untouched, sizeof(counts));

	assert_int_equal(sock_diag_count(&dump, ALL_SOCKETS, &counts), 0);
	expected[FAMILY_IPV4][STATE_LISTEN] = 1;
	expected[FAMILY_IPV6][STATE_CLOSING] = 1;
	assert_int_equal(count_scripted(&dump, TCP_CLOSING, 0, &counts), 0);
	assert_counts(counts.sockets, expected);
	dump_finalise(&dump);
}

/* ---- real sockets ---- */

static void wait_for_counts(struct dump *dump, socket_states states,
			    uint32_t expected[FAMILIES][STATES], struct socket_counts *counts)
{
	int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SECOND;

	/* the peers' acknowledgements may take their time */
	do
		assert_int_equal(sock_diag_count(dump, states, counts), 0);
	while (memcmp(counts->sockets, expected, sizeof(counts->sockets)) != 0 &&
	       clock_now_ns() < deadline_ns);
	assert_counts(counts->sockets, expected);
}

static void real_sockets_are_counted_exactly(void **state)
{
	static struct dump dump;
	struct socket_counts counts;
	uint32_t expected[FAMILIES][STATES] = {0}, mini[FAMILIES][STATES] = {0};
	int open[5];

	(void)state;
	if (!network_is_ours())
		skip();
	dump_initialise(&dump);
	memset(&counts, UNTOUCHED, sizeof(counts));
	assert_int_equal(sock_diag_count(&dump, ALL_SOCKETS, &counts), 0);
	assert_counts(counts.sockets, expected);
	assert_counts(counts.mini, mini);

	open[0] = network_listen(AF_INET, 1000);
	open[1] = network_listen(AF_INET6, 1000);
	open[2] = network_connect(AF_INET, 1000);
	open[3] = network_connect(AF_INET6, 1000);
	open[4] = network_connect(AF_INET6, 1000);
	shutdown(open[4], SHUT_WR);
	expected[FAMILY_IPV4][STATE_LISTEN] = 1;
	expected[FAMILY_IPV6][STATE_LISTEN] = 1;
	expected[FAMILY_IPV4][STATE_ESTABLISHED] = 2;
	expected[FAMILY_IPV6][STATE_ESTABLISHED] = 2;
	expected[FAMILY_IPV6][STATE_FIN_WAIT_2] = 1;
	expected[FAMILY_IPV6][STATE_CLOSE_WAIT] = 1;
	wait_for_counts(&dump, ALL_SOCKETS, expected, &counts);
	assert_counts(counts.mini, mini);

	/* after close() only a small socket is left of it */
	close(open[4]);
	mini[FAMILY_IPV6][STATE_FIN_WAIT_2] = 1;
	wait_for_counts(&dump, ALL_SOCKETS, expected, &counts);
	while (counts.mini[FAMILY_IPV6][STATE_FIN_WAIT_2] == 0)
		wait_for_counts(&dump, ALL_SOCKETS, expected, &counts);
	assert_counts(counts.mini, mini);
	for (size_t place = 0; place < 4; place++)
		close(open[place]);
	dump_finalise(&dump);
}

static void only_what_is_asked_for_is_counted(void **state)
{
	static struct dump dump;
	struct socket_counts counts;
	uint32_t expected[FAMILIES][STATES] = {0};
	int open[6];

	(void)state;
	if (!network_is_ours())
		skip();
	dump_initialise(&dump);
	open[0] = network_listen(AF_INET, 2000);
	open[1] = network_listen(AF_INET6, 2000);
	open[2] = network_connect(AF_INET, 2000);
	open[3] = network_connect(AF_INET6, 2000);
	open[4] = network_bind(AF_INET, 2001);
	open[5] = network_bind(AF_INET6, 2001);
	assert_int_equal(sock_diag_count(&dump, SOCKETS_ESTABLISHED, &counts), 0);
	expected[FAMILY_IPV4][STATE_ESTABLISHED] = 2;
	expected[FAMILY_IPV6][STATE_ESTABLISHED] = 2;
	assert_counts(counts.sockets, expected);
	assert_int_equal(sock_diag_count_family(&dump, FAMILY_IPV6, SOCKETS_ESTABLISHED, &counts),
			 0);
	expected[FAMILY_IPV4][STATE_ESTABLISHED] = 0;
	assert_counts(counts.sockets, expected);
	assert_int_equal(sock_diag_count_family(&dump, FAMILY_IPV4, SOCKETS_LISTENING, &counts), 0);
	memset(expected, 0, sizeof(expected));
	expected[FAMILY_IPV4][STATE_LISTEN] = 1;
	assert_counts(counts.sockets, expected);
	assert_int_equal(sock_diag_count(&dump, SOCKETS_TIME_WAIT, &counts), 0);
	memset(expected, 0, sizeof(expected));
	assert_counts(counts.sockets, expected);
	if (sock_diag_try_bound_inactive() == 0) {
		assert_int_equal(sock_diag_count(&dump, SOCKETS_BOUND_INACTIVE, &counts), 0);
		expected[FAMILY_IPV4][STATE_CLOSED] = 1;
		expected[FAMILY_IPV6][STATE_CLOSED] = 1;
		assert_counts(counts.sockets, expected);
	}
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
		cmocka_unit_test(a_full_socket_is_told_from_others),
		cmocka_unit_test(a_failure_leaves_the_counts_alone),
		cmocka_unit_test(real_sockets_are_counted_exactly),
		cmocka_unit_test(only_what_is_asked_for_is_counted),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, network_enter, NULL);
}
