/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets: listed in pieces while others are opened and closed, merged into endpoints,
 * tracked from refresh to refresh, chosen if there are too many, and as targets of SYN_RECV
 * requests.
 */
#include "collect/listeners.c"
#include "collect/syn_queues.c"

#include "network.h"
#include "unit.h"

#include <netinet/in.h>
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

/* The kernel lists the youngest first, so that this one was already listed. */
static void close_the_youngest(void)
{
	close(open_sockets[MANY - 1]);
	open_sockets[MANY - 1] = -1;
}

static int open_many(void **state)
{
	(void)state;
	dump_initialise(&dump);
	for (size_t i = 0; i < ENTRIES(open_sockets); i++)
		open_sockets[i] = network_is_ours() && i < MANY ? listen_too() : -1;
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENTRIES(open_sockets); i++)
		close(open_sockets[i]);
	dump_finalise(&dump);
	return 0;
}

static void assert_listed(uint32_t sockets)
{
	const struct listeners_limit limit = {0};
	struct snapshot snapshot = {0};
	struct listeners listeners;

	listeners_initialise(&listeners);
	assert_int_equal(listeners_list(&listeners, &dump, &limit, &snapshot), 0);
	assert_int_equal(snapshot.listeners_count, 1);
	assert_int_equal(snapshot.listeners_omitted, 0);
	assert_int_equal(snapshot.listeners->sockets, sockets);
	assert_int_equal(snapshot.listeners->backlog, sockets);
	assert_int_equal(listeners.list.total[FAMILY_IPV4], sockets);
	assert_int_equal(listeners.list.total[FAMILY_IPV6], 0);
	free(snapshot.listeners);
	listeners_finalise(&listeners);
}

static void a_dump_in_pieces_lists_each_socket_once(void **state)
{
	(void)state;
	if (!network_is_ours())
		skip();
	assert_listed(MANY);
	assert_true(dump.pieces > 2);
}

static void none_is_missed_if_one_is_closed(void **state)
{
	(void)state;
	if (!network_is_ours())
		skip();
	meanwhile = close_the_youngest;
	assert_listed(MANY);
	assert_int_equal(open_sockets[MANY - 1], -1);
	assert_listed(MANY - 1);
}

static void none_counts_twice_if_one_is_opened(void **state)
{
	(void)state;
	if (!network_is_ours())
		skip();
	meanwhile = open_another;
	assert_listed(MANY + 1);
	assert_true(open_sockets[MANY] >= 0);
	assert_listed(MANY + 1);
}

/* Sockets that are not remembered are counted as omitted. */
static void more_than_are_remembered_are_counted(void **state)
{
	const struct listeners_limit limit = {.endpoints = 5};
	struct snapshot snapshot = {0};
	struct listeners listeners;

	(void)state;
	if (!network_is_ours())
		skip();
	listeners_initialise(&listeners);
	listeners.sockets_max = 100;
	assert_int_equal(listeners_list(&listeners, &dump, &limit, &snapshot), 0);
	assert_int_equal(snapshot.listeners->sockets, 100);
	assert_int_equal(snapshot.listeners_omitted, MANY - 100);
	assert_int_equal(listeners.list.total[FAMILY_IPV4], MANY);
	free(snapshot.listeners);
	listeners_finalise(&listeners);
}

/* ---- scripted sockets ---- */

#define SOCKETS_MAX 60
#define WINDOW_NS 10

static struct listeners made;
static struct snapshot snapshot;

static int begin(void **state)
{
	(void)state;
	listeners_initialise(&made);
	snapshot = (struct snapshot){0};
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(snapshot.listeners);
	listeners_finalise(&made);
	return 0;
}

/* Simulates a refresh that lists @p sockets. */
static void refresh(int64_t at_ns, const struct listening_socket *sockets, size_t count,
		    size_t endpoints)
{
	const struct listeners_limit limit = {.endpoints = endpoints, .window_ns = WINDOW_NS};

	free(snapshot.listeners);
	snapshot = (struct snapshot){.taken_ns = at_ns};
	listeners_forget_sockets(&made);
	made.list.sockets = calloc(count + 1, sizeof(*sockets));
	memcpy(made.list.sockets, sockets, count * sizeof(*sockets));
	made.list.count = count;
	made.list.capacity = count;
	assert_int_equal(merge_list(&made, &limit, &snapshot), 0);
}

static struct endpoint ipv4(uint8_t host, uint16_t port)
{
	return (struct endpoint){
		.family = FAMILY_IPV4, .address = {host == 0 ? 0 : 127, 0, 0, host}, .port = port};
}

