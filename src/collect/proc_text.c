/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/proc_text.h"

#include "number.h"

#include <string.h>
#include <unistd.h>

#define SPACE " \t"

struct word {
	const char *line;
	const char *word;
	enum host_object object;
};

/* net/ipv4/proc.c, sockstat_seq_show, and net/ipv6/proc.c, sockstat6_seq_show */
static const struct word sockstat_words[] = {
	{"sockets:", "used", HOST_SOCKETS_USED},  {"TCP:", "inuse", HOST_IN_USE_IPV4},
	{"TCP:", "orphan", HOST_ORPHANS},         {"TCP:", "tw", HOST_TIME_WAITS},
	{"TCP:", "alloc", HOST_ALLOCATED},        {"TCP:", "mem", HOST_MEMORY},
	{"UDP:", "inuse", HOST_UDP_IPV4},         {"RAW:", "inuse", HOST_RAW_IPV4},
	{"FRAG:", "inuse", HOST_FRAGMENTS_IPV4},  {"TCP6:", "inuse", HOST_IN_USE_IPV6},
	{"UDP6:", "inuse", HOST_UDP_IPV6},        {"RAW6:", "inuse", HOST_RAW_IPV6},
	{"FRAG6:", "inuse", HOST_FRAGMENTS_IPV6}, {NULL, NULL, HOST_OBJECTS},
};

/* net/ipv4/proc.c, snmp4_net_list and snmp4_tcp_list */
static const struct word netstat_words[] = {
	{"TcpExt:", "ListenOverflows", HOST_LISTEN_OVERFLOWS},
	{"TcpExt:", "ListenDrops", HOST_LISTEN_DROPS},
	{"TcpExt:", "SyncookiesSent", HOST_SYNCOOKIES_SENT},
	{"TcpExt:", "TCPTimeWaitOverflow", HOST_TIME_WAIT_OVERFLOWS},
	{"TcpExt:", "TCPReqQFullDrop", HOST_SYN_QUEUE_DROPS},
	{"TcpExt:", "TCPReqQFullDoCookies", HOST_SYN_QUEUE_COOKIES},
	{"TcpExt:", "SyncookiesRecv", HOST_SYNCOOKIES_RECEIVED},
	{"TcpExt:", "SyncookiesFailed", HOST_SYNCOOKIES_FAILED},
	{"TcpExt:", "TCPSynRetrans", HOST_SYN_RETRANSMITS},
	{"TcpExt:", "TCPTimeouts", HOST_TIMEOUTS},
	{"TcpExt:", "TCPAbortOnMemory", HOST_MEMORY_ABORTS},
	{"TcpExt:", "TCPMemoryPressures", HOST_MEMORY_PRESSURES},
	{"TcpExt:", "PruneCalled", HOST_PRUNES},
	{"TcpExt:", "TCPBacklogDrop", HOST_BACKLOG_DROPS},
	{"TcpExt:", "TCPRcvQDrop", HOST_RECEIVE_DROPS},
	{"Tcp:", "ActiveOpens", HOST_ACTIVE_OPENS},
	{"Tcp:", "PassiveOpens", HOST_PASSIVE_OPENS},
	{NULL, NULL, HOST_OBJECTS},
};

static bool in_pages(enum host_object object)
{
	return object == HOST_MEMORY || object == HOST_MEMORY_MAX;
}

static void set_number(struct host *host, enum host_object object, const char *text)
{
	const uint64_t kib_per_page = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	uint64_t number;

	if (text == NULL || !number_parse(text, 0, UINT64_MAX, &number))
		return;
	if (in_pages(object) && number > UINT64_MAX / kib_per_page)
		return;
	host_set(host, object, in_pages(object) ? number * kib_per_page : number);
}

static void set_word(struct host *host, const struct word *words, const char *line,
		     const char *word, const char *number)
{
	for (; words->line != NULL; words++) {
		if (strcmp(line, words->line) == 0 && strcmp(word, words->word) == 0)
			set_number(host, words->object, number);
	}
}

void proc_text_sockstat(char *text, struct host *host)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		char *rest;
		const char *name = strtok_r(line, SPACE, &rest);
		const char *word;

		while (name != NULL && (word = strtok_r(NULL, SPACE, &rest)) != NULL)
			set_word(host, sockstat_words, name, word, strtok_r(NULL, SPACE, &rest));
	}
}

