/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An answer of another host, without and with the watch of a port. What is read of it, written
 * again, is read as the same.
 */
#include "cli/remote_text.c"

#include "fuzz.h"

#include <inttypes.h>

#define NOW_NS (INT64_C(1) << 60)

/* ---- writing ---- */

static void write_cells(FILE *file, const uint32_t (*sockets)[STATES], const char *column)
{
	for (unsigned int family = 0; family < FAMILIES; family++) {
		for (unsigned int state = 0; state < STATES; state++)
			fprintf(file, "%s.%u.%u %u\n", column, family + 1, state + 1,
				sockets[family][state]);
	}
}

static void write_host(FILE *file, const struct host *host)
{
	static const enum host_object *const columns[] = {host_udp, host_raw, host_fragments};

	for (unsigned int object = 0; object <= HOST_SYN_QUEUE_COOKIES; object++) {
		if (host->known[object])
			fprintf(file, "1.4.%u.0 %" PRIu64 "\n", object + 1, host->value[object]);
	}
	for (unsigned int column = 0; column < ENTRIES(columns); column++) {
		for (unsigned int family = 0; family < FAMILIES; family++) {
			const enum host_object object = columns[column][family];

			if (host->known[object])
				fprintf(file, "1.3.1.%u.%u %" PRIu64 "\n", column + 3, family + 1,
					host->value[object]);
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
	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		const struct listener *listener = &snapshot->listeners[i];

		write_column(file, &listener->endpoint, 1, listener->sockets);
		write_column(file, &listener->endpoint, 2, (uint32_t)listener->queued);
		write_column(file, &listener->endpoint, 4, (uint32_t)listener->backlog);
		write_column(file, &listener->endpoint, 5, (uint32_t)listener->dropped);
		write_column(file, &listener->endpoint, 7, listener->fill);
		write_column(file, &listener->endpoint, 8, listener->fill_max);
		write_column(file, &listener->endpoint, 10, listener->syn_queue);
	}
}

/* The length and the characters of a watch's name. */
static void write_index(char *index, size_t size, const char *name)
{
	size_t length = (size_t)snprintf(index, size, ".%zu", strlen(name));

	for (; *name != '\0'; name++)
		length += (size_t)snprintf(index + length, size - length, ".%d", *name);
}

/* @return the caller's to free */
static char *write_snapshot(const struct snapshot *snapshot)
{
	char *text = NULL, index[64], column[80];
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert(file != NULL);
	fprintf(file, "1.8.2.0 %" PRId64 "\n1.8.3.0 %u\n1.8.7.0 %d\n1.8.10.0 %u\n",
		(NOW_NS - snapshot->taken_ns) / NS_PER_TICK, snapshot->duration_us,
		snapshot->method + 1, snapshot->listeners_omitted);
	write_cells(file, snapshot->sockets, "1.1.1.3");
	write_host(file, &snapshot->host);
	write_listeners(file, snapshot);
	for (size_t i = 0; i < snapshot->watches_count; i++) {
		const struct watch_count *watch = &snapshot->watches[i];

		write_index(index, sizeof(index), watch->name);
		fprintf(file, "1.10.1.2%s %s\n", index, watch->text);
		snprintf(column, sizeof(column), "1.6.1.1%s", index);
		write_cells(file, watch->sockets, column);
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
	for (size_t i = 0; i < left->listeners_count; i++)
		assert(memcmp(&left->listeners[i], &right->listeners[i],
			      sizeof(left->listeners[i])) == 0);
	assert(left->watches_count == right->watches_count);
	for (size_t i = 0; i < left->watches_count; i++)
		assert(memcmp(left->watches[i].sockets, right->watches[i].sockets,
			      sizeof(left->watches[i].sockets)) == 0);
}

static void check_again(const struct snapshot *snapshot, const struct remote_request *request)
{
	char *text = write_snapshot(snapshot);
	char problem[REMOTE_PROBLEM_SIZE];
	struct snapshot *again;

	assert(remote_text_parse(text, request, NOW_NS, &again, problem) == 0);
	check_same(snapshot, again);
	snapshot_free(again);
	free(text);
}

static void check_problem(const char *problem)
{
	assert(problem[0] != '\0' && memchr(problem, '\0', REMOTE_PROBLEM_SIZE) != NULL);
	assert(strchr(problem, '\n') == NULL);
}

static void check_text(const uint8_t *data, size_t size, const struct watched_ports *ports)
{
	const struct remote_request request = {
		.ports = ports,
		.watches = ports == NULL,
		.owners = true,
		.thresholds = true,
	};
	char *text = fuzz_text(data, size);
	char problem[REMOTE_PROBLEM_SIZE] = "";
	struct snapshot *snapshot = NULL;
	int error = remote_text_parse(text, &request, NOW_NS, &snapshot, problem);

	if (error == 0) {
		assert(snapshot != NULL && problem[0] == '\0');
		assert(snapshot->watches_count == ports->count);
		check_again(snapshot, &request);
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

	check_text(data, size, &none);
	check_text(data, size, &one);
	return 0;
}
