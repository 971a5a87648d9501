/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An answer of another host, without and with a watched port. What is read of it, written again, is
 * read as the same.
 */
#include "cli/remote_text.c"

#include "fuzz.h"

#include <inttypes.h>

#define NOW_NS (INT64_C(1) << 60)

/* ---- writing ---- */

static void write_cells(FILE *file, const uint32_t (*sockets)[STATES], const char *column,
			const char *port)
{
	for (unsigned int family = 0; family < FAMILIES; family++) {
		for (unsigned int state = 0; state < STATES; state++)
			fprintf(file, "%s.%u.%s%u %u\n", column, family + 1, port, state + 1,
				sockets[family][state]);
	}
}

static void write_host(FILE *file, const struct host *host)
{
	static const enum host_object families[] = {HOST_UDP_IPV4, HOST_RAW_IPV4,
						    HOST_FRAGMENTS_IPV4};

	for (unsigned int object = 0; object < MIB_HOST_SCALARS; object++) {
		if (host->known[object])
			fprintf(file, "1.4.%u.0 %" PRIu64 "\n", object + 1, host->value[object]);
	}
	for (unsigned int column = 0; column < ENTRIES(families); column++) {
		for (unsigned int family = 0; family < FAMILIES; family++) {
			if (host->known[families[column] + family])
				fprintf(file, "1.3.1.%u.%u %" PRIu64 "\n", column + 3, family + 1,
					host->value[families[column] + family]);
		}
	}
}

static void write_column(FILE *file, const struct endpoint *endpoint, int column, uint32_t number)
{
	const bool ipv4 = endpoint->family == FAMILY_IPV4, zoned = endpoint->zone != 0;
	const size_t size = ipv4 ? ADDRESS_SIZE_IPV4 : ADDRESS_SIZE_IPV6;

	assert(!ipv4 || !zoned);
	fprintf(file, "1.5.1.%d.%d.%zu", column, ipv4 ? 1 : zoned ? 4 : 2, size + (zoned ? 4 : 0));
	for (size_t octet = 0; octet < size; octet++)
		fprintf(file, ".%u", endpoint->address[octet]);
	for (unsigned int shift = 32; zoned && shift > 0; shift -= 8)
		fprintf(file, ".%u", endpoint->zone >> (shift - 8) & 0xff);
	fprintf(file, ".%u %u\n", endpoint->port, number);
}

static void write_listeners(FILE *file, const struct snapshot *snapshot)
{
	for (size_t place = 0; place < snapshot->listeners_count; place++) {
		const struct listener *listener = &snapshot->listeners[place];

		write_column(file, &listener->endpoint, 1, listener->sockets);
		write_column(file, &listener->endpoint, 2, listener->queued);
		write_column(file, &listener->endpoint, 4, listener->backlog);
		write_column(file, &listener->endpoint, 5, listener->dropped);
	}
}

/* @return the caller's to free */
static char *write_snapshot(const struct snapshot *snapshot)
{
	char *text = NULL, port[16];
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert(file != NULL);
	fprintf(file, "1.8.2.0 %" PRId64 "\n1.8.3.0 %u\n1.8.7.0 %d\n",
		(NOW_NS - snapshot->taken_ns) / NS_PER_TICK, snapshot->duration_us,
		snapshot->method + 1);
	write_cells(file, snapshot->sockets, "1.1.1.3", "");
	write_host(file, &snapshot->host);
	write_listeners(file, snapshot);
	for (size_t place = 0; place < snapshot->ports_count; place++) {
		snprintf(port, sizeof(port), "%u.", snapshot->ports[place].port.number);
		write_cells(file, snapshot->ports[place].sockets, "1.6.1.4", port);
	}
	fclose(file);
	return text;
}

/* ---- what holds ---- */

static void check_same(const struct snapshot *left, const struct snapshot *right)
{
	assert(left->taken_ns == right->taken_ns && left->taken_ns <= NOW_NS);
	assert(left->duration_us == right->duration_us && left->method == right->method);
	assert(memcmp(left->sockets, right->sockets, sizeof(left->sockets)) == 0);
	assert(memcmp(&left->host, &right->host, sizeof(left->host)) == 0);
	assert(left->listeners_count == right->listeners_count);
	for (size_t place = 0; place < left->listeners_count; place++)
		assert(memcmp(&left->listeners[place], &right->listeners[place],
			      sizeof(left->listeners[place])) == 0);
	assert(left->ports_count == right->ports_count);
	for (size_t place = 0; place < left->ports_count; place++)
		assert(memcmp(left->ports[place].sockets, right->ports[place].sockets,
			      sizeof(left->ports[place].sockets)) == 0);
}

static void check_again(const struct snapshot *snapshot, const struct watched_ports *ports)
{
	char *text = write_snapshot(snapshot);
	char problem[REMOTE_PROBLEM_SIZE];
	struct snapshot *again;

	assert(remote_text_parse(text, ports, NOW_NS, &again, problem) == 0);
	check_same(snapshot, again);
	snapshot_free(again);
	free(text);
}

static void check_problem(const char *problem)
{
	assert(problem[0] != '\0' && memchr(problem, '\0', REMOTE_PROBLEM_SIZE) != NULL);
	for (; *problem != '\0'; problem++)
		assert(*problem >= ' ' && *problem <= '~' && *problem != '|');
}

static void check_answer(const uint8_t *data, size_t size, const struct watched_ports *ports)
{
	char *text = fuzz_text(data, size);
	char problem[REMOTE_PROBLEM_SIZE] = "";
	struct snapshot *snapshot = NULL;
	int error = remote_text_parse(text, ports, NOW_NS, &snapshot, problem);

	if (error == 0) {
		assert(snapshot != NULL && problem[0] == '\0');
		assert(snapshot->ports_count == ports->count);
		check_again(snapshot, ports);
	} else {
		assert(snapshot == NULL);
		assert(error == -EPROTO || error == -ENOENT || error == -ESTALE);
		check_problem(problem);
	}
	snapshot_free(snapshot);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct watched_ports none = {.count = 0},
				   one = {.port = {{.number = 443}}, .count = 1};

	check_answer(data, size, &none);
	check_answer(data, size, &one);
	return 0;
}
