/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts from /proc, parsed as each kind of file. Every reported number occurs in the text.
 */
#include "collect/proc_text.c"

#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_in_text(const char *text, enum host_object object, uint64_t value)
{
	const uint64_t kib_per_page = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	const bool in_kib = object == HOST_MEMORY || object == HOST_MEMORY_MAX;
	char digits[sizeof("18446744073709551615")];

	snprintf(digits, sizeof(digits), "%" PRIu64, in_kib ? value / kib_per_page : value);
	return strstr(text, digits) != NULL && (!in_kib || value % kib_per_page == 0);
}

static void check_values(const struct host *host, const char *text)
{
	for (enum host_object object = 0; object < HOST_OBJECTS; object++) {
		if (host->known[object])
			assert(is_in_text(text, object, host->value[object]));
		else
			assert(host->value[object] == 0);
	}
}

static void check_same(const struct host *left, const struct host *right)
{
	assert(memcmp(left->known, right->known, sizeof(left->known)) == 0);
	assert(memcmp(left->value, right->value, sizeof(left->value)) == 0);
}

/* Each line stands for itself. */
static void check_sockstat(const uint8_t *data, size_t size)
{
	struct host whole = {0}, by_lines = {0};
	char *text = fuzz_text(data, size);
	char *lines = fuzz_text(data, size);
	char *rest = lines;

	proc_text_sockstat(text, &whole);
	while (rest != NULL)
		proc_text_sockstat(strsep(&rest, "\n"), &by_lines);
	check_same(&whole, &by_lines);
	free(text);
	text = fuzz_text(data, size);
	check_values(&whole, text);
	free(text);
	free(lines);
}

static void check_netstat(const uint8_t *data, size_t size)
{
	struct host host = {0};
	char *text = fuzz_text(data, size);
	char *copy = fuzz_text(data, size);

	proc_text_netstat(copy, &host);
	check_values(&host, text);
	free(copy);
	free(text);
}

/* A protocol that is not listed has no socket: 0 need not be in the text. */
static void check_protocols(const uint8_t *data, size_t size)
{
	struct host host = {0};
	char *text = fuzz_text(data, size);
	char *copy = fuzz_text(data, size);

	proc_text_protocols(copy, &host);
	for (enum host_object object = 0; object < HOST_OBJECTS; object++)
		host.known[object] &= host.value[object] != 0;
	check_values(&host, text);
	free(copy);
	free(text);
}

static void check_sysctl(const uint8_t *data, size_t size, size_t i, enum host_object object)
{
	struct host host = {0};
	char *text = fuzz_text(data, size);
	char *copy = fuzz_text(data, size);

	proc_text_sysctl(copy, i, object, &host);
	check_values(&host, text);
	free(copy);
	free(text);
}

/* Each reserved port is counted once, and a text with one is not a range. */
static void check_local_ports(const uint8_t *data, size_t size)
{
	const struct port_range all = {0, UINT16_MAX};
	struct port_range range = all;
	struct host whole = {0}, part = {0};
	struct port_set ports;
	char *text = fuzz_text(data, size);

	if (proc_text_port_range(text, &range))
		assert(range.low <= range.high && range.high <= UINT16_MAX);
	proc_text_local_ports(&all, text, &whole, &ports);
	proc_text_local_ports(&range, text, &part, &ports);
	assert(whole.known[HOST_LOCAL_PORTS] == part.known[HOST_LOCAL_PORTS]);
	assert(whole.value[HOST_LOCAL_PORTS] <= UINT16_MAX + 1);
	assert(part.value[HOST_LOCAL_PORTS] <= whole.value[HOST_LOCAL_PORTS]);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_sockstat(data, size);
	check_netstat(data, size);
	check_protocols(data, size);
	check_sysctl(data, size, 0, HOST_ORPHANS_MAX);
	check_sysctl(data, size, 2, HOST_MEMORY_MAX);
	check_local_ports(data, size);
	return 0;
}
