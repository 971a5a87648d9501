/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's texts, whole and spoiled: what is known is right, and what is not is unknown.
 */
#include "collect/proc_text.c"

#include "unit.h"

#include <stdio.h>

#define TEXT_SIZE 2048

typedef void parse(char *text, struct host *host);

struct expected {
	enum host_object object;
	uint64_t value;
};

static uint64_t page_kib(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static struct host parse_text(parse *parse_it, const char *text)
{
	char copy[TEXT_SIZE];
	struct host host = {0};

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	parse_it(copy, &host);
	return host;
}

static void assert_value(const struct host *host, enum host_object object, uint64_t value)
{
	assert_true(host->known[object]);
	assert_true(host->value[object] == value);
}

static size_t known(const struct host *host)
{
	size_t count = 0;

	for (enum host_object object = 0; object < HOST_OBJECTS; object++) {
		count += host->known[object];
		if (!host->known[object])
			assert_true(host->value[object] == 0);
	}
	return count;
}

static void assert_nothing(parse *parse_it, const char *text)
{
	const struct host host = parse_text(parse_it, text);

	assert_int_equal(known(&host), 0);
}

/* ---- whole texts ---- */

static const char sockstat[] = "sockets: used 234\n"
			       "TCP: inuse 19 orphan 3 tw 1205 alloc 27 mem 5\n"
			       "UDP: inuse 7 mem 2\n"
			       "UDPLITE: inuse 61\n"
			       "RAW: inuse 11\n"
			       "FRAG: inuse 13 memory 8192\n";

static const char sockstat6[] = "TCP6: inuse 21\n"
				"UDP6: inuse 23\n"
				"UDPLITE6: inuse 62\n"
				"RAW6: inuse 29\n"
				"FRAG6: inuse 31 memory 4096\n";

static const char netstat[] =
	"TcpExt: SyncookiesSent SyncookiesRecv ListenOverflows ListenDrops TCPTimeWaitOverflow "
	"TCPReqQFullDrop\n"
	"TcpExt: 101 102 18446744073709551615 104 105 106\n"
	"IpExt: InNoRoutes ListenDrops\n"
	"IpExt: 201 202\n"
	"MPTcpExt: MPCapableSYNRX\n"
	"MPTcpExt: 301\n";

static const char snmp[] =
	"Ip: Forwarding DefaultTTL\n"
	"Ip: 1 64\n"
	"Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails\n"
	"Tcp: 1 200 120000 -1 4711 4712 4713\n"
	"Udp: InDatagrams PassiveOpens\n"
	"Udp: 8 9\n";

static void sockstat_tells_what_is_in_use(void **state)
{
	struct host host = parse_text(proc_text_sockstat, sockstat);

	(void)state;
	assert_value(&host, HOST_SOCKETS_USED, 234);
	assert_value(&host, HOST_IN_USE_IPV4, 19);
	assert_value(&host, HOST_ORPHANS, 3);
	assert_value(&host, HOST_TIME_WAITS, 1205);
	assert_value(&host, HOST_ALLOCATED, 27);
	assert_value(&host, HOST_MEMORY, 5 * page_kib());
	assert_value(&host, HOST_UDP_IPV4, 7);
	assert_value(&host, HOST_RAW_IPV4, 11);
	assert_value(&host, HOST_FRAGMENTS_IPV4, 13);
	assert_int_equal(known(&host), 9);
}

static void sockstat6_tells_the_same_of_ipv6(void **state)
{
	struct host host = parse_text(proc_text_sockstat, sockstat6);

	(void)state;
	assert_value(&host, HOST_IN_USE_IPV6, 21);
	assert_value(&host, HOST_UDP_IPV6, 23);
	assert_value(&host, HOST_RAW_IPV6, 29);
	assert_value(&host, HOST_FRAGMENTS_IPV6, 31);
	assert_int_equal(known(&host), 4);
}

static void netstat_has_a_line_of_words_and_one_of_numbers(void **state)
{
	struct host host = parse_text(proc_text_netstat, netstat);

	(void)state;
	assert_value(&host, HOST_SYNCOOKIES_SENT, 101);
	assert_value(&host, HOST_LISTEN_OVERFLOWS, UINT64_MAX);
	assert_value(&host, HOST_LISTEN_DROPS, 104);
	assert_value(&host, HOST_TIME_WAIT_OVERFLOWS, 105);
	assert_int_equal(known(&host), 4);
	host = parse_text(proc_text_netstat, snmp);
	assert_value(&host, HOST_ACTIVE_OPENS, 4711);
	assert_value(&host, HOST_PASSIVE_OPENS, 4712);
	assert_int_equal(known(&host), 2);
}

static void one_text_adds_to_another(void **state)
{
	struct host host = {0};
	char first[TEXT_SIZE], second[TEXT_SIZE];

	(void)state;
	strcpy(first, sockstat);
	strcpy(second, netstat);
	proc_text_sockstat(first, &host);
	proc_text_netstat(second, &host);
	assert_int_equal(known(&host), 9 + 4);
}

static void sysctl(const char *text, size_t place, enum host_object object, struct host *host)
{
	char copy[TEXT_SIZE];

	strcpy(copy, text);
	*host = (struct host){0};
	proc_text_sysctl(copy, place, object, host);
}

static void a_sysctl_is_a_number_at_its_place(void **state)
{
	struct host host;

	(void)state;
	sysctl("65536\n", 0, HOST_ORPHANS_MAX, &host);
	assert_value(&host, HOST_ORPHANS_MAX, 65536);
	sysctl("91218\t121625\t182436\n", 2, HOST_MEMORY_MAX, &host);
	assert_value(&host, HOST_MEMORY_MAX, 182436 * page_kib());
	assert_int_equal(known(&host), 1);
	sysctl("91218\t121625\n", 2, HOST_MEMORY_MAX, &host);
	assert_int_equal(known(&host), 0);
	sysctl("65536\n", 1, HOST_ORPHANS_MAX, &host);
	assert_int_equal(known(&host), 0);
	sysctl("-1\n", 0, HOST_ORPHANS_MAX, &host);
	assert_int_equal(known(&host), 0);
	sysctl("", 0, HOST_ORPHANS_MAX, &host);
	assert_int_equal(known(&host), 0);
	sysctl("\n", 0, HOST_ORPHANS_MAX, &host);
	assert_int_equal(known(&host), 0);
}

/* ---- what is missing ---- */

/* Old kernels tell less, and some are built without UDPLITE or fragments. */
static void what_a_kernel_does_not_tell_is_unknown(void **state)
{
	struct host host = parse_text(proc_text_sockstat, "TCP: inuse 19 orphan 3\nRAW: inuse 1\n");

	(void)state;
	assert_value(&host, HOST_IN_USE_IPV4, 19);
	assert_value(&host, HOST_ORPHANS, 3);
	assert_value(&host, HOST_RAW_IPV4, 1);
	assert_int_equal(known(&host), 3);
	host = parse_text(proc_text_netstat, "TcpExt: ListenDrops\nTcpExt: 7\n");
	assert_value(&host, HOST_LISTEN_DROPS, 7);
	assert_int_equal(known(&host), 1);
}

static void words_may_come_in_any_order(void **state)
{
	struct host host = parse_text(proc_text_sockstat,
				      "TCP: mem 5 new 99 tw 1205 inuse 19\nsockets: used 234\n");

	(void)state;
	assert_value(&host, HOST_MEMORY, 5 * page_kib());
	assert_value(&host, HOST_TIME_WAITS, 1205);
	assert_value(&host, HOST_IN_USE_IPV4, 19);
	assert_value(&host, HOST_SOCKETS_USED, 234);
	assert_int_equal(known(&host), 4);
}

static void lines_that_do_not_belong_together_are_left(void **state)
{
	static const char *const texts[] = {
		"TcpExt: ListenDrops\n",          "TcpExt: ListenDrops\nIpExt: 7\n",
		"TcpExt: ListenDrops\nTcpExt:\n", "TcpExt: ListenDrops\n\nTcpExt: 7\n",
		"TcpExt:\nTcpExt: 7\n",           "TcpExt: X Y ListenDrops\nTcpExt: 1 2\n",
		"\n\nTcpExt: ListenDrops\n",
	};

	(void)state;
	for (size_t text = 0; text < ENTRIES(texts); text++)
		assert_nothing(proc_text_netstat, texts[text]);
}

/* ---- what is no number ---- */

static void what_is_no_number_is_unknown(void **state)
{
	static const char *const numbers[] = {
		"",
		"-1",
		"+1",
		"0x10",
		"1.5",
		"1e3",
		"x",
		"12x",
		"x12",
		"inf",
		"18446744073709551616",
		"99999999999999999999999",
	};
	char text[TEXT_SIZE];

	(void)state;
	for (size_t number = 0; number < ENTRIES(numbers); number++) {
		snprintf(text, sizeof(text), "TCP: inuse %s\n", numbers[number]);
		assert_nothing(proc_text_sockstat, text);
		snprintf(text, sizeof(text), "Tcp: ActiveOpens\nTcp: %s\n", numbers[number]);
		assert_nothing(proc_text_netstat, text);
	}
}

static void memory_that_is_too_large_in_kib_is_unknown(void **state)
{
	uint64_t most = UINT64_MAX / page_kib();
	char text[TEXT_SIZE];
	struct host host;

	(void)state;
	snprintf(text, sizeof(text), "TCP: mem %llu\n", (unsigned long long)most);
	host = parse_text(proc_text_sockstat, text);
	assert_value(&host, HOST_MEMORY, most * page_kib());
	snprintf(text, sizeof(text), "TCP: mem %llu\n", (unsigned long long)most + 1);
	assert_nothing(proc_text_sockstat, text);
	snprintf(text, sizeof(text), "TCP: alloc %llu\n", (unsigned long long)UINT64_MAX);
	host = parse_text(proc_text_sockstat, text);
	assert_value(&host, HOST_ALLOCATED, UINT64_MAX);
}

static void garbage_says_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		" ",
		"\n\n\n",
		"TCP:",
		"TCP:\n",
		"TCP",
		"TCP: ",
		"TCP: inuse",
		"TCP: inuse \n",
		"TCP inuse 5\n",
		"tcp: inuse 5\n",
		"TCP:inuse 5\n",
		"inuse 5\n",
		"TCP: 5 inuse\n",
		"TCP: inuse5\n",
		":::\n: : :\n",
		"UDPLITE: inuse 5\n",
		"TCP:\ninuse 5\n",
	};

	(void)state;
	for (size_t text = 0; text < ENTRIES(texts); text++) {
		assert_nothing(proc_text_sockstat, texts[text]);
		assert_nothing(proc_text_netstat, texts[text]);
	}
}

