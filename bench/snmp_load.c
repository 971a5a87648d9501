/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An SNMPv2c client that sends requests to an agent on the loopback interface from one socket:
 *   snmp_load get SECONDS RATE OID...     a GET of all OIDs, RATE times a second (0: no pause)
 *   snmp_load walk SECONDS OID            a walk of the subtree with GETBULK, like snmpbulkwalk
 * It prints the number of requests, the seconds, and the 50th and 99th percentile and maximum of
 * the durations in microseconds. A duration begins when the request was due, so that a late
 * response delays the following ones, too.
 */
#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SNMP_PORT 161
#define COMMUNITY "public"
#define MAX_REPETITIONS 10 /* snmpbulkwalk's */
#define MESSAGE_SIZE 65536
#define NAME_SIZE 128
#define NAMES_MAX 64
#define REQUEST_ID_OCTETS 4

/* RFC 3416, section 3, and X.690 */
enum tag {
	TAG_INTEGER = 0x02,
	TAG_OCTET_STRING = 0x04,
	TAG_NULL = 0x05,
	TAG_OBJECT_IDENTIFIER = 0x06,
	TAG_SEQUENCE = 0x30,
	TAG_NO_SUCH_OBJECT = 0x80,
	TAG_GET = 0xa0,
	TAG_RESPONSE = 0xa2,
	TAG_GETBULK = 0xa5,
};

/* An object identifier as it is encoded, without its header. */
struct name {
	unsigned char octets[NAME_SIZE];
	size_t length;
};

/* Is written from its end to its beginning, because each length stands before what it counts. */
struct message {
	unsigned char octets[MESSAGE_SIZE];
	size_t begin;
};

struct span {
	const unsigned char *next;
	const unsigned char *end;
};

struct client {
	int descriptor;
	uint32_t request;
	struct message asked;
	unsigned char answer[MESSAGE_SIZE];
};

struct durations {
	int64_t *ns;
	size_t count;
	size_t room;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "snmp_load: %s\n", what);
	exit(EXIT_FAILURE);
}

/* ---- writing ---- */

static void put(struct message *message, const void *octets, size_t length)
{
	if (length > message->begin)
		fail("the request is too long");
	message->begin -= length;
	memcpy(message->octets + message->begin, octets, length);
}

/* Before all that was written since @p end was the beginning. */
static void put_header(struct message *message, enum tag tag, size_t end)
{
	size_t length = end - message->begin;
	const unsigned char header[] = {(unsigned char)tag, 0x82, (unsigned char)(length >> 8),
					(unsigned char)length};

	put(message, header, sizeof(header));
}

static void put_integer(struct message *message, uint32_t value)
{
	const uint32_t network = htonl(value);
	size_t end = message->begin;

	put(message, &network, sizeof(network));
	put_header(message, TAG_INTEGER, end);
}

static void put_variable(struct message *message, const struct name *name)
{
	static const unsigned char null[] = {TAG_NULL, 0};
	size_t end = message->begin;
	size_t name_end;

	put(message, null, sizeof(null));
	name_end = message->begin;
	put(message, name->octets, name->length);
	put_header(message, TAG_OBJECT_IDENTIFIER, name_end);
	put_header(message, TAG_SEQUENCE, end);
}

static void write_request(struct client *client, enum tag pdu, const struct name names[],
			  size_t count)
{
	struct message *message = &client->asked;
	const size_t end = MESSAGE_SIZE;
	size_t string_end;

	message->begin = end;
	while (count > 0)
		put_variable(message, &names[--count]);
	put_header(message, TAG_SEQUENCE, end);
	put_integer(message, pdu == TAG_GETBULK ? MAX_REPETITIONS : 0);
	put_integer(message, 0);
	put_integer(message, ++client->request);
	put_header(message, pdu, end);
	string_end = message->begin;
	put(message, COMMUNITY, sizeof(COMMUNITY) - 1);
	put_header(message, TAG_OCTET_STRING, string_end);
	put_integer(message, 1);
	put_header(message, TAG_SEQUENCE, end);
}

