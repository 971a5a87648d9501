/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random watches over thousands of real sockets: the kernel's filter and the agent's tables,
 * compared with a plain predicate.
 */
#include "collect/watch_counter.c"

#include "network.h"
#include "unit.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ALL_SOCKETS (SOCKETS_LISTENING | SOCKETS_OTHER)
#define CONNECTIONS 700
#define SOCKETS_MAX 8192

/* ---- sockets ---- */

static const char *const addresses4[] = {"127.0.0.1", "127.0.0.2",   "127.0.1.1",
					 "127.1.0.1", "127.128.0.1", "127.255.255.254"};
static const char *const addresses6[] = {"::1",           "2001:db8::1",      "2001:db8::2",
					 "2001:db8:1::1", "2001:db8:8000::1", "fd00::1"};
static const uint16_t ports[] = {1,    2,    79,   80,   81,    443,   1023,
				 1024, 8000, 8005, 8010, 32768, 65534, 65535};

struct address {
	int family;
	struct sockaddr_in6 bytes;
	socklen_t length;
};

static struct address address_of(const char *text, uint16_t port)
{
	struct address address = {.family = AF_INET6, .length = sizeof(struct sockaddr_in6)};
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address.bytes;

	address.bytes.sin6_family = AF_INET6;
	address.bytes.sin6_port = htons(port);
	if (inet_pton(AF_INET6, text, &address.bytes.sin6_addr) == 1)
		return address;
	*ipv4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	assert_int_equal(inet_pton(AF_INET, text, &ipv4->sin_addr), 1);
	address.family = AF_INET;
	address.length = sizeof(*ipv4);
	return address;
}

static void add_ipv6_address(const char *text)
{
	struct {
		struct in6_addr address;
		uint32_t length;
		int interface;
	} request = {.length = 128, .interface = (int)if_nametoindex("lo")};
	int any = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET6, text, &request.address);
	assert_int_equal(ioctl(any, SIOCSIFADDR, &request), 0);
	close(any);
}

static int open_bound(const struct address *address, bool both)
{
	const int yes = 1, only = !both;
	int opened = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(opened >= 0);
	setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (address->family == AF_INET6)
		setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(opened, (const struct sockaddr *)&address->bytes, address->length) == 0)
		return opened;
	close(opened);
	return -1;
}

/* The kernel makes an address usable a little later (net/ipv6/addrconf.c, addrconf_dad_work). */
static void wait_for_address(const char *text)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	const struct address address = address_of(text, 0);
	int bound;

	while ((bound = open_bound(&address, false)) < 0)
		nanosleep(&pause, NULL);
	close(bound);
}

/* On a port, a listener that also accepts IPv4, one for each address, or one for any address. */
static void listen_at(uint16_t port, int kind)
{
	static const char *const both[] = {"::"}, *const any[] = {"0.0.0.0", "::"};
	const char *const *texts = kind == 0 ? both : any;
	size_t count = kind == 0 ? 1 : 2;

	for (size_t i = 0; i < (kind == 2 ? ENTRIES(addresses4) + ENTRIES(addresses6) : count);
	     i++) {
		const char *text = kind < 2                  ? texts[i]
				   : i < ENTRIES(addresses4) ? addresses4[i]
							     : addresses6[i - ENTRIES(addresses4)];
		const struct address address = address_of(text, port);
		int listener = open_bound(&address, kind == 0);

		assert_true(listener >= 0);
		assert_int_equal(listen(listener, 64), 0);
	}
}

/* Some are closed on either side; the others stay, unaccepted. Descriptors stay open. */
static void connect_at_random(void)
{
	const bool ipv4 = unit_random(2) == 0;
	const char *const *texts = ipv4 ? addresses4 : addresses6;
	const size_t count = ipv4 ? ENTRIES(addresses4) : ENTRIES(addresses6);
	const struct address from = address_of(texts[unit_random((uint32_t)count)], 0);
	const struct address to =
		address_of(texts[unit_random((uint32_t)count)], ports[unit_random(ENTRIES(ports))]);
	int connection = open_bound(&from, false);

	assert_true(connection >= 0);
	if (connect(connection, (const struct sockaddr *)&to.bytes, to.length) != 0) {
		/* The kernel has chosen a port from which there is a connection to this peer. */
		assert_int_equal(errno, EADDRNOTAVAIL);
		close(connection);
		return;
	}
	if (unit_random(4) == 0)
		shutdown(connection, SHUT_WR);
	else if (unit_random(4) == 0)
		close(connection);
}

