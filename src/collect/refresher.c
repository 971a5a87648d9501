/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/refresher.h"

#include "clock.h"
#include "collect/sock_diag.h"
#include "collect/zones.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

unsigned int refresh_owner_states(const struct refresh_options *options)
{
	unsigned int states = (1U << STATES) - 1;

	if (!options->owners)
		return 0;
	states &= ~(1U << STATE_TIME_WAIT);
	if (options->policy != COUNT_FULL)
		states &= ~(1U << STATE_ESTABLISHED);
	if (!options->bound_inactive)
		states &= ~(1U << STATE_CLOSED);
	return states;
}

void refresher_initialise(struct refresher *refresher)
{
	dump_initialise(&refresher->dump);
	proc_initialise(&refresher->proc);
	listeners_initialise(&refresher->listeners);
	watch_counter_initialise(&refresher->watches);
	owner_counter_initialise(&refresher->owners);
	trust_reset(&refresher->trust);
	refresher->dump.syn_queues = &refresher->listeners.syn_queues;
}

void refresher_finalise(struct refresher *refresher)
{
	dump_finalise(&refresher->dump);
	proc_finalise(&refresher->proc);
	listeners_finalise(&refresher->listeners);
	watch_counter_finalise(&refresher->watches);
	owner_counter_finalise(&refresher->owners);
}

void refresher_set_conntrack(struct refresher *refresher,
			     const int descriptors[PROC_CONNTRACK_FILES])
{
	proc_set_conntrack(&refresher->proc, descriptors);
}

void refresher_set_watches(struct refresher *refresher, struct watches *watches)
{
	watch_counter_set(&refresher->watches, watches);
}

void refresher_set_units_socket(struct refresher *refresher, int socket)
{
	watch_counter_set_units_socket(&refresher->watches, socket);
}

void refresher_set_units_find(struct refresher *refresher, units_find *find)
{
	watch_counter_set_units_find(&refresher->watches, find);
}

void refresher_set_names_socket(struct refresher *refresher, int socket)
{
	owner_counter_set_socket(&refresher->owners, socket);
}

void refresher_prefetch_names(struct refresher *refresher)
{
	owner_counter_prefetch(&refresher->owners);
}

/*
 * The first dump of a refresh is the one that fails where the kernel cannot dump TCP sockets. These
 * errors say so (net/core/sock_diag.c, net/ipv4/inet_diag.c).
 */
static int list_listeners(struct refresher *refresher, const struct refresh_options *options,
			  struct snapshot *snapshot, const char **failed)
{
	int error = listeners_list(&refresher->listeners, &refresher->dump, &options->listeners,
				   snapshot);

	*failed = "cannot list listening sockets";
	if (error == -ENOENT || error == -EOPNOTSUPP || error == -EPROTONOSUPPORT)
		*failed = "cannot list sockets: tcp_diag kernel module not loaded (try: modprobe "
			  "tcp_diag)";
	return error;
}

/* All states that are counted; listening sockets are counted where they are listed. */
static socket_states counted_states(const struct refresh_options *options)
{
	return options->bound_inactive ? SOCKETS_OTHER | SOCKETS_BOUND_INACTIVE : SOCKETS_OTHER;
}

/* Lists the sockets in @p states, except those to be derived, and rereads the kernel's counts. */
static int list_sockets(struct refresher *refresher, enum listing listing, socket_states states,
			struct readings *readings)
{
	struct socket_counts time_waits;
	int error;

	readings->time_waits_derived = false;
	if (listing == LISTING_PARTIAL) {
		states &= ~SOCKETS_ESTABLISHED;
		readings->time_waits_derived = derivation_pays_for_time_waits(&readings->before);
	}
	if (readings->time_waits_derived)
		states &= ~SOCKETS_TIME_WAIT;
	refresher->dump.watches = listing == LISTING_FULL && refresher->watches.watches != NULL
					  ? &refresher->watches
					  : NULL;
	refresher->owners.listing = listing;
	refresher->dump.owners = refresher->owners.active ? &refresher->owners : NULL;
	error = sock_diag_count(&refresher->dump, states, &readings->listed);
	refresher->dump.watches = NULL;
	refresher->dump.owners = NULL;
	if (error != 0)
		return error;
	if (readings->time_waits_derived) {
		const enum tcp_family family = refresher->trust.memory.fewer_time_waits;

		error = sock_diag_count_family(&refresher->dump, family, SOCKETS_TIME_WAIT,
					       &time_waits);
		if (error != 0)
			return error;
		readings->time_wait_family = family;
		readings->time_waits = time_waits.sockets[family][STATE_TIME_WAIT];
	}
	proc_read(&refresher->proc, &readings->after);
	return 0;
}

