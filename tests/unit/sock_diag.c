/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts by state, of scripted messages, and of real sockets in a separate network namespace.
 */
#include "collect/sock_diag.c"

#include "clock.h"
#include "datagrams.h"
#include "network.h"
#include "unit.h"

#include <string.h>

/* TCP_BOUND_INACTIVE is internal to the kernel (include/net/tcp_states.h). */
#define UNKNOWN_STATE 13

#define UNTOUCHED 0xa5
#define ALL_SOCKETS (SOCKETS_LISTENING | SOCKETS_OTHER)

/* ---- single messages ---- */

/* Counts the message of a socket as the next one of a dump that asked for all states. */
static int count_bytes(const void *socket, size_t length, struct socket_counts *counts)
{
	struct counted counted = {
		.asked = SOCKETS_OTHER | SOCKETS_BOUND_INACTIVE,
		.counts = *counts,
	};
	struct bytes bytes = {0};
	int error = count_socket(bytes_add(&bytes, (struct nlmsghdr){0}, socket, length), &counted);

	*counts = counted.counts;
	return error;
}

static int count_message(uint8_t family, uint8_t state, struct socket_counts *counts)
{
	const struct inet_diag_msg socket = {.idiag_family = family, .idiag_state = state};

	return count_bytes(&socket, sizeof(socket), counts);
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
		for (size_t i = 0; i < ENTRIES(states); i++) {
			struct socket_counts counts = {0};
			uint32_t expected[FAMILIES][STATES] = {0};

			expected[families[family].rfc4001 - 1][states[i].rfc4022 - 1] = 2;
			for (int time = 0; time < 2; time++)
				assert_int_equal(count_message(families[family].kernel,
							       states[i].kernel, &counts),
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
	for (size_t i = 0; i < ENTRIES(states); i++) {
		assert_int_equal(count_message(AF_INET, states[i], &counts), -EPROTO);
		assert_int_equal(count_message(AF_INET6, states[i], &counts), -EPROTO);
	}
	for (size_t i = 0; i < ENTRIES(families); i++)
		assert_int_equal(count_message(families[i], TCP_LISTEN, &counts), -EPROTO);
	assert_counts(counts.sockets, none);
	assert_counts(counts.mini, none);
}

static void a_short_message_is_an_error(void **state)
{
	const struct inet_diag_msg socket = {.idiag_family = AF_INET, .idiag_state = TCP_LISTEN};
	struct socket_counts counts = {0};
	uint32_t none[FAMILIES][STATES] = {0};

	(void)state;
	for (size_t length = 0; length < sizeof(socket); length++)
		assert_int_equal(count_bytes(&socket, length, &counts), -EBADMSG);
	assert_counts(counts.sockets, none);
	assert_counts(counts.mini, none);
}

/* Only full sockets have a shutdown attribute. */
static void a_full_socket_is_distinguished_from_others(void **state)
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
	for (size_t i = 0; i < ENTRIES(attributes); i++) {
		struct socket_counts counts = {0};

		message.attribute.nla_type = attributes[i].type;
		assert_int_equal(count_bytes(&message, sizeof(message), &counts), 0);
		assert_int_equal(counts.sockets[FAMILY_IPV6][STATE_FIN_WAIT_2], 1);
		assert_int_equal(counts.mini[FAMILY_IPV6][STATE_FIN_WAIT_2], !attributes[i].full);
	}
}

/* ---- complete dumps ---- */

/* A dump of a valid message and of one with @p last_state, which ends with @p result. */
static int count_scripted(struct dump *dump, socket_states asked, uint8_t last_state, int result,
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
	return sock_diag_count(dump, asked, counts);
}

/*
 * A socket may change its state between being picked and being described by the kernel: it is
 * counted in its new state, or not at all if it was closed.
 */
static void a_socket_counts_in_its_current_state(void **state)
{
	static const struct {
		socket_states asked;
		uint8_t kernel_state;
		enum tcp_state state;
		uint32_t count;
	} cases[] = {
		{SOCKETS_OTHER & ~SOCKETS_ESTABLISHED, TCP_ESTABLISHED, STATE_ESTABLISHED, 1},
		{SOCKETS_OTHER & ~SOCKETS_TIME_WAIT, TCP_TIME_WAIT, STATE_TIME_WAIT, 1},
		{SOCKETS_ESTABLISHED, TCP_CLOSE_WAIT, STATE_CLOSE_WAIT, 1},
		{SOCKETS_OTHER, TCP_CLOSE, STATE_CLOSED, 0},
		{SOCKETS_ESTABLISHED, TCP_CLOSE, STATE_CLOSED, 0},
		{SOCKETS_OTHER | SOCKETS_BOUND_INACTIVE, TCP_CLOSE, STATE_CLOSED, 1},
	};
	static struct dump dump;

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct socket_counts counts;
		uint32_t expected[FAMILIES][STATES] = {0};

		dump_initialise(&dump);
		assert_int_equal(sock_diag_count(&dump, SOCKETS_LISTENING, &counts), 0);
		expected[FAMILY_IPV4][STATE_LISTEN] = 1;
		expected[FAMILY_IPV6][cases[i].state] = cases[i].count;
		assert_int_equal(
			count_scripted(&dump, cases[i].asked, cases[i].kernel_state, 0, &counts),
			0);
		assert_counts(counts.sockets, expected);
		/* the kernel's answer is still pending */
		dump_finalise(&dump);
	}
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
	assert_int_equal(count_scripted(&dump, ALL_SOCKETS, TCP_CLOSING, -ENOENT, &counts),
			 -ENOENT);
	assert_memory_equal(&counts, &untouched, sizeof(counts));

	assert_int_equal(sock_diag_count(&dump, ALL_SOCKETS, &counts), 0);
	memset(&counts, UNTOUCHED, sizeof(counts));
	assert_int_equal(count_scripted(&dump, ALL_SOCKETS, UNKNOWN_STATE, 0, &counts), -EPROTO);
	assert_memory_equal(&counts, &untouched, sizeof(counts));

	assert_int_equal(sock_diag_count(&dump, ALL_SOCKETS, &counts), 0);
	expected[FAMILY_IPV4][STATE_LISTEN] = 1;
	expected[FAMILY_IPV6][STATE_CLOSING] = 1;
	assert_int_equal(count_scripted(&dump, ALL_SOCKETS, TCP_CLOSING, 0, &counts), 0);
	assert_counts(counts.sockets, expected);
	dump_finalise(&dump);
}

