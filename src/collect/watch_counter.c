/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/watch_counter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

/* For the cgroups of units: the beginning of a refresh must not be delayed, its result may be. */
#define BEGIN_TIMEOUT_MS 100
#define FINISH_TIMEOUT_MS 1000

/* ---- sockets ---- */

/* Adds a socket of the watches in @p found. */
static int add_found(struct watch_counter *counter, const struct socket_ends *ends, watch_set found)
{
	const watch_set attributed = found & counter->attributed;

	add_to_planes(counter->sockets[ends->family][ends->state], found);
	if (attributed == 0 || counter->owners == NULL)
		return 0;
	return owner_counter_add_watched(counter->owners, ends->cgroup, ends->state, attributed);
}

int watch_counter_add(struct watch_counter *counter, const struct nlmsghdr *message,
		      const struct socket_message *read)
{
	struct socket_ends ends = socket_ends_of(read);
	watch_set found;

	if ((counter->matcher.with_unit | counter->attributed) != 0)
		ends.cgroup = sock_diag_cgroup(message);
	found = watch_matcher_find(&counter->matcher, &ends);
	if (found == 0)
		return 0;
	counter->ports_used[ends.local_port] |= found;
	return add_found(counter, &ends, found);
}

static int add_listening(struct watch_counter *counter, const struct listening_sockets *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct listening_socket *socket = &list->sockets[i];
		const struct socket_ends ends = {
			.family = socket->endpoint.family,
			.state = STATE_LISTEN,
			.local_port = socket->endpoint.port,
			.local = socket->endpoint.address,
			.peer = socket->endpoint.address,
			.cgroup = socket->cgroup,
		};
		int error = add_found(counter, &ends, watch_matcher_find(&counter->matcher, &ends));

		if (error != 0)
			return error;
	}
	return 0;
}

void watch_counter_clear(struct watch_counter *counter)
{
	memset(counter->sockets, 0, sizeof(counter->sockets));
	memset(counter->ports_used, 0, PORTS * sizeof(*counter->ports_used));
	if (counter->owners != NULL)
		owner_counter_clear_watched(counter->owners);
	counter->counted = true;
}

/* ---- dumps ---- */

struct counted_watches {
	struct watch_counter *counter;
	socket_states asked;
};

static int count_watched_socket(const struct nlmsghdr *message, void *context)
{
	const struct counted_watches *counted = context;
	struct socket_message read;
	int error = sock_diag_read(message, &read);

	if (error != 0 || sock_diag_is_gone(&read, counted->asked))
		return error;
	return watch_counter_add(counted->counter, message, &read);
}

static int dump_watched(struct watch_counter *counter, struct dump *dump, socket_states states)
{
	struct counted_watches counted = {counter, states};
	struct filtered_request request;

	watch_counter_clear(counter);
	if (counter->filter.effect == WATCH_FILTER_NOTHING)
		return 0;
	watch_filter_make_request(&request, states, &counter->filter);
	return dump_run(dump, &request.header, count_watched_socket, &counted);
}

/* ---- the cgroups of units ---- */

/* Requests the cgroups of all units, in the order of the watches. */
static int request_cgroups(struct watch_counter *counter, int timeout_ms,
			   struct unit_cgroups *found)
{
	char names[WATCHES_MAX * (WATCH_TEXT_MAX + 1)];
	size_t length = 0;
	int error;

	for (size_t i = 0; i < counter->watches->count; i++) {
		const struct watch *watch = &counter->watches->watch[i];
		const size_t more = watch_units_length(watch);

		memcpy(names + length, watch->units, more);
		length += more;
	}
	error = units_request(&counter->units, names, length, timeout_ms, found);
	if (error == 0)
		unit_cgroups_sort(found);
	return error;
}

/* Makes the matcher and the filter use the cgroups that were found. @return 0 or -ENOMEM */
static int apply_cgroups(struct watch_counter *counter)
{
	const int error =
		watch_matcher_apply_units(&counter->matcher, counter->watches, &counter->found);

	if (error == 0)
		counter->filter_current = false;
	return error;
}