/* @p readings has the kernel's counts from before, and the listening sockets. */
static int count_sockets(struct refresher *refresher, const struct refresh_options *options,
			 struct readings *readings, struct count *count)
{
	const socket_states states = counted_states(options);
	struct trust *trust = &refresher->trust;
	enum listing listing = count_begin(count, options->policy, trust, clock_now_ns());

	while (listing != LISTING_NONE) {
		int error = list_sockets(refresher, listing, states, readings);

		if (error != 0)
			return error;
		listing = count_add(count, trust, readings, clock_now_ns());
		readings->before = readings->after;
	}
	return count->error;
}

/* @param failed what failed, if anything did */
static int read_snapshot(struct refresher *refresher, const struct refresh_options *options,
			 struct snapshot *snapshot, struct count *count, const char **failed)
{
	struct readings readings;
	int error;

	proc_read_totals(&refresher->proc, &readings.before);
	error = list_listeners(refresher, options, snapshot, failed);
	if (error != 0)
		return error;
	memcpy(readings.listening, refresher->listeners.list.total, sizeof(readings.listening));
	*failed = "cannot look up interface names";
	error = zones_find(snapshot);
	if (error != 0)
		return error;
	owner_counter_begin(&refresher->owners, &refresher->dump, refresh_owner_states(options));
	*failed = "cannot prepare watches";
	error = watch_counter_begin(&refresher->watches, &refresher->dump,
				    &refresher->listeners.list,
				    refresher->owners.active ? &refresher->owners : NULL);
	if (error != 0)
		return error;
	*failed = "cannot count sockets";
	error = count_sockets(refresher, options, &readings, count);
	if (error == -ENODATA)
		*failed = count->not_derived;
	if (error != 0)
		return error;
	*failed = "cannot count the sockets of watches";
	error = watch_counter_finish(&refresher->watches, &refresher->dump, counted_states(options),
				     &refresher->listeners.list, &refresher->proc.local_ports,
				     &count->host, snapshot);
	if (error != 0)
		return error;
	*failed = "cannot count the sockets of owners";
	return owner_counter_finish(
		&refresher->owners, count->method == METHOD_FULL ? LISTING_FULL : LISTING_PARTIAL,
		&refresher->listeners.list, refresher->watches.attributed, snapshot);
}

static void add_count(struct snapshot *snapshot, const struct count *count, bool closed_counted)
{
	memcpy(snapshot->sockets, count->sockets, sizeof(snapshot->sockets));
	snapshot->closed_counted = closed_counted;
	snapshot->host = count->host;
	snapshot->method = count->method;
}

struct refresh refresher_refresh(struct refresher *refresher, const struct refresh_options *options)
{
	struct snapshot *snapshot = snapshot_new();
	struct refresh refresh = {0};
	struct count count = {0};

	if (snapshot == NULL) {
		refresh.error = -ENOMEM;
		refresh.failed = "cannot create snapshot";
		return refresh;
	}
	snapshot->taken_ns = clock_now_ns();
	refresh.error = read_snapshot(refresher, options, snapshot, &count, &refresh.failed);
	refresh.not_derived = count.not_derived;
	listeners_forget_sockets(&refresher->listeners);
	if (refresh.error != 0) {
		snapshot_free(snapshot);
		return refresh;
	}
	add_count(snapshot, &count, options->bound_inactive);
	snapshot->duration_us = (uint32_t)((clock_now_ns() - snapshot->taken_ns) / NS_PER_US);
	refresh.snapshot = snapshot;
	refresh.failed = NULL;
	return refresh;
}

int refresher_verify(struct refresher *refresher, struct verification *verification,
		     const char **failed)
{
	const struct refresh_options options = {.policy = COUNT_AUTO};
	struct snapshot *snapshot = snapshot_new();
	struct count count = {0};
	int error;

	*failed = "cannot create snapshot";
	if (snapshot == NULL)
		return -ENOMEM;
	refresher->trust.check_due_ns = 0;
	error = read_snapshot(refresher, &options, snapshot, &count, failed);
	listeners_forget_sockets(&refresher->listeners);
	snapshot_free(snapshot);
	if (error != 0)
		return error;
	*verification = count.verification;
	*failed = verification->before.reason != NULL ? verification->before.reason
						      : verification->after.reason;
	return *failed == NULL ? 0 : -ENODATA;
}