static struct name parse_name(const char *text)
{
	struct name name = {.length = 1};
	unsigned long first = strtoul(text + (text[0] == '.'), (char **)&text, 10);

	if (*text == '.')
		name.octets[0] =
			(unsigned char)(40 * first + strtoul(text + 1, (char **)&text, 10));
	while (*text == '.') {
		unsigned long number = strtoul(text + 1, (char **)&text, 10);

		for (int shift = 28; shift >= 0; shift -= 7) {
			if (number >> shift == 0 && shift > 0)
				continue;
			if (name.length == NAME_SIZE)
				fail("the OID is too long");
			name.octets[name.length++] =
				(unsigned char)((number >> shift & 0x7f) | (shift > 0 ? 0x80 : 0));
		}
	}
	if (*text != '\0')
		fail("that is not an OID in numbers");
	return name;
}

/* ---- reading ---- */

static enum tag take(struct span *span, struct span *content)
{
	size_t length;
	enum tag tag;

	if (span->end - span->next < 2)
		fail("the answer is cut off");
	tag = span->next[0];
	length = span->next[1];
	span->next += 2;
	if (length > 0x80) {
		size_t octets = length & 0x7f;

		for (length = 0; octets > 0 && span->next < span->end; octets--)
			length = length << 8 | *span->next++;
	}
	if (length > (size_t)(span->end - span->next))
		fail("the answer is cut off");
	*content = (struct span){span->next, span->next + length};
	span->next += length;
	return tag;
}

static struct span take_as(struct span *span, enum tag tag)
{
	struct span content;

	if (take(span, &content) != tag)
		fail("the answer is not as it should be");
	return content;
}

static uint32_t take_integer(struct span *span)
{
	struct span content = take_as(span, TAG_INTEGER);
	uint32_t value = 0;

	while (content.next < content.end)
		value = value << 8 | *content.next++;
	return value;
}

/* Returns the variables of the answer. */
static struct span open_answer(const struct client *client, size_t length)
{
	struct span span = {client->answer, client->answer + length};

	span = take_as(&span, TAG_SEQUENCE);
	take_integer(&span);
	take_as(&span, TAG_OCTET_STRING);
	span = take_as(&span, TAG_RESPONSE);
	if (take_integer(&span) != client->request)
		fail("the answer is to another request");
	if (take_integer(&span) != 0)
		fail("the answer is an error");
	take_integer(&span);
	return take_as(&span, TAG_SEQUENCE);
}

/* Returns false if it has no value, as at the end of the MIB. */
static bool take_variable(struct span *variables, struct span *name)
{
	struct span variable = take_as(variables, TAG_SEQUENCE);
	struct span value;

	*name = take_as(&variable, TAG_OBJECT_IDENTIFIER);
	return take(&variable, &value) < TAG_NO_SUCH_OBJECT;
}

/* ---- asking ---- */

static void open_client(struct client *client)
{
	const struct sockaddr_in agent = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(SNMP_PORT),
	};
	const struct timeval patience = {.tv_sec = 10};

	client->descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (client->descriptor < 0 ||
	    connect(client->descriptor, (const struct sockaddr *)&agent, sizeof(agent)) < 0 ||
	    setsockopt(client->descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) <
		    0)
		fail(strerror(errno));
}

static struct span ask(struct client *client, enum tag pdu, const struct name names[], size_t count)
{
	ssize_t length;

	write_request(client, pdu, names, count);
	if (send(client->descriptor, client->asked.octets + client->asked.begin,
		 MESSAGE_SIZE - client->asked.begin, 0) < 0)
		fail(strerror(errno));
	length = recv(client->descriptor, client->answer, MESSAGE_SIZE, 0);
	if (length < 0)
		fail("no answer within 10 seconds");
	return open_answer(client, (size_t)length);
}

static void get(struct client *client, const struct name names[], size_t count)
{
	struct span variables = ask(client, TAG_GET, names, count);
	struct span name;

	for (; count > 0; count--)
		if (!take_variable(&variables, &name))
			fail("an instance is missing");
}