/* The watches with a cgroup in @p cgroups that is not in @p others. */
static watch_set watches_of_missing(const struct watches *watches,
				    const struct unit_cgroups *cgroups,
				    const struct unit_cgroups *others)
{
	watch_set missing = 0;
	size_t other = 0;

	for (size_t i = 0; i < cgroups->count; i++) {
		const struct unit_cgroup *cgroup = &cgroups->cgroups[i];

		while (other < others->count &&
		       unit_cgroup_compare(&others->cgroups[other], cgroup) < 0)
			other++;
		if (other == others->count ||
		    unit_cgroup_compare(&others->cgroups[other], cgroup) != 0)
			missing |= watches_of_unit(watches, cgroup->unit);
	}
	return missing;
}

/* Takes @p found; returns the watches whose cgroups differ from those before. */
static watch_set replace_found(struct watch_counter *counter, const struct unit_cgroups *found)
{
	const watch_set changed = watches_of_missing(counter->watches, found, &counter->found) |
				  watches_of_missing(counter->watches, &counter->found, found);

	free(counter->found.cgroups);
	counter->found = *found;
	return changed;
}

static void forget_cgroups(struct watch_counter *counter)
{
	free(counter->found.cgroups);
	counter->found = (struct unit_cgroups){0};
	counter->cgroups_known = false;
}

/* If there is no answer in time, the last one is used. @return 0 or -ENOMEM */
static int begin_cgroups(struct watch_counter *counter, struct dump *dump)
{
	struct unit_cgroups found;
	int error = -ENOENT;

	if (sock_diag_cgroup_support(dump) == CGROUPS_SUPPORTED)
		error = request_cgroups(counter, BEGIN_TIMEOUT_MS, &found);
	if (error == 0) {
		const bool first = !counter->cgroups_known;

		counter->cgroups_known = true;
		return replace_found(counter, &found) != 0 || first ? apply_cgroups(counter) : 0;
	}
	if (error == -ETIMEDOUT && counter->cgroups_known)
		return 0;
	forget_cgroups(counter);
	counter->unknown = counter->matcher.with_unit;
	return apply_cgroups(counter);
}

static void update_filter(struct watch_counter *counter)
{
	if (!counter->filter_current)
		watch_filter_compile(&counter->filter, counter->watches, &counter->matcher.cgroups);
	counter->filter_current = true;
}

/*
 * A unit whose cgroups have changed since the beginning is counted again. If they change again, its
 * sockets are unknown, as they are if the question has no answer.
 */
static int finish_cgroups(struct watch_counter *counter, struct dump *dump, socket_states states)
{
	for (int dumps = 1;; dumps++) {
		struct unit_cgroups found;
		watch_set changed;
		int error;

		if (request_cgroups(counter, FINISH_TIMEOUT_MS, &found) != 0) {
			counter->unknown |= counter->matcher.with_unit;
			return 0;
		}
		changed = replace_found(counter, &found);
		if (changed == 0)
			return 0;
		error = apply_cgroups(counter);
		if (error != 0)
			return error;
		if (dumps == 2) {
			counter->unknown |= changed;
			return 0;
		}
		update_filter(counter);
		error = dump_watched(counter, dump, states);
		if (error != 0)
			return error;
	}
}

/* ---- the watches of each listening port ---- */

/* Configured watches have precedence, and then the lowest ports. */
static int add_listening_watches(struct watch_counter *counter)
{
	struct watch watch;

	for (size_t port = 0; port < PORTS; port++) {
		if (!port_set_contains(&counter->listening, (uint16_t)port))
			continue;
		watch_of_port((uint16_t)port, &watch);
		watch.attributed = counter->configured->each_attributed;
		switch (watches_add(&counter->watches, &watch)) {
		case -ENOMEM:
			return -ENOMEM;
		case -ENOSPC:
			counter->omitted++;
			break;
		}
	}
	return 0;
}

static int make_watches(struct watch_counter *counter)
{
	int error;

	free(counter->watches);
	counter->omitted = 0;
	counter->watches = watches_copy(counter->configured);
	if (counter->watches == NULL)
		return -ENOMEM;
	error = add_listening_watches(counter);
	counter->attributed = 0;
	for (size_t i = 0; i < counter->watches->count; i++)
		counter->attributed |= (watch_set)counter->watches->watch[i].attributed << i;
	if (error == 0)
		error = watch_matcher_compile(&counter->matcher, counter->watches);
	if (error == 0)
		error = apply_cgroups(counter);
	if (error == 0)
		return 0;
	free(counter->watches);
	counter->watches = NULL;
	return error;
}