static const struct listener *at(struct endpoint endpoint)
{
	return snapshot_listener(&snapshot, &endpoint);
}

/* ---- sums ---- */

static struct listening_socket random_socket(uint64_t cookie)
{
	static const uint32_t numbers[] = {0, 1, 5, 128, 4096, UINT32_MAX};
	struct listening_socket socket = {
		.cookie = cookie,
		.endpoint = ipv4((uint8_t)unit_random(3), (uint16_t)(80 + unit_random(3))),
		.device = unit_random(7),
		.queued = numbers[unit_random(ENTRIES(numbers))],
		.backlog = numbers[unit_random(ENTRIES(numbers))],
		.dropped = numbers[unit_random(ENTRIES(numbers))],
	};

	if (unit_random(2) == 0)
		socket.endpoint.family = FAMILY_IPV6;
	return socket;
}

static void assert_devices(const struct listening_socket *sockets, size_t count,
			   const struct listener *listener)
{
	uint32_t found = 0;

	for (uint32_t device = 0; device < 7; device++) {
		bool bound = false;

		for (size_t i = 0; i < count; i++)
			bound |= sockets[i].device == device &&
				 endpoint_compare(&sockets[i].endpoint, &listener->endpoint) == 0;
		if (bound && found < LISTENER_DEVICES && listener->devices_count > 0)
			assert_int_equal(listener->devices[found], device);
		found += bound;
		if (device == 0 && bound && listener->devices_count == 0)
			found = 0; /* it is not bound to an interface */
	}
	assert_int_equal(listener->devices_count,
			 found > LISTENER_DEVICES ? LISTENER_DEVICES + 1 : found);
}

static void assert_sums(const struct listening_socket *sockets, size_t count,
			const struct listener *listener)
{
	struct listener sum = {.sockets = 0};

	for (size_t i = 0; i < count; i++) {
		uint32_t fill = listener_fill(sockets[i].queued, sockets[i].backlog);

		if (endpoint_compare(&sockets[i].endpoint, &listener->endpoint) != 0)
			continue;
		sum.sockets++;
		sum.fill = fill > sum.fill ? fill : sum.fill;
		sum.queued += sockets[i].queued;
		sum.backlog += sockets[i].backlog;
		sum.dropped += sockets[i].dropped;
	}
	assert_int_equal(listener->sockets, sum.sockets);
	assert_int_equal(listener->fill, sum.fill);
	assert_int_equal(listener->fill_max, sum.fill);
	assert_int_equal(listener->queued, sum.queued);
	assert_int_equal(listener->queued_max, sum.queued > UINT32_MAX ? UINT32_MAX : sum.queued);
	assert_int_equal(listener->backlog, sum.backlog);
	assert_int_equal(listener->dropped, sum.dropped);
	assert_int_equal(listener->syn_queue, 0);
}

static void sockets_of_one_endpoint_are_merged(void **state)
{
	(void)state;
	for (int time = 0; time < 2000; time++) {
		struct listening_socket sockets[SOCKETS_MAX];
		size_t count = unit_random(SOCKETS_MAX + 1), sum = 0;
		uint32_t fullest = 0;

		for (size_t i = 0; i < count; i++)
			sockets[i] = random_socket(i + 1);
		refresh(1, sockets, count, 0);
		for (size_t i = 0; i < snapshot.listeners_count; i++) {
			const struct listener *listener = &snapshot.listeners[i];

			assert_sums(sockets, count, listener);
			assert_devices(sockets, count, listener);
			sum += listener->sockets;
			fullest = listener->fill > fullest ? listener->fill : fullest;
			if (i > 0)
				assert_true(endpoint_compare(&listener[-1].endpoint,
							     &listener->endpoint) < 0);
		}
		assert_int_equal(sum, count);
		assert_int_equal(snapshot.listen_fill, fullest);
		assert_int_equal(snapshot.listeners_omitted, 0);
		assert_false(snapshot.listeners_tracked);
	}
}

/* ---- from refresh to refresh ---- */

#define SOCKET(cookie, endpoint, queued, backlog, dropped)                 \
	{                                                                  \
		(cookie), (endpoint), 0, (queued), (backlog), (dropped), 0 \
	}

