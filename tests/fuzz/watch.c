/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches: a line of the input each, and sockets made of its octets. The filter is accepted by the
 * kernel's rules, and accepts exactly those sockets that are in a watch.
 */
#include "collect/watch_filter.c"

#include "fuzz.h"

#include <arpa/inet.h>
#include <string.h>

#define SOCKETS 64

/* ---- as net/ipv4/inet_diag.c: inet_diag_bc_audit and inet_diag_bc_run ---- */

static size_t size_of_arguments(const unsigned char *code, unsigned char operation, size_t left)
{
	struct inet_diag_hostcond condition;

	switch (operation) {
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		assert(left >= sizeof(condition));
		memcpy(&condition, code, sizeof(condition));
		assert(condition.family == AF_INET || condition.family == AF_INET6);
		assert(condition.prefix_len <= (condition.family == AF_INET ? 32 : 128));
		return sizeof(condition) + (condition.family == AF_INET ? 4 : 16);
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_D_GE:
		return OPERATION_SIZE;
	case INET_DIAG_BC_CGROUP_COND:
		return sizeof(uint64_t);
	default:
		assert(operation == INET_DIAG_BC_JMP);
		return 0;
	}
}

static void audit(const struct watch_filter *filter)
{
	bool begins[INSTRUCTIONS_MAX + 2] = {false};
	struct inet_diag_bc_op operation;

	begins[filter->length / OPERATION_SIZE] = true;
	begins[filter->length / OPERATION_SIZE + 1] = true;
	for (size_t at = 0; at < filter->length; at += operation.yes) {
		begins[at / OPERATION_SIZE] = true;
		memcpy(&operation, filter->code + at, OPERATION_SIZE);
		assert(operation.yes ==
		       OPERATION_SIZE + size_of_arguments(filter->code + at + OPERATION_SIZE,
							  operation.code,
							  filter->length - at - OPERATION_SIZE));
	}
	for (size_t at = 0; at < filter->length; at += operation.yes) {
		memcpy(&operation, filter->code + at, OPERATION_SIZE);
		assert(operation.no >= operation.yes && operation.no % 4 == 0);
		assert(at + operation.no <= filter->length + OPERATION_SIZE);
		assert(begins[(at + operation.no) / OPERATION_SIZE]);
	}
}

static bool has_prefix(const unsigned char *address, const unsigned char *prefix, unsigned int bits)
{
	for (unsigned int bit = 0; bit < bits; bit++) {
		if ((address[bit / 8] ^ prefix[bit / 8]) & (0x80U >> bit % 8))
			return false;
	}
	return true;
}

static bool host_matches(const unsigned char *arguments, const struct socket_ends *ends, bool local)
{
	static const unsigned char mapped[12] = {[10] = 0xff, 0xff};
	const unsigned char *address = local ? ends->local : ends->peer;
	const unsigned char *prefix = arguments + sizeof(struct inet_diag_hostcond);
	struct inet_diag_hostcond condition;

	memcpy(&condition, arguments, sizeof(condition));
	if (condition.family == (ends->family == FAMILY_IPV4 ? AF_INET : AF_INET6))
		return has_prefix(address, prefix, condition.prefix_len);
	return condition.family == AF_INET && memcmp(address, mapped, sizeof(mapped)) == 0 &&
	       has_prefix(address + sizeof(mapped), prefix, condition.prefix_len);
}

static bool test(const unsigned char *at, const struct socket_ends *ends)
{
	const unsigned char *arguments = at + OPERATION_SIZE;
	struct inet_diag_bc_op operation, port;
	uint64_t cgroup;

	memcpy(&operation, at, OPERATION_SIZE);
	memcpy(&port, arguments, OPERATION_SIZE);
	switch (operation.code) {
	case INET_DIAG_BC_S_GE:
		return ends->local_port >= port.no;
	case INET_DIAG_BC_D_GE:
		return ends->peer_port >= port.no;
	case INET_DIAG_BC_S_COND:
		return host_matches(arguments, ends, true);
	case INET_DIAG_BC_D_COND:
		return host_matches(arguments, ends, false);
	case INET_DIAG_BC_CGROUP_COND:
		memcpy(&cgroup, arguments, sizeof(cgroup));
		return cgroup == ends->cgroup;
	default:
		return false;
	}
}