/* Follows the configuration and the listening sockets. */
static int update_watches(struct watch_counter *counter, const struct listening_sockets *list)
{
	struct port_set listening = {0};

	for (size_t i = 0; counter->configured->each_listening && i < list->count; i++)
		port_set_add(&listening, list->sockets[i].endpoint.port);
	if (counter->watches != NULL &&
	    memcmp(&listening, &counter->listening, sizeof(listening)) == 0)
		return 0;
	counter->listening = listening;
	return make_watches(counter);
}

/* ---- a refresh ---- */

static bool has_watches(const struct watch_counter *counter)
{
	return counter->configured != NULL &&
	       (counter->configured->count > 0 || counter->configured->each_listening);
}

int watch_counter_begin(struct watch_counter *counter, struct dump *dump,
			const struct listening_sockets *list, struct owner_counter *owners)
{
	int error;

	counter->owners = owners;
	counter->counted = false;
	counter->unknown = 0;
	if (!has_watches(counter))
		return 0;
	if (counter->ports_used == NULL)
		counter->ports_used = calloc(PORTS, sizeof(*counter->ports_used));
	if (counter->ports_used == NULL)
		return -ENOMEM;
	error = update_watches(counter, list);
	if (error == 0 && counter->matcher.with_unit != 0)
		error = begin_cgroups(counter, dump);
	if (error == 0)
		update_filter(counter);
	return error;
}

static void count_local_ports(const struct watch_counter *counter,
			      const struct port_set *local_ports, watch_planes used)
{
	for (size_t port = 0; port < PORTS; port++) {
		if (port_set_contains(local_ports, (uint16_t)port))
			add_to_planes(used, counter->ports_used[port]);
	}
}

/* @param ports that the watches use */
static void write_watch(const struct watch_counter *counter, size_t i, const watch_planes ports,
			const struct host *host, struct watch_count *count)
{
	const struct watch *watch = &counter->watches->watch[i];
	const uint64_t available = host->value[HOST_LOCAL_PORTS];

	strcpy(count->name, watch->name);
	strcpy(count->text, watch->text);
	count->by_unit = watch->units_count > 0;
	count->known = !(counter->unknown >> i & 1);
	if (!count->known)
		return;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			count->sockets[family][state] =
				count_in_planes(counter->sockets[family][state], i);
	}
	count->port_use_known = !count->by_unit && host->known[HOST_LOCAL_PORTS] && available > 0;
	if (count->port_use_known)
		count->port_use = (uint32_t)(count_in_planes(ports, i) * 100ULL / available);
}

int watch_counter_finish(struct watch_counter *counter, struct dump *dump, socket_states states,
			 const struct listening_sockets *list, const struct port_set *local_ports,
			 const struct host *host, struct snapshot *snapshot)
{
	watch_planes ports = {0};
	int error = 0;

	snapshot->watches_omitted = counter->omitted;
	if (!has_watches(counter))
		return 0;
	if (!counter->counted)
		error = dump_watched(counter, dump, states);
	if (error == 0 && (counter->matcher.with_unit & ~counter->unknown) != 0)
		error = finish_cgroups(counter, dump, states);
	if (error == 0)
		error = snapshot_add_watches(snapshot, counter->watches->count);
	if (error == 0)
		error = add_listening(counter, list);
	if (error != 0)
		return error;
	count_local_ports(counter, local_ports, ports);
	for (size_t i = 0; i < snapshot->watches_count; i++)
		write_watch(counter, i, ports, host, &snapshot->watches[i]);
	return 0;
}

/* ---- configuration ---- */

void watch_counter_initialise(struct watch_counter *counter)
{
	*counter = (struct watch_counter){.units.socket = -1};
}

void watch_counter_set(struct watch_counter *counter, struct watches *watches)
{
	free(counter->configured);
	counter->configured = watches;
	free(counter->watches);
	counter->watches = NULL;
	forget_cgroups(counter);
	if (has_watches(counter))
		return;
	counter->omitted = 0;
	free(counter->ports_used);
	counter->ports_used = NULL;
	watch_matcher_finalise(&counter->matcher);
}

void watch_counter_set_units_socket(struct watch_counter *counter, int socket)
{
	units_finalise(&counter->units);
	counter->units.socket = socket;
}

void watch_counter_set_units_find(struct watch_counter *counter, units_find *find)
{
	counter->units.find = find;
}

void watch_counter_finalise(struct watch_counter *counter)
{
	watch_counter_set(counter, NULL);
	units_finalise(&counter->units);
}