static void drops_never_decrease(void **state)
{
	const struct endpoint one = ipv4(1, 80), other = ipv4(2, 80);
	const struct listening_socket two[] = {SOCKET(1, one, 0, 1, 30), SOCKET(2, one, 0, 1, 26)};
	const struct listening_socket second[] = {SOCKET(2, one, 0, 1, 27)};
	const struct listening_socket replaced[] = {SOCKET(3, one, 0, 1, 2)};
	const struct listening_socket wrapping[] = {SOCKET(3, one, 0, 1, UINT32_MAX)};
	const struct listening_socket wrapped[] = {SOCKET(3, one, 0, 1, 1)};
	const struct listening_socket gone[] = {SOCKET(4, other, 0, 1, 0)};

	(void)state;
	refresh(1, two, 2, 10);
	assert_int_equal(at(one)->dropped, 56);
	assert_true(snapshot.listeners_tracked);
	refresh(2, second, 1, 10);
	assert_int_equal(at(one)->dropped, 57);
	refresh(3, replaced, 1, 10);
	assert_int_equal(at(one)->dropped, 59);
	refresh(4, wrapping, 1, 10);
	assert_int_equal(at(one)->dropped, 59 + UINT64_C(0xfffffffd));
	refresh(5, wrapped, 1, 10);
	assert_int_equal(at(one)->dropped, 59 + UINT64_C(0xfffffffd) + 2);
	refresh(6, gone, 1, 10);
	assert_null(at(one));
	assert_int_equal(at(other)->dropped, 0);
	refresh(7, second, 1, 10);
	assert_int_equal(at(one)->dropped, 27);
}

static void maxima_look_back_over_the_window(void **state)
{
	const struct endpoint one = ipv4(1, 80);
	const struct listening_socket full[] = {SOCKET(1, one, 5, 5, 0), SOCKET(2, one, 1, 5, 0)};
	const struct listening_socket empty[] = {SOCKET(1, one, 0, 5, 0), SOCKET(2, one, 1, 5, 0)};

	(void)state;
	refresh(1, full, 2, 10);
	refresh(1 + WINDOW_NS, empty, 2, 10);
	assert_int_equal(at(one)->fill, 20);
	assert_int_equal(at(one)->fill_max, 100);
	assert_int_equal(at(one)->queued, 1);
	assert_int_equal(at(one)->queued_max, 6);
	assert_int_equal(snapshot.listen_fill, 20);
	refresh(2 + WINDOW_NS, empty, 2, 10);
	assert_int_equal(at(one)->fill_max, 20);
	assert_int_equal(at(one)->queued_max, 1);
}

/* ---- too many ---- */