/* Bytes by chance, of those that the texts are made of. */
static void no_garbage_is_too_much(void **state)
{
	static const char letters[] = "TCPExt: Listnup 0123456789\n\t-x";
	char text[200];

	(void)state;
	for (int time = 0; time < 20000; time++) {
		size_t length = unit_random(sizeof(text));
		struct host host;

		for (size_t place = 0; place < length; place++)
			text[place] = letters[unit_random(sizeof(letters) - 1)];
		text[length] = '\0';
		host = parse_text(proc_text_sockstat, text);
		known(&host);
		host = parse_text(proc_text_netstat, text);
		known(&host);
	}
}

/* ---- what is cut off ---- */

/* The number that @p text ends with; its reader is never given one that is cut (proc.c). */
static const char *last_number(const char *text)
{
	const char *end = text + strlen(text);

	while (end > text && end[-1] >= '0' && end[-1] <= '9')
		end--;
	return end;
}

static void assert_cut_text_is_right(parse *parse_it, const char *text)
{
	const struct host whole = parse_text(parse_it, text);
	char cut[TEXT_SIZE];

	strcpy(cut, text);
	for (size_t length = strlen(text); length-- > 0;) {
		unsigned int wrong = 0;
		struct host host;

		cut[length] = '\0';
		host = parse_text(parse_it, cut);
		for (enum host_object object = 0; object < HOST_OBJECTS; object++) {
			if (!host.known[object] || host.value[object] == whole.value[object])
				continue;
			wrong++;
			assert_true(*last_number(cut) != '\0');
		}
		assert_true(wrong <= 1);
	}
}

