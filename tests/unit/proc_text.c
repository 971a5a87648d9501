/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contents of /proc files, complete and malformed: known values are correct, others are unknown.
 */
#include "collect/proc_text.c"

#include "collect/proc.h"
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

/* ---- complete texts ---- */

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

#define PROTOCOLS_HEADING "protocol  size sockets  memory press maxhdr  slab module     cl co\n"

static const char protocols[] =
	PROTOCOLS_HEADING "MPTCPv6   2064      7       0   no       0   yes  kernel      y  y\n"
			  "RAWv6     1344     29      -1   NI       0   yes  kernel      y  y\n"
			  "UDPLITEv6 1472     62       0   NI       0   yes  kernel      y  y\n"
			  "UDPv6     1472     23       0   NI       0   yes  kernel      y  y\n"
			  "TCPv6     2432     21       0   no     192   yes  kernel      y  y\n"
			  "UDP       1344      8       0   NI       0   yes  kernel      y  y\n"
			  "TCP       2304     19       0   no     192   yes  kernel      y  y\n";

static const char protocols_without_ipv6[] =
	PROTOCOLS_HEADING "UDP       1344      8       0   NI       0   yes  kernel      y  y\n"
			  "TCP       2304     19       0   no     192   yes  kernel      y  y\n";

static const char netstat[] =
	"TcpExt: SyncookiesSent SyncookiesRecv ListenOverflows ListenDrops TCPTimeWaitOverflow "
	"TCPReqQFullDrop TCPReqQFullDoCookies SyncookiesFailed TCPSynRetrans TCPTimeouts "
	"TCPAbortOnMemory TCPMemoryPressures PruneCalled TCPBacklogDrop TCPRcvQDrop RcvPruned\n"
	"TcpExt: 101 102 18446744073709551615 104 105 106 107 108 109 110 111 112 113 114 115 116\n"
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

static void sockstat_has_the_sockets_in_use(void **state)
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

static void sockstat6_has_the_ipv6_sockets(void **state)
{
	struct host host = parse_text(proc_text_sockstat, sockstat6);

	(void)state;
	assert_value(&host, HOST_IN_USE_IPV6, 21);
	assert_value(&host, HOST_UDP_IPV6, 23);
	assert_value(&host, HOST_RAW_IPV6, 29);
	assert_value(&host, HOST_FRAGMENTS_IPV6, 31);
	assert_int_equal(known(&host), 4);
}

static void protocols_count_sockets_of_ipv6(void **state)
{
	struct host host = parse_text(proc_text_protocols, protocols);

	(void)state;
	assert_value(&host, HOST_IN_USE_IPV6, 21);
	assert_value(&host, HOST_UDP_IPV6, 23);
	assert_value(&host, HOST_RAW_IPV6, 29);
	assert_int_equal(known(&host), 3);
}

/* A kernel without IPv6 has 0 sockets of it; a protocol with a malformed number is unknown. */
static void protocols_that_are_not_listed_do_not_exist(void **state)
{
	struct host host = parse_text(proc_text_protocols, protocols_without_ipv6);

	(void)state;
	assert_value(&host, HOST_IN_USE_IPV6, 0);
	assert_value(&host, HOST_UDP_IPV6, 0);
	assert_value(&host, HOST_RAW_IPV6, 0);
	assert_value(&host, HOST_FRAGMENTS_IPV6, 0);
	assert_int_equal(known(&host), 4);
	host = parse_text(proc_text_protocols, PROTOCOLS_HEADING "TCPv6 2432 x\nRAWv6 1344 3\n");
	assert_value(&host, HOST_RAW_IPV6, 3);
	assert_value(&host, HOST_UDP_IPV6, 0);
	assert_int_equal(known(&host), 2);
	host = parse_text(proc_text_protocols, PROTOCOLS_HEADING "TCPv6 2432\nRAWv6\nUDPv6\n");
	assert_int_equal(known(&host), 0);
}