static void assert_ports(size_t count, const uint16_t *ports)
{
	assert_int_equal(snapshot.listeners_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(snapshot.listeners[i].endpoint.port, ports[i]);
}

static void the_fullest_are_taken_and_then_the_lowest(void **state)
{
	struct listening_socket sockets[9];

	(void)state;
	for (uint16_t i = 0; i < 9; i++)
		sockets[i] = (struct listening_socket)SOCKET(i + 1U, ipv4(1, i + 1), 0, 10, 7);
	refresh(1, sockets, 9, 9);
	assert_int_equal(snapshot.listeners_omitted, 0);
	refresh(1, sockets, 9, 3);
	assert_ports(3, (const uint16_t[]){1, 2, 3});
	assert_int_equal(snapshot.listeners_omitted, 6);
	sockets[7].queued = 10;
	sockets[4].queued = 1;
	refresh(2, sockets, 9, 3);
	assert_ports(3, (const uint16_t[]){1, 5, 8});
	/* Now empty, but the fullest within the window. */
	sockets[7].queued = 0;
	sockets[7].dropped = 9;
	refresh(3, sockets, 9, 3);
	assert_ports(3, (const uint16_t[]){1, 5, 8});
	assert_int_equal(snapshot.listeners[2].fill_max, 100);
	assert_int_equal(snapshot.listeners[2].dropped, 9);
	assert_int_equal(snapshot.listen_fill, 10);
	refresh(3 + WINDOW_NS, sockets, 9, 3);
	assert_ports(3, (const uint16_t[]){1, 2, 5});
	/* Rows that are full now leave no room for one that was less so, but is the fullest now.
	 */
	for (uint16_t i = 0; i < 3; i++)
		sockets[i].queued = 20;
	refresh(4 + WINDOW_NS, sockets, 9, 3);
	for (uint16_t i = 0; i < 3; i++)
		sockets[i].queued = 0;
	sockets[8].queued = 15;
	refresh(5 + WINDOW_NS, sockets, 9, 3);
	assert_ports(3, (const uint16_t[]){1, 2, 3});
	assert_int_equal(snapshot.listen_fill, 150);
}

/* ---- SYN_RECV requests ---- */

static void add_request(struct endpoint to, uint32_t device)
{
	struct inet_diag_msg socket = {
		.id.idiag_sport = htons(to.port),
		.id.idiag_if = to.zone != 0 ? to.zone : device,
	};
	const struct socket_message request = {to.family, STATE_SYN_RECEIVED, &socket};

	memcpy(socket.id.idiag_src, to.address, sizeof(socket.id.idiag_src));
	syn_queues_add(&made.syn_queues, &request);
}

static struct endpoint ipv6(uint8_t last, uint16_t port)
{
	return (struct endpoint){.family = FAMILY_IPV6, .address = {[15] = last}, .port = port};
}

static struct endpoint link_local(uint32_t zone)
{
	return (struct endpoint){
		.family = FAMILY_IPV6, .address = {0xfe, 0x80, [15] = 1}, .zone = zone, .port = 80};
}

static void requests_count_for_the_most_specific_endpoint(void **state)
{
	const struct listening_socket sockets[] = {
		SOCKET(1, ipv4(0, 80), 0, 1, 0),   SOCKET(2, ipv4(1, 80), 0, 1, 0),
		SOCKET(3, ipv6(0, 80), 0, 1, 0),   SOCKET(4, ipv6(1, 80), 0, 1, 0),
		SOCKET(5, ipv6(0, 443), 0, 1, 0),  {6, link_local(2), 2, 0, 1, 0, 0},
		SOCKET(7, ipv4(1, 8080), 0, 1, 0), {8, ipv4(1, 22), 3, 0, 1, 0, 0},
		{9, ipv4(0, 22), 4, 0, 1, 0, 0},   {10, ipv4(0, 22), 5, 0, 1, 0, 0},
	};
	struct endpoint to_mapped = ipv4(1, 443);

	(void)state;
	to_mapped = mapped(&to_mapped);
	refresh(1, sockets, ENTRIES(sockets), 10);
	syn_queues_clear(&made.syn_queues);
	for (int time = 0; time < 3; time++) {
		add_request(ipv4(1, 80), 0);
		add_request(ipv4(2, 80), 0);
		add_request(ipv6(1, 80), 0);
		add_request(ipv6(2, 80), 0);
		add_request(ipv4(9, 443), 0);
		add_request(to_mapped, 0);
		add_request(link_local(2), 2);
		add_request(link_local(3), 3);
		add_request(ipv4(1, 22), 3);
		add_request(ipv4(1, 22), 5);
		add_request(ipv4(1, 9999), 0);
	}
	assert_int_equal(at(ipv4(1, 80))->syn_queue, 3);
	assert_int_equal(at(ipv4(0, 80))->syn_queue, 3);
	assert_int_equal(at(ipv6(1, 80))->syn_queue, 3);
	assert_int_equal(at(ipv6(0, 80))->syn_queue, 6); /* and a link-local one elsewhere */
	assert_int_equal(at(ipv6(0, 443))->syn_queue, 6);
	assert_int_equal(at(link_local(2))->syn_queue, 3);
	assert_int_equal(at(ipv4(1, 8080))->syn_queue, 0);
	assert_int_equal(at(ipv4(1, 22))->syn_queue, 3);
	assert_int_equal(at(ipv4(0, 22))->syn_queue, 3);
	syn_queues_clear(&made.syn_queues);
	assert_int_equal(at(ipv4(1, 80))->syn_queue, 0);
	/* An omitted endpoint takes its requests. */
	refresh(2, sockets, ENTRIES(sockets), 1);
	syn_queues_clear(&made.syn_queues);
	assert_int_equal(snapshot.listeners_count, 1);
	add_request(ipv4(1, 80), 0);
	add_request(ipv4(3, 22), 4);
	assert_int_equal(snapshot.listeners[0].syn_queue, 1);
	listeners_forget_sockets(&made);
	add_request(ipv4(1, 80), 0);
	assert_int_equal(snapshot.listeners[0].syn_queue, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_many, close_all)
#define TEST_MADE_UP(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dump_in_pieces_lists_each_socket_once),
		TEST(none_is_missed_if_one_is_closed),
		TEST(none_counts_twice_if_one_is_opened),
		TEST(more_than_are_remembered_are_counted),
		TEST_MADE_UP(sockets_of_one_endpoint_are_merged),
		TEST_MADE_UP(drops_never_decrease),
		TEST_MADE_UP(maxima_look_back_over_the_window),
		TEST_MADE_UP(the_fullest_are_taken_and_then_the_lowest),
		TEST_MADE_UP(requests_count_for_the_most_specific_endpoint),
	};

	alarm(600);
	return cmocka_run_group_tests(tests, network_enter, NULL);
}