/* Moves @p last on; returns false at the end of the subtree. */
static bool walk_on(struct client *client, const struct name *subtree, struct name *last)
{
	struct span variables = ask(client, TAG_GETBULK, last, 1);
	struct span name;

	while (variables.next < variables.end) {
		if (!take_variable(&variables, &name))
			return false;
		last->length = (size_t)(name.end - name.next);
		if (last->length > NAME_SIZE)
			fail("a name is too long");
		memcpy(last->octets, name.next, last->length);
		if (last->length < subtree->length ||
		    memcmp(last->octets, subtree->octets, subtree->length) != 0)
			return false;
	}
	return true;
}

static void walk(struct client *client, const struct name *subtree)
{
	struct name last = *subtree;

	while (walk_on(client, subtree, &last))
		;
}

/* ---- measuring ---- */

static void add_duration(struct durations *durations, int64_t ns)
{
	if (durations->count == durations->room) {
		size_t room = durations->room == 0 ? 4096 : 2 * durations->room;
		int64_t *longer = realloc(durations->ns, room * sizeof(*longer));

		if (longer == NULL)
			fail("no memory");
		durations->ns = longer;
		durations->room = room;
	}
	durations->ns[durations->count++] = ns;
}

static int compare_ns(const void *left, const void *right)
{
	int64_t one = *(const int64_t *)left, other = *(const int64_t *)right;

	return (one > other) - (one < other);
}

static double percentile_us(const struct durations *durations, size_t percent)
{
	const size_t i = (durations->count - 1) * percent / 100;

	return (double)durations->ns[i] / NS_PER_US;
}

static void print(const struct durations *durations, int64_t lasted_ns)
{
	qsort(durations->ns, durations->count, sizeof(*durations->ns), compare_ns);
	printf("%zu %.3f %.1f %.1f %.1f\n", durations->count, (double)lasted_ns / NS_PER_SECOND,
	       percentile_us(durations, 50), percentile_us(durations, 99),
	       percentile_us(durations, 100));
}

static void sleep_until(int64_t due_ns)
{
	const struct timespec due = {
		.tv_sec = due_ns / NS_PER_SECOND,
		.tv_nsec = due_ns % NS_PER_SECOND,
	};

	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &due, NULL);
}

static void load(struct client *client, bool walks, const struct name names[], size_t count,
		 int64_t lasts_ns, int64_t period_ns)
{
	struct durations durations = {0};
	int64_t begun_ns = clock_now_ns();
	int64_t now_ns = begun_ns;
	int64_t due_ns = begun_ns;

	do {
		if (period_ns == 0)
			due_ns = now_ns;
		else if (due_ns > now_ns)
			sleep_until(due_ns);
		if (walks)
			walk(client, names);
		else
			get(client, names, count);
		now_ns = clock_now_ns();
		add_duration(&durations, now_ns - due_ns);
		due_ns += period_ns;
	} while (now_ns - begun_ns < lasts_ns);
	print(&durations, now_ns - begun_ns);
	free(durations.ns);
}

int main(int argc, char *argv[])
{
	static struct client client;
	static struct name names[NAMES_MAX];
	bool walks = argc == 4 && strcmp(argv[1], "walk") == 0;
	int first = walks ? 3 : 4;
	double rate = 0;

	if (argc <= first || argc - first > NAMES_MAX || (!walks && strcmp(argv[1], "get") != 0)) {
		fprintf(stderr, "usage: snmp_load get SECONDS RATE OID...\n"
				"       snmp_load walk SECONDS OID\n");
		return EXIT_FAILURE;
	}
	if (!walks)
		rate = strtod(argv[3], NULL);
	for (int i = first; i < argc; i++)
		names[i - first] = parse_name(argv[i]);
	prctl(PR_SET_TIMERSLACK, 1);
	open_client(&client);
	load(&client, walks, names, (size_t)(argc - first),
	     (int64_t)(strtod(argv[2], NULL) * NS_PER_SECOND),
	     rate > 0 ? (int64_t)(NS_PER_SECOND / rate) : 0);
	return EXIT_SUCCESS;
}