static void netstat_has_a_line_of_words_and_one_of_numbers(void **state)
{
	struct host host = parse_text(proc_text_netstat, netstat);

	(void)state;
	assert_value(&host, HOST_SYNCOOKIES_SENT, 101);
	assert_value(&host, HOST_LISTEN_OVERFLOWS, UINT64_MAX);
	assert_value(&host, HOST_LISTEN_DROPS, 104);
	assert_value(&host, HOST_TIME_WAIT_OVERFLOWS, 105);
	assert_value(&host, HOST_SYNCOOKIES_RECEIVED, 102);
	assert_value(&host, HOST_SYN_QUEUE_DROPS, 106);
	assert_value(&host, HOST_SYN_QUEUE_COOKIES, 107);
	assert_value(&host, HOST_SYNCOOKIES_FAILED, 108);
	assert_value(&host, HOST_SYN_RETRANSMITS, 109);
	assert_value(&host, HOST_TIMEOUTS, 110);
	assert_value(&host, HOST_MEMORY_ABORTS, 111);
	assert_value(&host, HOST_MEMORY_PRESSURES, 112);
	assert_value(&host, HOST_PRUNES, 113);
	assert_value(&host, HOST_BACKLOG_DROPS, 114);
	assert_value(&host, HOST_RECEIVE_DROPS, 115);
	assert_int_equal(known(&host), 15);
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
	assert_int_equal(known(&host), 9 + 15);
}

static void sysctl(const char *text, size_t i, enum host_object object, struct host *host)
{
	char copy[TEXT_SIZE];

	strcpy(copy, text);
	*host = (struct host){0};
	proc_text_sysctl(copy, i, object, host);
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

/* ---- local ports ---- */

static void assert_port_range(const char *text, unsigned int low, unsigned int high)
{
	struct port_range range;

	assert_true(proc_text_port_range(text, &range));
	assert_int_equal(range.low, low);
	assert_int_equal(range.high, high);
}

static void a_port_range_has_two_ends(void **state)
{
	static const char *const wrong[] = {
		"",
		"\n",
		"1\n",
		"1\t\n",
		"\t1\n",
		"2\t1\n",
		"1\t65536\n",
		"-1\t5\n",
		"1 2\n",
		"1\t2",
		"1\t2\t3\n",
		"1\t2\n\n",
		"1\t4294967297\n",
		"0x1\t2\n",
		"1\t2 \n",
	};
	struct port_range range;

	(void)state;
	assert_port_range("32768\t60999\n", 32768, 60999);
	assert_port_range("1\t65535\n", 1, 65535);
	assert_port_range("1024\t1024\n", 1024, 1024);
	for (size_t i = 0; i < ENTRIES(wrong); i++)
		assert_false(proc_text_port_range(wrong[i], &range));
}

static void assert_local_ports(unsigned int low, unsigned int high, const char *reserved,
			       uint64_t expected)
{
	const struct port_range range = {low, high};
	struct host host = {0};
	struct port_set ports;
	uint64_t count = 0;

	proc_text_local_ports(&range, reserved, &host, &ports);
	assert_value(&host, HOST_LOCAL_PORTS, expected);
	for (size_t port = 0; port < PORTS; port++)
		count += port_set_contains(&ports, (uint16_t)port);
	assert_int_equal(count, expected);
	assert_int_equal(known(&host), 1);
}

static void reserved_ports_are_not_local_ports(void **state)
{
	(void)state;
	assert_local_ports(32768, 60999, "\n", 28232);
	assert_local_ports(32768, 60999, "8080\n", 28232);
	assert_local_ports(32768, 60999, "8080,32768\n", 28231);
	assert_local_ports(32768, 60999, "32767-32769,40000,60999-61001\n", 28228);
	assert_local_ports(32768, 60999, "61000-61005\n", 28232);
	assert_local_ports(1000, 1003, "1-65535\n", 0);
	assert_local_ports(1000, 1003, "0-65535\n", 0);
	assert_local_ports(1, 65535, "1,3-4,65535\n", 65531);
	assert_local_ports(5, 5, "4,6\n", 1);
	assert_local_ports(5, 5, "5\n", 0);
}

static void an_incomplete_list_is_not_compared(void **state)
{
	static const struct port_range range = {1, 65535};
	static const char *const wrong[] = {
		"",        "8080",       "8080,",        "8080,\n",   ",8080\n",
		"8080-\n", "-8080\n",    "80 90\n",      "90,80\n",   "80,80\n",
		"80-79\n", "70-80,80\n", "65536\n",      "1-65536\n", "x\n",
		"80\n\n",  "80-90-99\n", "4294967376\n", " 80\n",     "80,,90\n",
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(wrong); i++) {
		struct host host = {0};
		struct port_set ports;

		proc_text_local_ports(&range, wrong[i], &host, &ports);
		assert_int_equal(known(&host), 0);
	}
}

/* The longest list has ranges of two of each three ports. It fits into PROC_TEXT_SIZE. */
static void the_longest_list_is_read(void **state)
{
	static char text[PROC_TEXT_SIZE];
	size_t length = 0;
	unsigned int reserved = 0;

	(void)state;
	for (unsigned int port = 0; port + 1 <= UINT16_MAX; port += 3) {
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%u-%u",
					   port == 0 ? "" : ",", port, port + 1);
		reserved += port == 0 ? 1 : 2;
	}
	length += (size_t)snprintf(text + length, sizeof(text) - length, "\n");
	assert_true(length > 250000 && length < sizeof(text) - 1);
	assert_local_ports(1, UINT16_MAX, text, UINT16_MAX - reserved);
}