static void a_text_that_is_cut_off_is_right_up_to_its_last_number(void **state)
{
	(void)state;
	assert_cut_text_is_right(proc_text_sockstat, sockstat);
	assert_cut_text_is_right(proc_text_sockstat, sockstat6);
	assert_cut_text_is_right(proc_text_netstat, netstat);
	assert_cut_text_is_right(proc_text_netstat, snmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockstat_tells_what_is_in_use),
		cmocka_unit_test(sockstat6_tells_the_same_of_ipv6),
		cmocka_unit_test(netstat_has_a_line_of_words_and_one_of_numbers),
		cmocka_unit_test(one_text_adds_to_another),
		cmocka_unit_test(a_sysctl_is_a_number_at_its_place),
		cmocka_unit_test(what_a_kernel_does_not_tell_is_unknown),
		cmocka_unit_test(words_may_come_in_any_order),
		cmocka_unit_test(lines_that_do_not_belong_together_are_left),
		cmocka_unit_test(what_is_no_number_is_unknown),
		cmocka_unit_test(memory_that_is_too_large_in_kib_is_unknown),
		cmocka_unit_test(garbage_says_nothing),
		cmocka_unit_test(no_garbage_is_too_much),
		cmocka_unit_test(a_text_that_is_cut_off_is_right_up_to_its_last_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
