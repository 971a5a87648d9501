/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/watch_matcher.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAPPED_BITS 96U

/* ---- ports ---- */

static void add_ports(watch_set *ports, const struct port_list *list, watch_set watch)
{
	for (size_t i = 0; i < list->count; i++) {
		for (size_t port = list->intervals[i].first; port <= list->intervals[i].last;
		     port++)
			ports[port] |= watch;
	}
}

/* @param member offset of the list in struct watch */
static int compile_port_sets(watch_set **ports, const struct watches *watches, size_t member)
{
	watch_set without = 0;

	for (size_t i = 0; i < watches->count; i++) {
		const struct port_list *list =
			(const void *)((const char *)&watches->watch[i] + member);

		if (list->count == 0) {
			without |= (watch_set)1 << i;
			continue;
		}
		if (*ports == NULL)
			*ports = calloc(PORTS, sizeof(**ports));
		if (*ports == NULL)
			return -ENOMEM;
		add_ports(*ports, list, (watch_set)1 << i);
	}
	for (size_t port = 0; *ports != NULL && port < PORTS; port++)
		(*ports)[port] |= without;
	return 0;
}

/* ---- addresses: 128-bit numbers ---- */

static int compare_numbers(const uint64_t left[2], const uint64_t right[2])
{
	if (left[0] != right[0])
		return left[0] < right[0] ? -1 : 1;
	if (left[1] != right[1])
		return left[1] < right[1] ? -1 : 1;
	return 0;
}

static int compare_address_intervals(const void *left, const void *right)
{
	return compare_numbers(((const struct address_interval *)left)->first,
			       ((const struct address_interval *)right)->first);
}

/* An IPv4 prefix as a number, or as that of its mapped form if @p family is FAMILY_IPV6. */
static void prefix_number(const struct prefix *prefix, enum tcp_family family, uint64_t number[2])
{
	uint64_t words[2];
	uint32_t address;

	if (prefix->family == FAMILY_IPV4) {
		memcpy(&address, prefix->address, sizeof(address));
		number[0] = 0;
		number[1] = be32toh(address);
		if (family == FAMILY_IPV6)
			number[1] |= (uint64_t)0xffff << 32;
		return;
	}
	memcpy(words, prefix->address, sizeof(words));
	number[0] = be64toh(words[0]);
	number[1] = be64toh(words[1]);
}

/* The first number beyond @p prefix. Returns false if there is none. */
static bool number_beyond(const uint64_t number[2], unsigned int length, uint64_t beyond[2])
{
	const unsigned int shift = 128 - length;

	beyond[0] = number[0];
	beyond[1] = number[1];
	if (length == 0)
		return false;
	if (shift >= 64) {
		beyond[0] += (uint64_t)1 << (shift - 64);
		return beyond[0] != 0;
	}
	beyond[1] += (uint64_t)1 << shift;
	if (beyond[1] == 0)
		beyond[0]++;
	return beyond[0] != 0 || beyond[1] != 0;
}

/* The length that @p prefix has among numbers of 128 bits; IPv4 sockets have only the last 32. */
static unsigned int prefix_length(const struct prefix *prefix)
{
	return prefix->length + (prefix->family == FAMILY_IPV4 ? MAPPED_BITS : 0);
}

/* IPv6 prefixes do not match IPv4 sockets. */
static bool applies_to(const struct prefix *prefix, enum tcp_family family)
{
	return family == FAMILY_IPV6 || prefix->family == FAMILY_IPV4;
}

static void add_boundary(struct address_intervals *intervals, const uint64_t number[2])
{
	struct address_interval *interval = &intervals->intervals[intervals->count++];

	interval->first[0] = number[0];
	interval->first[1] = number[1];
}

static void sort_boundaries(struct address_intervals *intervals)
{
	size_t kept = 1;

	qsort(intervals->intervals, intervals->count, sizeof(intervals->intervals[0]),
	      compare_address_intervals);
	for (size_t i = 1; i < intervals->count; i++) {
		if (compare_address_intervals(&intervals->intervals[kept - 1],
					      &intervals->intervals[i]) != 0)
			intervals->intervals[kept++] = intervals->intervals[i];
	}
	intervals->count = kept;
}

