/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/proc_text.h"

#include <errno.h>
#include <stdlib.h>
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
	{"Tcp:", "ActiveOpens", HOST_ACTIVE_OPENS},
	{"Tcp:", "PassiveOpens", HOST_PASSIVE_OPENS},
	{NULL, NULL, HOST_OBJECTS},
};

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool in_pages(enum host_object object)
{
	return object == HOST_MEMORY || object == HOST_MEMORY_MAX;
}

static void set(struct host *host, enum host_object object, const char *text)
{
	const uint64_t kib_per_page = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	uint64_t number;

	if (!parse_number(text, &number))
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
			set(host, words->object, number);
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

/* The two lines begin with the same name; then each word stands where its number does. */
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

void proc_text_sysctl(char *text, size_t place, enum host_object object, struct host *host)
{
	char *rest;
	const char *number = strtok_r(text, SPACE "\n", &rest);

	while (place-- > 0 && number != NULL)
		number = strtok_r(NULL, SPACE "\n", &rest);
	set(host, object, number);
}