static bool accepts(const struct watch_filter *filter, const struct socket_ends *ends)
{
	size_t at = 0;

	if (filter->effect != WATCH_FILTER_PROGRAM)
		return filter->effect == WATCH_FILTER_NONE;
	while (at < filter->length) {
		struct inet_diag_bc_op operation;

		memcpy(&operation, filter->code + at, OPERATION_SIZE);
		at += test(filter->code + at, ends) ? operation.yes : operation.no;
	}
	return at == filter->length;
}

/* ---- sockets and cgroups ---- */

static struct watches *parse_watches(const char *text)
{
	struct watches *watches = watches_new();
	char problem[WATCH_PROBLEM_SIZE];
	char *copy = strdup(text), *rest = copy, *line;

	assert(watches != NULL && copy != NULL);
	while ((line = strsep(&rest, "\n")) != NULL) {
		struct watch watch;

		if (watch_parse(line, &watch, problem) != 0)
			assert(problem[0] != '\0' &&
			       memchr(problem, '\0', sizeof(problem)) != NULL);
		else
			watches_add(&watches, &watch);
	}
	free(copy);
	return watches;
}

/* Two for each unit, some of them shared. */
static struct watch_cgroups make_cgroups(const struct watches *watches)
{
	struct watch_cgroups cgroups = {.cgroups =
						calloc(WATCHES_MAX + 1, sizeof(*cgroups.cgroups))};

	assert(cgroups.cgroups != NULL);
	for (size_t i = 0; i < watches->count; i++) {
		if (watches->watch[i].units_count == 0)
			continue;
		cgroups.cgroups[cgroups.count] = (struct watch_cgroup){i + 1, (watch_set)1 << i};
		if (cgroups.count > 0 && i % 2 == 0)
			cgroups.cgroups[cgroups.count].watches |=
				cgroups.cgroups[cgroups.count - 1].watches;
		cgroups.count++;
	}
	return cgroups;
}

/* Near the limits of the watches: a port or an address of one of them, or next to it. */
static void make_address(unsigned char address[16], const struct prefix_list *list,
			 enum tcp_family family, unsigned int choice)
{
	memset(address, choice % 7 == 0 ? 0xff : 0, 16);
	if (list->count > 0) {
		const struct prefix *prefix = &list->prefixes[choice % list->count];

		if (prefix->family == FAMILY_IPV4 && family == FAMILY_IPV6) {
			memset(address, 0, 16);
			address[10] = address[11] = 0xff;
			memcpy(address + 12, prefix->address, 4);
		} else {
			memcpy(address, prefix->address, 16);
		}
	}
	address[(family == FAMILY_IPV4 ? 4 : 16) - 1 - choice % 3] ^= (unsigned char)(choice >> 3);
}

static uint16_t make_port(const struct port_list *list, unsigned int choice)
{
	if (list->count == 0)
		return (uint16_t)(choice * 257);
	return (uint16_t)(list->intervals[choice % list->count].last + choice % 3 - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct watch_matcher matcher = {0};
	struct watch_filter *filter = malloc(sizeof(*filter));
	char *text = fuzz_text(data, size);
	struct watches *watches = parse_watches(text);
	struct watch_cgroups cgroups = make_cgroups(watches);

	assert(filter != NULL);
	watch_filter_compile(filter, watches, &cgroups);
	if (filter->effect == WATCH_FILTER_PROGRAM)
		audit(filter);
	assert(watch_matcher_compile(&matcher, watches) == 0);
	watch_matcher_set_cgroups(&matcher, &cgroups);
	for (unsigned int i = 0; watches->count > 0 && i < SOCKETS; i++) {
		const unsigned int choice = i * 31 + (size > 0 ? data[i % size] : 0);
		const struct watch *watch = &watches->watch[choice % watches->count];
		unsigned char local[16], peer[16];
		struct socket_ends ends = {
			.family = choice & 1 ? FAMILY_IPV6 : FAMILY_IPV4,
			.state = STATE_ESTABLISHED,
			.local_port = make_port(&watch->ports, choice),
			.peer_port = make_port(&watch->peer_ports, choice / 3),
			.local = local,
			.peer = peer,
			.cgroup = choice % 5,
		};

		make_address(local, &watch->addresses, ends.family, choice);
		make_address(peer, &watch->peers, ends.family, choice / 5);
		if (filter->effect == WATCH_FILTER_NONE)
			watch_matcher_find(&matcher, &ends);
		else
			assert(accepts(filter, &ends) ==
			       (watch_matcher_find(&matcher, &ends) != 0));
	}
	watch_matcher_finalise(&matcher);
	free(watches);
	free(filter);
	free(text);
	return 0;
}
