/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/group_counter.h"

#include "cgroup_tree.h"
#include "cgroups.h"
#include "collect/dump.h"
#include "collect/proc.h"
#include "collect/sock_diag.h"
#include "collect/watch_filter.h"
#include "collect/watch_matcher.h"
#include "socket_processes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* ---- a hash table of groups ---- */

struct group_table {
	struct group *groups;
	size_t count, allocated;
	uint32_t *slots; /* indexes + 1; 0: free */
	size_t slots_count;
};

static size_t hash_of(const struct group_values *values)
{
	uint64_t words[sizeof(*values) / sizeof(uint64_t)], hash = 0;

	memcpy(words, values, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return (size_t)hash;
}

/* Returns the slot of the group with @p values, or the free one where it belongs. */
static uint32_t *find_slot(const struct group_table *table, const struct group_values *values)
{
	size_t i = hash_of(values) & (table->slots_count - 1);

	while (table->slots[i] != 0 &&
	       memcmp(&table->groups[table->slots[i] - 1].values, values, sizeof(*values)) != 0)
		i = (i + 1) & (table->slots_count - 1);
	return &table->slots[i];
}

/* Doubles the table, which is at most half full. */
static int grow_table(struct group_table *table)
{
	const size_t allocated = table->allocated == 0 ? 256 : 2 * table->allocated;
	struct group *groups = reallocarray(table->groups, allocated, sizeof(*groups));
	uint32_t *slots;

	if (groups == NULL)
		return -ENOMEM;
	table->groups = groups;
	slots = calloc(2 * allocated, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	free(table->slots);
	table->slots = slots;
	table->slots_count = 2 * allocated;
	table->allocated = allocated;
	for (size_t i = 0; i < table->count; i++)
		*find_slot(table, &groups[i].values) = (uint32_t)i + 1;
	return 0;
}

static int add_sockets(struct group_table *table, const struct group_values *values,
		       uint32_t sockets)
{
	uint32_t *slot;

	if (table->count == table->allocated && grow_table(table) != 0)
		return -ENOMEM;
	slot = find_slot(table, values);
	if (*slot == 0) {
		table->groups[table->count] = (struct group){.values = *values};
		*slot = (uint32_t)++table->count;
	}
	table->groups[*slot - 1].sockets += sockets;
	return 0;
}

static void free_table(struct group_table *table)
{
	free(table->groups);
	free(table->slots);
	*table = (struct group_table){0};
}

/* ---- sockets ---- */

struct group_counting {
	const struct grouping *grouping;
	struct groups *groups;
	bool by[GROUP_KEYS];
	socket_states asked;
	struct dump dump;
	struct watch_matcher matcher;
	struct watch_filter filter;
	struct proc proc;
	bool port_use;                /* how many local ports each peer's port uses */
	struct group_table sockets;   /* by cgroup and inode, not unit and process */
	struct group_table peers;     /* by address, peer and peerPort, on local_ports */
	struct group_table completed; /* by the keys */
};

static struct group_address address_of(enum tcp_family family, const void *octets, uint32_t zone)
{
	struct group_address address = {.known = true, .family = (uint16_t)family};
	struct in6_addr ipv6;

	memcpy(&ipv6, octets, sizeof(ipv6));
	if (family == FAMILY_IPV4) {
		memcpy(address.octets, octets, sizeof(struct in_addr));
	} else if (IN6_IS_ADDR_V4MAPPED(&ipv6)) {
		address.family = FAMILY_IPV4;
		memcpy(address.octets, ipv6.s6_addr + 12, sizeof(struct in_addr));
	} else {
		memcpy(address.octets, &ipv6, sizeof(ipv6));
		address.zone = IN6_IS_ADDR_LINKLOCAL(&ipv6) ? zone : 0;
	}
	return address;
}

/* Listening and unconnected sockets have no peer. */
static struct group_address peer_of(const struct socket_message *read)
{
	const struct inet_diag_sockid *id = &read->socket->id;

	if (id->idiag_dport == 0)
		return (struct group_address){0};
	return address_of(read->family, id->idiag_dst, id->idiag_if);
}

/* Only open sockets have an inode, and a user that is certain (net/core/sock.c, sock_i_uid). */
static struct group_values values_of(const struct group_counting *counting,
				     const struct nlmsghdr *message,
				     const struct socket_message *read)
{
	const struct inet_diag_msg *socket = read->socket;
	const bool *by = counting->by;
	struct group_values values = {0};

	if (by[KEY_UNIT])
		values.cgroup = sock_diag_cgroup(message);
	if (by[KEY_USER])
		values.user = socket->idiag_inode == 0 ? GROUP_NO_USER : socket->idiag_uid;
	if (by[KEY_PROCESS])
		values.inode = socket->idiag_inode;
	if (by[KEY_PORT])
		values.port = ntohs(socket->id.idiag_sport);
	if (by[KEY_PEER_PORT])
		values.peer_port = ntohs(socket->id.idiag_dport);
	if (by[KEY_PEER])
		values.peer = peer_of(read);
	if (by[KEY_ADDRESS])
		values.address =
			address_of(read->family, socket->id.idiag_src, socket->id.idiag_if);
	return values;
}

static bool is_selected(struct group_counting *counting, const struct nlmsghdr *message,
			const struct socket_message *read)
{
	struct socket_ends ends;

	if (!counting->grouping->families[read->family] || !counting->grouping->states[read->state])
		return false;
	if (counting->grouping->watch == NULL)
		return true;
	ends = socket_ends_of(read);
	if (counting->matcher.with_unit != 0)
		ends.cgroup = sock_diag_cgroup(message);
	return watch_matcher_find(&counting->matcher, &ends) != 0;
}

/* Connections from one address to a port of a peer have different local ports. */
static int add_peer(struct group_counting *counting, const struct socket_message *read)
{
	const struct inet_diag_sockid *id = &read->socket->id;
	const struct group_values values = {
		.address = address_of(read->family, id->idiag_src, id->idiag_if),
		.peer = peer_of(read),
		.peer_port = ntohs(id->idiag_dport),
	};

	if (!values.peer.known ||
	    !port_set_contains(&counting->proc.local_ports, ntohs(id->idiag_sport)))
		return 0;
	return add_sockets(&counting->peers, &values, 1);
}

static int group_socket(const struct nlmsghdr *message, void *context)
{
	struct group_counting *counting = context;
	struct socket_message read;
	struct group_values values;
	int error = sock_diag_read(message, &read);

	if (error != 0)
		return error;
	if (sock_diag_is_gone(&read, counting->asked) || !is_selected(counting, message, &read))
		return 0;
	values = values_of(counting, message, &read);
	error = add_sockets(&counting->sockets, &values, 1);
	if (error == 0 && counting->port_use)
		error = add_peer(counting, &read);
	return error;
}

/* ---- the dump ---- */

/* A unit that does not exist is an error, so that a wrong name is not a count of 0. */
static int find_watch_cgroups(struct group_counting *counting, const struct watches *watches)
{
	const struct watch *watch = &watches->watch[0];
	struct unit_cgroups found;
	int error = cgroups_find(watch->units, watch_units_length(watch), &found);

	if (error != 0)
		return error;
	if (found.count == 0)
		return -ESRCH;
	unit_cgroups_sort(&found);
	error = watch_matcher_apply_units(&counting->matcher, watches, &found);
	free(found.cgroups);
	return error;
}

static int compile_watch(struct group_counting *counting, const char **problem)
{
	const struct watch *watch = counting->grouping->watch;
	struct watches *watches;
	int error;

	counting->filter.effect = WATCH_FILTER_NONE;
	if (watch == NULL)
		return 0;
	*problem = "cannot prepare the filter";
	watches = watches_new();
	if (watches == NULL)
		return -ENOMEM;
	error = watches_add(&watches, watch);
	if (error == 0)
		error = watch_matcher_compile(&counting->matcher, watches);
	if (error == 0 && watch->units_count > 0) {
		error = find_watch_cgroups(counting, watches);
		*problem = error == -ESRCH ? "--unit: unknown unit" : "--unit: cannot read cgroups";
	}
	if (error == 0)
		watch_filter_compile(&counting->filter, watches, &counting->matcher.cgroups);
	free(watches);
	return error;
}

/* The filter accepts no listening socket, so these are listed without one. */
static int dump_sockets(struct group_counting *counting)
{
	const socket_states listening = counting->asked & SOCKETS_LISTENING;
	const socket_states others = counting->asked & ~SOCKETS_LISTENING;
	static const struct watch_filter none = {.effect = WATCH_FILTER_NONE};
	struct filtered_request request;
	int error = 0;

	if (listening != 0) {
		watch_filter_make_request(&request, listening, &none);
		error = dump_run(&counting->dump, &request.header, group_socket, counting);
	}
	if (error != 0 || others == 0 || counting->filter.effect == WATCH_FILTER_NOTHING)
		return error;
	watch_filter_make_request(&request, others, &counting->filter);
	return dump_run(&counting->dump, &request.header, group_socket, counting);
}

/* ---- units ---- */

struct named_unit {
	uint64_t id;
	char name[OWNER_NAME_MAX + 1];
	uint32_t unit; /* index + 1 of the name */
};

struct named_units {
	struct named_unit *units;
	size_t count, allocated;
};

static int append_unit(const char *path, uint64_t id, void *context)
{
	struct named_units *units = context;

	if (units->count == units->allocated) {
		const size_t allocated = 2 * units->allocated + 64;
		struct named_unit *larger = reallocarray(units->units, allocated, sizeof(*larger));

		if (larger == NULL)
			return -ENOMEM;
		units->units = larger;
		units->allocated = allocated;
	}
	units->units[units->count].id = id;
	owner_of_path(path, units->units[units->count].name);
	units->count++;
	return 0;
}

static int compare_unit_names(const void *left, const void *right)
{
	return strcmp(((const struct named_unit *)left)->name,
		      ((const struct named_unit *)right)->name);
}

static int compare_unit_ids(const void *left, const void *right)
{
	const struct named_unit *one = left, *other = right;

	return (one->id > other->id) - (one->id < other->id);
}

/* Numbers the names, of which several cgroups may have the same, and puts the cgroups in order. */
static int number_units(struct named_units *units, struct groups *groups)
{
	uint32_t names = 0;

	groups->units = calloc(units->count + 1, sizeof(*groups->units));
	if (groups->units == NULL)
		return -ENOMEM;
	strcpy(groups->units[names++], OWNER_UNKNOWN);
	if (units->count == 0)
		return 0;
	qsort(units->units, units->count, sizeof(*units->units), compare_unit_names);
	for (size_t i = 0; i < units->count; i++) {
		if (i == 0 || strcmp(units->units[i].name, units->units[i - 1].name) != 0)
			strcpy(groups->units[names++], units->units[i].name);
		units->units[i].unit = names;
	}
	qsort(units->units, units->count, sizeof(*units->units), compare_unit_ids);
	return 0;
}

static uint32_t unit_of_cgroup(const struct named_units *units, uint64_t cgroup)
{
	const struct named_unit key = {.id = cgroup};
	const struct named_unit *found = NULL;

	if (cgroup == 0)
		return 0;
	if (units->count > 0)
		found = bsearch(&key, units->units, units->count, sizeof(key), compare_unit_ids);
	return found == NULL ? 1 : found->unit;
}

/* ---- names in place of cgroups and inodes ---- */

static int find_processes(struct group_counting *counting, struct socket_processes *processes)
{
	const struct group_table *sockets = &counting->sockets;

	processes->sockets = calloc(sockets->count + 1, sizeof(*processes->sockets));
	if (processes->sockets == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < sockets->count; i++) {
		if (sockets->groups[i].values.inode != 0)
			processes->sockets[processes->count++].inode =
				sockets->groups[i].values.inode;
	}
	return socket_processes_find(processes);
}

static bool is_unseen(const struct socket_processes *processes, uint32_t process)
{
	return process != 0 && process <= processes->processes_count &&
	       processes->processes[process - 1].pid == 0;
}

static int complete_groups(struct group_counting *counting, const struct named_units *units,
			   const struct socket_processes *processes)
{
	const struct group_table *sockets = &counting->sockets;

	for (size_t i = 0; i < sockets->count; i++) {
		struct group group = sockets->groups[i];
		int error;

		if (counting->by[KEY_UNIT])
			group.values.unit = unit_of_cgroup(units, group.values.cgroup);
		if (counting->by[KEY_PROCESS] && group.values.inode != 0)
			group.values.process = socket_processes_get(processes, group.values.inode);
		if (is_unseen(processes, group.values.process))
			counting->groups->unseen += group.sockets;
		group.values.cgroup = group.values.inode = 0;
		error = add_sockets(&counting->completed, &group.values, group.sockets);
		if (error != 0)
			return error;
		counting->groups->total += group.sockets;
	}
	return 0;
}

static int name_groups(struct group_counting *counting, const char **problem)
{
	struct socket_processes processes = {0};
	struct named_units units = {0};
	int error = 0;

	if (counting->by[KEY_UNIT]) {
		*problem = "--by=unit: cannot read cgroups";
		error = cgroup_tree_walk(append_unit, &units);
		if (error == 0)
			error = number_units(&units, counting->groups);
	}
	if (error == 0 && counting->by[KEY_PROCESS]) {
		*problem = "--by=process: cannot read /proc";
		error = find_processes(counting, &processes);
		counting->groups->processes = processes.processes;
	}
	if (error == 0) {
		*problem = "cannot group sockets";
		error = complete_groups(counting, &units, &processes);
	}
	free(processes.sockets);
	free(units.units);
	return error;
}

/* ---- the use of local ports ---- */

static void keep_keys(const bool by[GROUP_KEYS], struct group_values *values)
{
	if (!by[KEY_ADDRESS])
		values->address = (struct group_address){0};
	if (!by[KEY_PEER_PORT])
		values->peer_port = 0;
}

static void add_port_use(struct group_counting *counting, uint64_t local_ports)
{
	if (local_ports == 0)
		return;
	for (size_t i = 0; i < counting->peers.count; i++) {
		struct group_values values = counting->peers.groups[i].values;
		const uint32_t percent =
			(uint32_t)(counting->peers.groups[i].sockets * 100ULL / local_ports);
		const uint16_t port = values.peer_port;
		const uint32_t *slot;
		struct group *group;

		keep_keys(counting->by, &values);
		slot = find_slot(&counting->completed, &values);
		if (*slot == 0)
			continue;
		group = &counting->completed.groups[*slot - 1];
		if (group->port_use_port != 0 && percent <= group->port_use)
			continue;
		group->port_use = percent;
		group->port_use_port = port;
	}
}

/* ---- counting ---- */

static int count_groups(struct group_counting *counting, const char **problem)
{
	struct host host = {0};
	int error = compile_watch(counting, problem);

	if (error != 0)
		return error;
	if (counting->by[KEY_UNIT] &&
	    sock_diag_cgroup_support(&counting->dump) == CGROUPS_UNSUPPORTED) {
		*problem =
			"--by=unit: the kernel does not report cgroups of sockets (Linux 5.8 and "
			"later do)";
		return -EOPNOTSUPP;
	}
	if (counting->port_use) {
		proc_read(&counting->proc, &host);
		counting->port_use = host.value[HOST_LOCAL_PORTS] > 0;
	}
	*problem = "cannot list sockets";
	error = dump_sockets(counting);
	if (error == 0)
		error = name_groups(counting, problem);
	if (error == 0 && counting->port_use)
		add_port_use(counting, host.value[HOST_LOCAL_PORTS]);
	return error;
}

/* With keys other than those of both ends, a peer's sockets are in several groups. */
static bool wants_port_use(const struct grouping *grouping)
{
	bool other = false;

	for (size_t i = 0; i < grouping->keys.count; i++) {
		const enum group_key key = grouping->keys.key[i];

		other |= key != KEY_PEER && key != KEY_PEER_PORT && key != KEY_ADDRESS;
	}
	return group_keys_contain(&grouping->keys, KEY_PEER) && !other &&
	       (grouping->states[STATE_TIME_WAIT] || grouping->states[STATE_ESTABLISHED]);
}

int group_counter_count(const struct grouping *grouping, struct groups *groups,
			const char **problem)
{
	struct group_counting *counting = calloc(1, sizeof(*counting));
	int error;

	*groups = (struct groups){.keys = grouping->keys};
	*problem = "cannot group sockets";
	if (counting == NULL)
		return -ENOMEM;
	counting->grouping = grouping;
	counting->groups = groups;
	for (size_t i = 0; i < grouping->keys.count; i++)
		counting->by[grouping->keys.key[i]] = true;
	counting->asked = sock_diag_states(grouping->states);
	if (grouping->bound_inactive && grouping->states[STATE_CLOSED])
		counting->asked |= SOCKETS_BOUND_INACTIVE;
	counting->port_use = wants_port_use(grouping);
	dump_initialise(&counting->dump);
	if (counting->port_use)
		proc_initialise(&counting->proc);
	error = count_groups(counting, problem);
	dump_finalise(&counting->dump);
	if (wants_port_use(grouping))
		proc_finalise(&counting->proc);
	watch_matcher_finalise(&counting->matcher);
	groups->port_use_known = counting->port_use;
	groups->group = counting->completed.groups;
	groups->count = counting->completed.count;
	counting->completed.groups = NULL;
	free_table(&counting->completed);
	free_table(&counting->sockets);
	free_table(&counting->peers);
	free(counting);
	groups_sort(groups);
	return error;
}