/* ---- missing values ---- */

/* Old kernels have fewer values, and some are built without UDPLITE or fragments. */
static void values_that_the_kernel_does_not_report_are_unknown(void **state)
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

static void words_may_be_in_any_order(void **state)
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

/* ---- malformed numbers ---- */

static void invalid_numbers_are_unknown(void **state)
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

static void garbage_has_no_value(void **state)
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
		assert_nothing(proc_text_protocols, texts[text]);
	}
	assert_nothing(proc_text_protocols, "TCPv6 2432 21\n");
}

/* Random bytes, of those that occur in the texts. */
static void no_garbage_is_too_much(void **state)
{
	static const char letters[] = "TCPExt: Listnup 0123456789\n\t-x";
	char text[200];

	(void)state;
	for (int time = 0; time < 20000; time++) {
		size_t length = unit_random(sizeof(text));
		struct host host;

		for (size_t i = 0; i < length; i++)
			text[i] = letters[unit_random(sizeof(letters) - 1)];
		text[length] = '\0';
		host = parse_text(proc_text_sockstat, text);
		known(&host);
		host = parse_text(proc_text_netstat, text);
		known(&host);
		host = parse_text(proc_text_protocols, text);
		known(&host);
	}
}

/* ---- truncated texts ---- */

/* The number that @p text ends with; proc.c never passes a truncated one. */
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
		cmocka_unit_test(sockstat_has_the_sockets_in_use),
		cmocka_unit_test(sockstat6_has_the_ipv6_sockets),
		cmocka_unit_test(protocols_count_sockets_of_ipv6),
		cmocka_unit_test(protocols_that_are_not_listed_do_not_exist),
		cmocka_unit_test(netstat_has_a_line_of_words_and_one_of_numbers),
		cmocka_unit_test(one_text_adds_to_another),
		cmocka_unit_test(a_sysctl_is_a_number_at_its_place),
		cmocka_unit_test(a_port_range_has_two_ends),
		cmocka_unit_test(reserved_ports_are_not_local_ports),
		cmocka_unit_test(an_incomplete_list_is_not_compared),
		cmocka_unit_test(the_longest_list_is_read),
		cmocka_unit_test(values_that_the_kernel_does_not_report_are_unknown),
		cmocka_unit_test(words_may_be_in_any_order),
		cmocka_unit_test(lines_that_do_not_belong_together_are_left),
		cmocka_unit_test(invalid_numbers_are_unknown),
		cmocka_unit_test(memory_that_is_too_large_in_kib_is_unknown),
		cmocka_unit_test(garbage_has_no_value),
		cmocka_unit_test(no_garbage_is_too_much),
		cmocka_unit_test(a_text_that_is_cut_off_is_right_up_to_its_last_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
