/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets as a dump lists them that comes in pieces, while some are closed and others
 * opened between two of them. They share an endpoint, and so a row of the kernel's table.
 */
#include "collect/listeners.c"

#include "network.h"
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#define MANY 600
#define PORT 1000

static struct dump dump;
static int open_sockets[MANY + 1];

/* ---- between the first piece and the next ones ---- */

static void (*meanwhile)(void);

ssize_t __real_recvmsg(int descriptor, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int descriptor, struct msghdr *message, int flags);

ssize_t __wrap_recvmsg(int descriptor, struct msghdr *message, int flags)
{
	ssize_t length = __real_recvmsg(descriptor, message, flags);
	void (*once)(void) = meanwhile;

	meanwhile = NULL;
	if (once != NULL)
		once();
	return length;
}

static int listen_too(void)
{
	const int yes = 1;
	const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	return listener;
}

static void open_another(void)
{
	open_sockets[MANY] = listen_too();
}

/* The kernel lists the youngest first, so that it has told this one. */
static void close_the_youngest(void)
{
	close(open_sockets[MANY - 1]);
	open_sockets[MANY - 1] = -1;
}

static int open_many(void **state)
{
	(void)state;
	dump_initialise(&dump);
	for (size_t place = 0; place < ENTRIES(open_sockets); place++)
		open_sockets[place] = network_is_ours() && place < MANY ? listen_too() : -1;
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (size_t place = 0; place < ENTRIES(open_sockets); place++)
		close(open_sockets[place]);
	dump_finalise(&dump);
	return 0;
}

static void assert_listed(uint32_t sockets)
{
	struct listener *listeners;
	size_t count;

	assert_int_equal(sock_diag_list_listeners(&dump, &listeners, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(listeners->sockets, sockets);
	assert_int_equal(listeners->backlog, sockets);
	free(listeners);
}

static void a_dump_in_pieces_lists_each_socket_once(void **state)
{
	(void)state;
	if (!network_is_ours())
		skip();
	assert_listed(MANY);
	assert_true(dump.pieces > 2);
}

static void none_is_missed_where_one_is_closed(void **state)
{
	(void)state;
	if (!network_is_ours())
		skip();
	meanwhile = close_the_youngest;
	assert_listed(MANY);
	assert_int_equal(open_sockets[MANY - 1], -1);
	assert_listed(MANY - 1);
}

static void none_counts_twice_where_one_is_opened(void **state)
{
	(void)state;
	if (!network_is_ours())
		skip();
	meanwhile = open_another;
	assert_listed(MANY + 1);
	assert_true(open_sockets[MANY] >= 0);
	assert_listed(MANY + 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_many, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dump_in_pieces_lists_each_socket_once),
		TEST(none_is_missed_where_one_is_closed),
		TEST(none_counts_twice_where_one_is_opened),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, network_enter, NULL);
}