/* The index of the interval that @p number is in. */
static size_t find_interval(const struct address_intervals *intervals, const uint64_t number[2])
{
	size_t low = 0, high = intervals->count;

	while (high - low > 1) {
		const size_t middle = (low + high) / 2;

		if (compare_numbers(intervals->intervals[middle].first, number) <= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static const struct prefix_list *prefix_list_at(const struct watches *watches, size_t i,
						size_t member)
{
	return (const void *)((const char *)&watches->watch[i] + member);
}

static void add_boundaries(struct address_intervals *intervals, const struct prefix_list *list,
			   enum tcp_family family)
{
	uint64_t number[2], beyond[2];

	for (size_t i = 0; i < list->count; i++) {
		const struct prefix *prefix = &list->prefixes[i];

		if (!applies_to(prefix, family))
			continue;
		prefix_number(prefix, family, number);
		add_boundary(intervals, number);
		if (number_beyond(number, prefix_length(prefix), beyond))
			add_boundary(intervals, beyond);
	}
}

static void add_address_watch(struct address_intervals *intervals, const struct prefix_list *list,
			      enum tcp_family family, watch_set watch)
{
	uint64_t number[2], beyond[2];

	for (size_t i = 0; i < list->count; i++) {
		const struct prefix *prefix = &list->prefixes[i];
		size_t interval;
		bool bounded;

		if (!applies_to(prefix, family))
			continue;
		prefix_number(prefix, family, number);
		bounded = number_beyond(number, prefix_length(prefix), beyond);
		for (interval = find_interval(intervals, number);
		     interval < intervals->count &&
		     (!bounded ||
		      compare_numbers(intervals->intervals[interval].first, beyond) < 0);
		     interval++)
			intervals->intervals[interval].watches |= watch;
	}
}

/* @param member offset of the list in struct watch */
static int compile_addresses(struct address_intervals *intervals, const struct watches *watches,
			     size_t member, enum tcp_family family)
{
	const uint64_t lowest[2] = {0, 0};
	watch_set without = 0;
	size_t prefixes = 0;

	for (size_t i = 0; i < watches->count; i++) {
		const size_t count = prefix_list_at(watches, i, member)->count;

		prefixes += count;
		if (count == 0)
			without |= (watch_set)1 << i;
	}
	if (prefixes == 0)
		return 0;
	intervals->intervals = calloc(2 * prefixes + 1, sizeof(*intervals->intervals));
	if (intervals->intervals == NULL)
		return -ENOMEM;
	add_boundary(intervals, lowest);
	for (size_t i = 0; i < watches->count; i++)
		add_boundaries(intervals, prefix_list_at(watches, i, member), family);
	sort_boundaries(intervals);
	for (size_t i = 0; i < intervals->count; i++)
		intervals->intervals[i].watches = without;
	for (size_t i = 0; i < watches->count; i++)
		add_address_watch(intervals, prefix_list_at(watches, i, member), family,
				  (watch_set)1 << i);
	return 0;
}

/* ---- finding ---- */

static void address_number(const void *address, enum tcp_family family, uint64_t number[2])
{
	uint64_t words[2];
	uint32_t word;

	if (family == FAMILY_IPV4) {
		memcpy(&word, address, sizeof(word));
		number[0] = 0;
		number[1] = be32toh(word);
		return;
	}
	memcpy(words, address, sizeof(words));
	number[0] = be64toh(words[0]);
	number[1] = be64toh(words[1]);
}

/* Many sockets have the same address, at least on one side. */
static watch_set find_address(struct address_intervals *intervals, const uint64_t number[2])
{
	const size_t last = intervals->last;

	if (compare_numbers(intervals->intervals[last].first, number) > 0 ||
	    (last + 1 < intervals->count &&
	     compare_numbers(intervals->intervals[last + 1].first, number) <= 0))
		intervals->last = find_interval(intervals, number);
	return intervals->intervals[intervals->last].watches;
}

static int compare_cgroup(const void *id, const void *cgroup)
{
	const uint64_t one = *(const uint64_t *)id,
		       other = ((const struct watch_cgroup *)cgroup)->id;

	return (one > other) - (one < other);
}

static watch_set find_cgroup(const struct watch_cgroups *cgroups, uint64_t id)
{
	const struct watch_cgroup *found = NULL;

	if (cgroups->count > 0)
		found = bsearch(&id, cgroups->cgroups, cgroups->count, sizeof(*found),
				compare_cgroup);
	return found == NULL ? 0 : found->watches;
}

static bool is_wildcard(const uint64_t number[2])
{
	return number[0] == 0 && number[1] == 0;
}

watch_set watches_of_unit(const struct watches *watches, uint64_t unit)
{
	for (size_t i = 0; i < watches->count; i++) {
		if (unit < watches->watch[i].units_count)
			return (watch_set)1 << i;
		unit -= watches->watch[i].units_count;
	}
	return 0;
}

int watch_matcher_apply_units(struct watch_matcher *matcher, const struct watches *watches,
			      const struct unit_cgroups *found)
{
	struct watch_cgroups cgroups = {0};

	if (found->count > 0) {
		cgroups.cgroups = calloc(found->count, sizeof(*cgroups.cgroups));
		if (cgroups.cgroups == NULL)
			return -ENOMEM;
	}
	for (size_t i = 0; i < found->count; i++) {
		if (cgroups.count == 0 ||
		    cgroups.cgroups[cgroups.count - 1].id != found->cgroups[i].id)
			cgroups.cgroups[cgroups.count++].id = found->cgroups[i].id;
		cgroups.cgroups[cgroups.count - 1].watches |=
			watches_of_unit(watches, found->cgroups[i].unit);
	}
	watch_matcher_set_cgroups(matcher, &cgroups);
	return 0;
}

struct socket_ends socket_ends_of(const struct socket_message *read)
{
	const struct inet_diag_sockid *id = &read->socket->id;

	return (struct socket_ends){
		.family = read->family,
		.state = read->state,
		.local_port = ntohs(id->idiag_sport),
		.peer_port = ntohs(id->idiag_dport),
		.local = id->idiag_src,
		.peer = id->idiag_dst,
	};
}

watch_set watch_matcher_find(struct watch_matcher *matcher, const struct socket_ends *ends)
{
	const bool listening = ends->state == STATE_LISTEN;
	watch_set found = matcher->all;
	uint64_t number[2];

	if (listening)
		found &= ~matcher->with_peer;
	if (matcher->local_ports != NULL)
		found &= matcher->local_ports[ends->local_port];
	if (matcher->peer_ports != NULL && !listening)
		found &= matcher->peer_ports[ends->peer_port];
	if (found != 0 && matcher->with_unit != 0)
		found &= ~matcher->with_unit | find_cgroup(&matcher->cgroups, ends->cgroup);
	if (found != 0 && matcher->local[ends->family].intervals != NULL) {
		address_number(ends->local, ends->family, number);
		if (listening && is_wildcard(number))
			found &= ~matcher->with_address;
		else
			found &= find_address(&matcher->local[ends->family], number);
	}
	if (found != 0 && !listening && matcher->peer[ends->family].intervals != NULL) {
		address_number(ends->peer, ends->family, number);
		found &= find_address(&matcher->peer[ends->family], number);
	}
	return found;
}

/* ---- compiling ---- */

static watch_set set_of_all(size_t count)
{
	return count == 64 ? UINT64_MAX : ((watch_set)1 << count) - 1;
}

static int compile_tables(struct watch_matcher *matcher, const struct watches *watches)
{
	int error =
		compile_port_sets(&matcher->local_ports, watches, offsetof(struct watch, ports));

	if (error != 0)
		return error;
	error = compile_port_sets(&matcher->peer_ports, watches,
				  offsetof(struct watch, peer_ports));
	for (enum tcp_family family = 0; error == 0 && family < FAMILIES; family++) {
		error = compile_addresses(&matcher->local[family], watches,
					  offsetof(struct watch, addresses), family);
		if (error == 0)
			error = compile_addresses(&matcher->peer[family], watches,
						  offsetof(struct watch, peers), family);
	}
	return error;
}

int watch_matcher_compile(struct watch_matcher *matcher, const struct watches *watches)
{
	struct watch_matcher compiled = {.all = set_of_all(watches->count)};
	int error = compile_tables(&compiled, watches);

	if (error != 0) {
		watch_matcher_finalise(&compiled);
		return error;
	}
	for (size_t i = 0; i < watches->count; i++) {
		const struct watch *watch = &watches->watch[i];
		const watch_set set = (watch_set)1 << i;

		if (watch->peers.count > 0 || watch->peer_ports.count > 0)
			compiled.with_peer |= set;
		if (watch->addresses.count > 0)
			compiled.with_address |= set;
		if (watch->units_count > 0)
			compiled.with_unit |= set;
	}
	watch_matcher_finalise(matcher);
	*matcher = compiled;
	return 0;
}

void watch_matcher_set_cgroups(struct watch_matcher *matcher, const struct watch_cgroups *cgroups)
{
	free(matcher->cgroups.cgroups);
	matcher->cgroups = *cgroups;
}

void watch_matcher_finalise(struct watch_matcher *matcher)
{
	free(matcher->local_ports);
	free(matcher->peer_ports);
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		free(matcher->local[family].intervals);
		free(matcher->peer[family].intervals);
	}
	free(matcher->cgroups.cgroups);
	*matcher = (struct watch_matcher){0};
}
