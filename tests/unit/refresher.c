/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting with the real kernel: derived counts equal listed ones.
 */
#include "collect/refresher.c"

#include "network.h"
#include "unit.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Enough TIME_WAIT sockets for them to be derived. */
#define MANY 2500
#define FEW 30

static struct refresher refresher;

static int begin(void **state)
{
	(void)state;
	refresher_initialise(&refresher);
	return 0;
}

static int end(void **state)
{
	(void)state;
	refresher_finalise(&refresher);
	return 0;
}

static int count(enum count_policy policy, struct readings *readings, struct count *count)
{
	const struct refresh_options options = {.policy = policy};

	*readings = (struct readings){.listening = {1, 1}};
	proc_read_totals(&refresher.proc, &readings->before);
	return count_sockets(&refresher, &options, readings, count);
}

/* A failed listing is not replaced by another one, whatever the policy. */
static void an_error_is_not_a_reason_to_try_otherwise(void **state)
{
	struct rlimit before, none;
	struct readings readings;
	struct count failed;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	for (enum count_policy policy = COUNT_AUTO; policy <= COUNT_DERIVED; policy++) {
		int error;

		setrlimit(RLIMIT_NOFILE, &none);
		error = count(policy, &readings, &failed);
		setrlimit(RLIMIT_NOFILE, &before);
		assert_int_equal(error, -EMFILE);
	}
}

/* Opens and closes connections; the end that closed first stays in TIME_WAIT. */
static void leave_time_waits(int family, unsigned int number)
{
	int listener = network_listen(family, 2000);

	for (unsigned int one = 0; one < number; one++) {
		int near = network_connect(family, 2000);
		int far = accept(listener, NULL, NULL);
		char end;

		assert_int_equal(shutdown(near, SHUT_WR), 0);
		assert_int_equal(read(far, &end, 1), 0);
		close(far);
		assert_int_equal(read(near, &end, 1), 0);
		close(near);
	}
	close(listener);
}

static int connect_mapped(uint16_t port)
{
	const int no = 0;
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int connection = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin6_addr.s6_addr[10] = address.sin6_addr.s6_addr[11] = 0xff;
	address.sin6_addr.s6_addr[12] = 127;
	address.sin6_addr.s6_addr[15] = 1;
	setsockopt(connection, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	assert_int_equal(connect(connection, (struct sockaddr *)&address, sizeof(address)), 0);
	return connection;
}

/* Waits until all sockets have reached their final state. */
static void count_settled(uint32_t time_waits4, uint32_t time_waits6, struct count *full)
{
	const uint32_t expected[FAMILIES][STATES] = {
		{0, 1, 0, 0, 5, 0, 1, 1, 0, 0, time_waits4},
		{0, 1, 0, 0, 5, 0, 1, 1, 0, 0, time_waits6},
	};
	int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SECOND;
	struct readings readings;

	do
		assert_int_equal(count(COUNT_FULL, &readings, full), 0);
	while ((memcmp(full->sockets, expected, sizeof(expected)) != 0 ||
		readings.listed.mini[FAMILY_IPV6][STATE_FIN_WAIT_2] != 1) &&
	       clock_now_ns() < deadline_ns);
	assert_memory_equal(full->sockets, expected, sizeof(expected));
}

static void assert_methods_agree(uint32_t time_waits4, uint32_t time_waits6,
				 bool time_waits_derived)
{
	struct count full, derived, chosen;
	struct readings readings;

	count_settled(time_waits4, time_waits6, &full);
	assert_int_equal(full.method, METHOD_FULL);
	assert_int_equal(count(COUNT_DERIVED, &readings, &derived), 0);
	assert_int_equal(readings.time_waits_derived, time_waits_derived);
	assert_int_equal(derived.method, METHOD_DERIVED);
	assert_memory_equal(derived.sockets, full.sockets, sizeof(full.sockets));
	assert_int_equal(count(COUNT_AUTO, &readings, &chosen), 0);
	assert_int_equal(chosen.method, METHOD_DERIVED);
	assert_memory_equal(chosen.sockets, full.sockets, sizeof(full.sockets));
}

/* A connection has two sockets, one of each family if its address is v4-mapped. */
static void derived_counts_are_the_listed_ones(void **state)
{
	int open[9], closed;

	(void)state;
	if (!network_is_ours())
		skip();
	open[0] = network_listen(AF_INET, 1000);
	open[1] = network_listen(AF_INET6, 1000);
	open[2] = network_connect(AF_INET, 1000);
	open[3] = network_connect(AF_INET, 1000);
	open[4] = network_connect(AF_INET6, 1000);
	open[5] = network_connect(AF_INET6, 1000);
	open[6] = connect_mapped(1000);
	open[7] = network_bind(AF_INET, 1001);
	open[8] = network_connect(AF_INET, 1000);
	shutdown(open[8], SHUT_WR);
	/* leaves a mini socket */
	closed = network_connect(AF_INET6, 1000);
	close(closed);
	leave_time_waits(AF_INET, FEW);
	leave_time_waits(AF_INET6, FEW);
	assert_methods_agree(FEW, FEW, false);
	leave_time_waits(AF_INET, MANY);
	assert_methods_agree(FEW + MANY, FEW, true);
	leave_time_waits(AF_INET6, 2 * MANY);
	assert_methods_agree(FEW + MANY, FEW + 2 * MANY, true);
	for (size_t i = 0; i < ENTRIES(open); i++)
		close(open[i]);
}

/* Every verification compares both methods, not only once an hour. */
static void every_verification_compares_both_methods(void **state)
{
	struct verification verification;
	const char *failed;
	int listener;

	(void)state;
	if (!network_is_ours())
		skip();
	listener = network_listen(AF_INET, 1000);
	for (int time = 0; time < 3; time++) {
		assert_int_equal(refresher_verify(&refresher, &verification, &failed), 0);
		assert_true(verification_agrees(&verification));
		assert_int_equal(verification.full[FAMILY_IPV4][STATE_LISTEN], 1);
		assert_int_equal(verification.after.sockets[FAMILY_IPV4][STATE_LISTEN], 1);
	}
	close(listener);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_error_is_not_a_reason_to_try_otherwise),
		TEST(derived_counts_are_the_listed_ones),
		TEST(every_verification_compares_both_methods),
	};

	alarm(600);
	return cmocka_run_group_tests(tests, network_enter, NULL);
}