/* ---- real sockets ---- */

static void wait_for_counts(struct dump *dump, socket_states states,
			    uint32_t expected[FAMILIES][STATES], struct socket_counts *counts)
{
	int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SECOND;

	/* acknowledgements may be late */
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

	/* close() leaves only a mini socket */
	close(open[4]);
	mini[FAMILY_IPV6][STATE_FIN_WAIT_2] = 1;
	wait_for_counts(&dump, ALL_SOCKETS, expected, &counts);
	while (counts.mini[FAMILY_IPV6][STATE_FIN_WAIT_2] == 0)
		wait_for_counts(&dump, ALL_SOCKETS, expected, &counts);
	assert_counts(counts.mini, mini);
	for (size_t i = 0; i < 4; i++)
		close(open[i]);
	dump_finalise(&dump);
}

static void only_requested_states_are_counted(void **state)
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
	for (size_t i = 0; i < ENTRIES(open); i++)
		close(open[i]);
	dump_finalise(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_has_its_place),
		cmocka_unit_test(unknown_states_and_families_are_errors),
		cmocka_unit_test(a_short_message_is_an_error),
		cmocka_unit_test(a_full_socket_is_distinguished_from_others),
		cmocka_unit_test(a_socket_counts_in_its_current_state),
		cmocka_unit_test(a_failure_leaves_the_counts_alone),
		cmocka_unit_test(real_sockets_are_counted_exactly),
		cmocka_unit_test(only_requested_states_are_counted),
	};

	alarm(600);
	return cmocka_run_group_tests(tests, network_enter, NULL);
}
