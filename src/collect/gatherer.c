/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/gatherer.h"

#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void gatherer_initialise(struct gatherer *gatherer)
{
	dump_initialise(&gatherer->kernel.dump);
	proc_initialise(&gatherer->kernel.proc);
	counter_initialise(&gatherer->counter, &gatherer->kernel);
}

void gatherer_finalise(struct gatherer *gatherer)
{
	dump_finalise(&gatherer->kernel.dump);
	proc_finalise(&gatherer->kernel.proc);
}

/*
 * The first dump of a refresh: the one that fails where the kernel cannot dump TCP sockets at all.
 * It says so by these errors (net/core/sock_diag.c, net/ipv4/inet_diag.c), which mean nothing to a
 * reader who was told of no file and no protocol.
 */
static int list_listeners(struct gatherer *gatherer, struct snapshot *snapshot, const char **failed)
{
	int error = sock_diag_list_listeners(&gatherer->kernel.dump, &snapshot->listeners,
					     &snapshot->listeners_count);

	*failed = "listing the listeners";
	if (error == -ENOENT || error == -EOPNOTSUPP || error == -EPROTONOSUPPORT)
		*failed = "listing the listeners, which takes the kernel's module tcp_diag";
	return error;
}

/* The sockets that listen are counted where they are listed, so that the two agree. */
static void sum_listeners(const struct snapshot *snapshot, uint32_t listening[FAMILIES])
{
	for (size_t place = 0; place < snapshot->listeners_count; place++) {
		const struct listener *listener = &snapshot->listeners[place];

		listening[listener->endpoint.family] += listener->sockets;
	}
}

/* All that is counted, but for the sockets that listen. */
static socket_states wanted_states(const struct wanted *wanted)
{
	return wanted->bound_inactive ? SOCKETS_OTHER | SOCKETS_BOUND_INACTIVE : SOCKETS_OTHER;
}

static int count_sockets(struct gatherer *gatherer, const struct wanted *wanted,
			 struct snapshot *snapshot, const char **not_derived)
{
	struct tally tally = {.policy = wanted->policy, .states = wanted_states(wanted)};
	int error;

	sum_listeners(snapshot, tally.listening);
	error = counter_count(&gatherer->counter, &tally);
	*not_derived = tally.not_derived;
	if (error != 0)
		return error;
	memcpy(snapshot->sockets, tally.counts.sockets, sizeof(snapshot->sockets));
	snapshot->host = tally.host;
	snapshot->method = tally.method;
	return 0;
}

/* Those of the ports, too, are of the one list. */
static void add_listeners(struct snapshot *snapshot)
{
	for (size_t place = 0; place < snapshot->listeners_count; place++) {
		const struct listener *listener = &snapshot->listeners[place];
		struct port_count *port = snapshot_port(snapshot, listener->endpoint.port);

		if (port != NULL)
			port->sockets[listener->endpoint.family][STATE_LISTEN] += listener->sockets;
	}
}

static int count_ports(struct gatherer *gatherer, const struct wanted *wanted,
		       struct snapshot *snapshot)
{
	int error = snapshot_watch(snapshot, &wanted->ports);

	if (error == 0)
		error = sock_diag_count_ports(&gatherer->kernel.dump, wanted_states(wanted),
					      snapshot->ports, snapshot->ports_count);
	if (error == 0)
		add_listeners(snapshot);
	return error;
}

static void gather(struct gatherer *gatherer, const struct wanted *wanted,
		   struct snapshot *snapshot, struct refresh *refresh)
{
	refresh->error = list_listeners(gatherer, snapshot, &refresh->failed);
	if (refresh->error != 0)
		return;
	refresh->failed = "counting the sockets";
	refresh->error = count_sockets(gatherer, wanted, snapshot, &refresh->not_derived);
	if (refresh->error == -ENODATA)
		refresh->failed = refresh->not_derived;
	if (refresh->error != 0)
		return;
	refresh->failed = "counting the sockets of the watched ports";
	refresh->error = count_ports(gatherer, wanted, snapshot);
	if (refresh->error != 0)
		return;
	refresh->failed = NULL;
}

struct refresh gatherer_refresh(struct gatherer *gatherer, const struct wanted *wanted)
{
	struct snapshot *snapshot = snapshot_new();
	struct refresh refresh = {0};

	if (snapshot == NULL) {
		refresh.error = -ENOMEM;
		refresh.failed = "making a snapshot";
		return refresh;
	}
	snapshot->taken_ns = clock_now_ns();
	gather(gatherer, wanted, snapshot, &refresh);
	snapshot->duration_us = (uint32_t)((clock_now_ns() - snapshot->taken_ns) / NS_PER_US);
	if (refresh.error == 0)
		refresh.snapshot = snapshot;
	else
		snapshot_free(snapshot);
	return refresh;
}

int gatherer_compare(struct gatherer *gatherer, const struct wanted *wanted,
		     struct comparison *comparison, const char **failed)
{
	struct tally tally = {.states = wanted_states(wanted)};
	struct snapshot listed = {0};
	int error;

	error = list_listeners(gatherer, &listed, failed);
	if (error != 0)
		return error;
	sum_listeners(&listed, tally.listening);
	free(listed.listeners);
	*failed = "counting the sockets";
	error = counter_compare(&gatherer->counter, &tally, comparison);
	if (error == -ENODATA)
		*failed = comparison->not_derived;
	return error;
}