/* net/core/sock.c, proto_seq_printf: a line of headings, then lines of name, size, sockets, ... */
void proc_text_protocols(char *text, struct host *host)
{
	static const struct {
		const char *name;
		enum host_object object;
	} protocols[] = {
		{"TCPv6", HOST_IN_USE_IPV6},
		{"UDPv6", HOST_UDP_IPV6},
		{"RAWv6", HOST_RAW_IPV6},
	};
	bool has_ipv6 = false;
	char *line = strsep(&text, "\n");

	if (line == NULL || strncmp(line, "protocol ", strlen("protocol ")) != 0)
		return;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		host_set(host, protocols[i].object, 0);
	while ((line = strsep(&text, "\n")) != NULL) {
		char *rest;
		const char *name = strtok_r(line, SPACE, &rest);

		for (size_t i = 0; name != NULL && i < sizeof(protocols) / sizeof(protocols[0]);
		     i++) {
			if (strcmp(name, protocols[i].name) != 0)
				continue;
			has_ipv6 = true;
			/* unknown if the line has no number */
			host->value[protocols[i].object] = 0;
			host->known[protocols[i].object] = false;
			strtok_r(NULL, SPACE, &rest);
			set_number(host, protocols[i].object, strtok_r(NULL, SPACE, &rest));
			break;
		}
	}
	if (!has_ipv6)
		host_set(host, HOST_FRAGMENTS_IPV6, 0);
}

/* The two lines begin with the same name. Each word has the position of its number. */
static void parse_netstat_pair(char *words, char *numbers, struct host *host)
{
	char *words_rest, *numbers_rest;
	const char *name = strtok_r(words, SPACE, &words_rest);
	const char *same_name = strtok_r(numbers, SPACE, &numbers_rest);
	const char *word;

	if (name == NULL || same_name == NULL || strcmp(name, same_name) != 0)
		return;
	while ((word = strtok_r(NULL, SPACE, &words_rest)) != NULL)
		set_word(host, netstat_words, name, word, strtok_r(NULL, SPACE, &numbers_rest));
}

void proc_text_netstat(char *text, struct host *host)
{
	char *words, *numbers;

	while ((words = strsep(&text, "\n")) != NULL && (numbers = strsep(&text, "\n")) != NULL)
		parse_netstat_pair(words, numbers, host);
}

void proc_text_sysctl(char *text, size_t index, enum host_object object, struct host *host)
{
	char *rest;
	const char *number = strtok_r(text, SPACE "\n", &rest);

	while (index-- > 0 && number != NULL)
		number = strtok_r(NULL, SPACE "\n", &rest);
	set_number(host, object, number);
}

static bool take_port(const char **text, unsigned int *port)
{
	uint64_t number;

	if (!number_take(text, UINT16_MAX, &number))
		return false;
	*port = (unsigned int)number;
	return true;
}

static bool take_character(const char **text, char character)
{
	if (**text != character)
		return false;
	++*text;
	return true;
}

/* "32768\t60999" and a newline (net/ipv4/sysctl_net_ipv4.c, ipv4_local_port_range) */
bool proc_text_port_range(const char *text, struct port_range *range)
{
	return take_port(&text, &range->low) && take_character(&text, '\t') &&
	       take_port(&text, &range->high) && range->low <= range->high &&
	       strcmp(text, "\n") == 0;
}

/* "8080,9148-9160" and a newline, ascending (kernel/sysctl.c, proc_do_large_bitmap) */
static bool remove_reserved(const char *text, struct port_set *ports)
{
	struct port_range reserved;
	unsigned int next = 0;

	if (strcmp(text, "\n") == 0)
		return true;
	do {
		if (!take_port(&text, &reserved.low))
			return false;
		reserved.high = reserved.low;
		if (take_character(&text, '-') && !take_port(&text, &reserved.high))
			return false;
		if (reserved.low < next || reserved.high < reserved.low)
			return false;
		next = reserved.high + 1;
		for (unsigned int port = reserved.low; port <= reserved.high; port++)
			port_set_remove(ports, (uint16_t)port);
	} while (take_character(&text, ','));
	return strcmp(text, "\n") == 0;
}

void proc_text_local_ports(const struct port_range *range, const char *text, struct host *host,
			   struct port_set *ports)
{
	unsigned int count = 0;

	*ports = (struct port_set){0};
	for (unsigned int port = range->low; port <= range->high; port++)
		port_set_add(ports, (uint16_t)port);
	if (!remove_reserved(text, ports))
		return;
	for (unsigned int port = range->low; port <= range->high; port++)
		count += port_set_contains(ports, (uint16_t)port);
	host_set(host, HOST_LOCAL_PORTS, count);
}