static int make_sockets(void **state)
{
	struct rlimit files;

	network_enter(state);
	if (!network_is_ours())
		return 0;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (size_t i = 1; i < ENTRIES(addresses6); i++)
		add_ipv6_address(addresses6[i]);
	for (size_t i = 1; i < ENTRIES(addresses6); i++)
		wait_for_address(addresses6[i]);
	for (size_t i = 0; i < ENTRIES(ports); i++)
		listen_at(ports[i], (int)(i % 3));
	for (size_t i = 0; i < CONNECTIONS; i++)
		connect_at_random();
	return 0;
}

/* ---- the plain predicate ---- */

struct seen {
	struct inet_diag_sockid id;
	enum tcp_family family;
	enum tcp_state state;
};

struct seen_list {
	struct seen sockets[SOCKETS_MAX];
	size_t count;
};

static bool in_ports(const struct port_list *list, uint16_t port)
{
	for (size_t i = 0; i < list->count; i++) {
		if (port >= list->intervals[i].first && port <= list->intervals[i].last)
			return true;
	}
	return list->count == 0;
}

static bool bits_equal(const unsigned char *left, const unsigned char *right, unsigned int bits)
{
	for (unsigned int bit = 0; bit < bits; bit++) {
		if ((left[bit / 8] ^ right[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	}
	return true;
}

static bool in_prefixes(const struct prefix_list *list, enum tcp_family family, const void *address)
{
	static const unsigned char mapped[12] = {[10] = 0xff, 0xff};
	const unsigned char *octets = address;

	for (size_t i = 0; i < list->count; i++) {
		const struct prefix *prefix = &list->prefixes[i];

		if (prefix->family == family && bits_equal(prefix->address, octets, prefix->length))
			return true;
		if (prefix->family == FAMILY_IPV4 && family == FAMILY_IPV6 &&
		    memcmp(octets, mapped, sizeof(mapped)) == 0 &&
		    bits_equal(prefix->address, octets + 12, prefix->length))
			return true;
	}
	return list->count == 0;
}

static bool is_in_watch(const struct watch *watch, const struct seen *seen)
{
	static const unsigned char any[16];
	const bool listening = seen->state == STATE_LISTEN;
	const size_t size = seen->family == FAMILY_IPV4 ? 4 : 16;

	if (listening && (watch->peers.count > 0 || watch->peer_ports.count > 0))
		return false;
	if (listening && watch->addresses.count > 0 && memcmp(seen->id.idiag_src, any, size) == 0)
		return false;
	return in_ports(&watch->ports, ntohs(seen->id.idiag_sport)) &&
	       (listening || in_ports(&watch->peer_ports, ntohs(seen->id.idiag_dport))) &&
	       in_prefixes(&watch->addresses, seen->family, seen->id.idiag_src) &&
	       (listening || in_prefixes(&watch->peers, seen->family, seen->id.idiag_dst));
}

/* ---- random watches ---- */

static void append_port(char *text)
{
	static const uint16_t others[] = {0, 3, 82, 444, 8001, 30000, 65533};
	uint16_t first = unit_random(3) == 0 ? others[unit_random(ENTRIES(others))]
					     : ports[unit_random(ENTRIES(ports))];
	uint32_t last = first + unit_random(3) * unit_random(20);

	sprintf(text + strlen(text), "%u", first);
	if (last > first)
		sprintf(text + strlen(text), "-%u", last > UINT16_MAX ? UINT16_MAX : last);
}

static void append_prefix(char *text)
{
	const bool ipv4 = unit_random(2) == 0;
	const char *chosen = ipv4 ? addresses4[unit_random(ENTRIES(addresses4))]
				  : addresses6[unit_random(ENTRIES(addresses6))];
	const unsigned int bits = ipv4 ? 32 : 128, length = unit_random(bits + 1);
	unsigned char octets[16];
	char printed[INET6_ADDRSTRLEN];

	inet_pton(ipv4 ? AF_INET : AF_INET6, chosen, octets);
	if (!ipv4 && unit_random(3) == 0)
		inet_pton(AF_INET6, "::ffff:127.1.0.1", octets);
	for (unsigned int bit = length; bit < bits; bit++)
		octets[bit / 8] &= (unsigned char)~(0x80U >> bit % 8);
	inet_ntop(ipv4 ? AF_INET : AF_INET6, octets, printed, sizeof(printed));
	sprintf(text + strlen(text), "%s/%u", printed, length);
}

static void append_list(char *text, const char *condition, void (*append)(char *text),
			uint32_t most)
{
	const uint32_t count = 1 + unit_random(most);

	sprintf(text + strlen(text), " %s ", condition);
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			strcat(text, ",");
		append(text);
	}
}

static struct watches *random_watches(size_t count)
{
	struct watches *watches = watches_new();

	for (size_t i = 0; i < count; i++) {
		char text[4 * WATCH_TEXT_MAX], problem[WATCH_PROBLEM_SIZE];
		const uint32_t conditions = 1 + unit_random(15);
		struct watch watch;

		sprintf(text, "w%zu", i);
		if (conditions & 1)
			append_list(text, "port", append_port, 4);
		if (conditions & 2)
			append_list(text, "peerPort", append_port, 4);
		if (conditions & 4)
			append_list(text, "address", append_prefix, 2);
		if (conditions & 8)
			append_list(text, "peer", append_prefix, 2);
		if (watch_parse(text, &watch, problem) != 0)
			fail_msg("%s: %s", text, problem);
		assert_int_equal(watches_add(&watches, &watch), 0);
	}
	return watches;
}

/* ---- comparing ---- */

static int see(const struct nlmsghdr *message, void *context)
{
	struct seen_list *list = context;
	struct socket_message read;

	assert_int_equal(sock_diag_read(message, &read), 0);
	assert_true(list->count < SOCKETS_MAX);
	list->sockets[list->count++] = (struct seen){read.socket->id, read.family, read.state};
	return 0;
}

static void list_with(struct dump *dump, const struct watch_filter *filter, socket_states states,
		      struct seen_list *list)
{
	struct filtered_request request;

	list->count = 0;
	watch_filter_make_request(&request, states, filter);
	assert_int_equal(dump_run(dump, &request.header, see, list), 0);
}

static void count_plainly(const struct watches *watches, const struct seen_list *list,
			  struct watch_count *counts, size_t *in_any)
{
	*in_any = 0;
	memset(counts, 0, watches->count * sizeof(*counts));
	for (size_t i = 0; i < list->count; i++) {
		const struct seen *seen = &list->sockets[i];
		bool any = false;

		for (size_t watch = 0; watch < watches->count; watch++) {
			if (!is_in_watch(&watches->watch[watch], seen))
				continue;
			counts[watch].sockets[seen->family][seen->state]++;
			any = true;
		}
		*in_any += any && seen->state != STATE_LISTEN;
	}
}

static const struct watch_filter no_filter = {.effect = WATCH_FILTER_NONE};
static struct seen_list everything, again, accepted;
static struct watch_count plain[WATCHES_MAX];
static struct dump dump;
static struct watch_counter counter;

static struct snapshot *count_watches(struct watches *watches)
{
	const struct port_set none = {0};
	struct listening_sockets list = {0};
	struct snapshot *snapshot = snapshot_new();
	struct host host = {0};

	watch_counter_set(&counter, watches);
	assert_int_equal(listening_sockets_list(&list, &dump, SIZE_MAX), 0);
	assert_int_equal(watch_counter_begin(&counter, &dump, &list, NULL), 0);
	assert_int_equal(
		watch_counter_finish(&counter, &dump, SOCKETS_OTHER, &list, &none, &host, snapshot),
		0);
	listening_sockets_free(&list);
	return snapshot;
}

static bool nothing_changed(void)
{
	list_with(&dump, &no_filter, ALL_SOCKETS, &again);
	return again.count == everything.count &&
	       memcmp(again.sockets, everything.sockets, again.count * sizeof(again.sockets[0])) ==
		       0;
}

/* Sockets change their state by themselves, such as from finWait1 to finWait2. */
static struct snapshot *count_while_nothing_changes(struct watches *watches, size_t *in_any)
{
	for (;;) {
		struct snapshot *snapshot = count_watches(watches_copy(watches));

		if (nothing_changed()) {
			count_plainly(watches, &everything, plain, in_any);
			return snapshot;
		}
		snapshot_free(snapshot);
		list_with(&dump, &no_filter, ALL_SOCKETS, &everything);
	}
}

static void assert_counts(struct watches *watches, bool *filtered)
{
	size_t in_any;
	struct snapshot *snapshot = count_while_nothing_changes(watches, &in_any);

	assert_int_equal(snapshot->watches_count, watches->count);
	for (size_t i = 0; i < watches->count; i++) {
		const struct watch_count *count = &snapshot->watches[i];

		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			for (enum tcp_state state = 0; state < STATES; state++) {
				if (count->sockets[family][state] !=
				    plain[i].sockets[family][state])
					fail_msg("%s: %s %s %u, expected %u", count->text,
						 tcp_family_name(family), tcp_state_name(state),
						 count->sockets[family][state],
						 plain[i].sockets[family][state]);
			}
		}
	}
	*filtered = counter.filter.effect == WATCH_FILTER_PROGRAM;
	if (*filtered) {
		list_with(&dump, &counter.filter, SOCKETS_OTHER, &accepted);
		assert_true(accepted.count == in_any || !nothing_changed());
	}
	snapshot_free(snapshot);
	free(watches);
}

static void random_watches_are_counted_exactly(void **state)
{
	bool filtered = false;
	size_t filters = 0;

	(void)state;
	if (!network_is_ours())
		skip();
	list_with(&dump, &no_filter, ALL_SOCKETS, &everything);
	assert_true(everything.count > 2 * CONNECTIONS * 3 / 4);
	for (int time = 0; time < 300; time++) {
		assert_counts(random_watches(1 + unit_random(time % 3 == 0 ? WATCHES_MAX : 8)),
			      &filtered);
		filters += filtered;
	}
	assert_between(filters, 100, 299);
}

static struct watches *one_watch(const char *text)
{
	struct watches *watches = watches_new();
	char problem[WATCH_PROBLEM_SIZE];
	struct watch watch;

	assert_int_equal(watch_parse(text, &watch, problem), 0);
	assert_int_equal(watches_add(&watches, &watch), 0);
	return watches;
}

/* The limits of ports and prefixes. */
static void limits_are_exact(void **state)
{
	static const char *const texts[] = {
		"w port 0",
		"w port 1",
		"w port 65535",
		"w port 0-65535",
		"w port 0-1",
		"w port 65534-65535",
		"w peerPort 0",
		"w peerPort 1-65535",
		"w peerPort 65535",
		"w peer 0.0.0.0/0",
		"w peer ::/0",
		"w address 0.0.0.0/0",
		"w address ::/0",
		"w peer ::/128",
		"w peer 127.0.0.1/32",
		"w peer ::ffff:0:0/96",
		"w peer 127.0.0.0/9",
		"w peer 127.128.0.0/9",
		"w peer ::1",
		"w peer 2001:db8::/32",
		"w peer 0.0.0.0/0,::/0 address 0.0.0.0/0,::/0 port 0-65535 peerPort 0-65535",
	};
	bool filtered;

	(void)state;
	if (!network_is_ours())
		skip();
	list_with(&dump, &no_filter, ALL_SOCKETS, &everything);
	for (size_t i = 0; i < ENTRIES(texts); i++) {
		assert_counts(one_watch(texts[i]), &filtered);
		assert_true(filtered);
	}
}

static void prefixes_of_every_length_are_exact(void **state)
{
	bool filtered;

	(void)state;
	if (!network_is_ours())
		skip();
	list_with(&dump, &no_filter, ALL_SOCKETS, &everything);
	for (unsigned int length = 0; length <= 128; length++) {
		unsigned char octets[16];
		char printed[INET6_ADDRSTRLEN], text[128];

		inet_pton(AF_INET6, length % 2 ? "2001:db8:8000::1" : "::ffff:127.128.0.1", octets);
		for (unsigned int bit = length; bit < 128; bit++)
			octets[bit / 8] &= (unsigned char)~(0x80U >> bit % 8);
		inet_ntop(AF_INET6, octets, printed, sizeof(printed));
		snprintf(text, sizeof(text), "w peer %s/%u", printed, length);
		assert_counts(one_watch(text), &filtered);
	}
	for (unsigned int length = 0; length <= 32; length++) {
		const uint32_t bits = length == 0 ? 0 : 0x7f800001U & ~(uint32_t)0 << (32 - length);
		char text[128];

		snprintf(text, sizeof(text), "w address %u.%u.%u.%u/%u", bits >> 24,
			 bits >> 16 & 255, bits >> 8 & 255, bits & 255, length);
		assert_counts(one_watch(text), &filtered);
	}
}

/* ---- each listening ---- */

static void each_listening_port_has_a_watch(void **state)
{
	struct watches *watches = one_watch("443 peerPort 80");
	struct snapshot *snapshot;

	(void)state;
	if (!network_is_ours())
		skip();
	watches->each_listening = true;
	snapshot = count_watches(watches);
	assert_int_equal(snapshot->watches_count, ENTRIES(ports));
	for (size_t i = 0; i < ENTRIES(ports); i++) {
		char name[8], text[16];

		snprintf(name, sizeof(name), "%u", ports[i]);
		snprintf(text, sizeof(text), "port %u", ports[i]);
		assert_string_equal(snapshot_watch(snapshot, name)->text,
				    ports[i] == 443 ? "peerPort 80" : text);
	}
	assert_int_equal(snapshot->watches_omitted, 0);
	snapshot_free(snapshot);
}

static void the_lowest_listening_ports_are_watched(void **state)
{
	struct watches *watches = watches_new();
	struct snapshot *snapshot;
	int more[100];

	(void)state;
	if (!network_is_ours())
		skip();
	for (size_t i = 0; i < ENTRIES(more); i++)
		more[i] = network_listen(AF_INET, (uint16_t)(40000 + i));
	watches->each_listening = true;
	snapshot = count_watches(watches);
	assert_int_equal(snapshot->watches_count, WATCHES_MAX);
	assert_int_equal(snapshot->watches_omitted, ENTRIES(ports) + ENTRIES(more) - WATCHES_MAX);
	assert_non_null(snapshot_watch(snapshot, "40000"));
	assert_null(snapshot_watch(snapshot, "65535"));
	snapshot_free(snapshot);
	for (size_t i = 0; i < ENTRIES(more); i++)
		close(more[i]);
}

/* ---- without cgroups ---- */

/* Nobody can be asked for them. */
static void a_unit_is_unknown_and_others_are_not(void **state)
{
	struct watches *watches = one_watch("u unit a.service");
	struct watches *both = one_watch("p port 80");
	struct snapshot *snapshot;

	(void)state;
	if (!network_is_ours())
		skip();
	assert_int_equal(watches_add(&both, &watches->watch[0]), 0);
	free(watches);
	snapshot = count_watches(both);
	assert_true(snapshot_watch(snapshot, "p")->known);
	assert_false(snapshot_watch(snapshot, "u")->known);
	assert_true(snapshot_watch(snapshot, "p")->sockets[FAMILY_IPV6][STATE_LISTEN] > 0);
	snapshot_free(snapshot);
}

static int open_dump(void **state)
{
	(void)state;
	dump_initialise(&dump);
	watch_counter_initialise(&counter);
	return 0;
}

static int close_dump(void **state)
{
	(void)state;
	dump_finalise(&dump);
	watch_counter_finalise(&counter);
	return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_dump, close_dump)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_watches_are_counted_exactly),
		TEST(limits_are_exact),
		TEST(prefixes_of_every_length_are_exact),
		TEST(each_listening_port_has_a_watch),
		TEST(the_lowest_listening_ports_are_watched),
		TEST(a_unit_is_unknown_and_others_are_not),
	};

	alarm(600);
	return cmocka_run_group_tests(tests, make_sockets, NULL);
}
