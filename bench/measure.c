/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures a way to count sockets in a separate process: measure WAY RUNS prints a line for each
 * run: CPU and wall time in microseconds, and the number of ESTABLISHED sockets.
 *
 * derived and full are a complete refresh of the daemon (refresher_refresh(): listeners, sockets
 * and files in /proc). ports is derived with 64 watches of one port each, which no socket has.
 * prefixes is derived with watches that every socket is in, by many prefixes each. owners is full
 * with the owner of every socket. two-pass is the usual way, a dump of all states for each family.
 * walk requests a state that no socket has: the kernel walks its tables and returns nothing, which
 * is the minimum cost of a dump.
 */
#include "clock.h"
#include "collect/refresher.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct measured {
	struct refresher refresher;
	bool owners;
	uint64_t established;
};

struct way {
	const char *name;
	int (*count)(struct measured *measured);
	void (*describe)(char *text, size_t size, int watch); /* a watch, as configured */
};

static void describe_port(char *text, size_t size, int watch)
{
	snprintf(text, size, "w%d port %d", watch, watch + 1);
}

/* As many prefixes as fit. IPv4 and IPv6 sockets match the first ones. */
static void describe_prefixes(char *text, size_t size, int watch)
{
	size_t length = (size_t)snprintf(text, size, "w%d peer 0.0.0.0/0,::/0", watch);

	for (int i = 0; length < WATCH_TEXT_MAX - sizeof(",10.10.10.0/24"); i++)
		length +=
			(size_t)snprintf(text + length, size - length, ",10.%d.%d.0/24", watch, i);
}

static int set_watches(struct measured *measured, const struct way *way)
{
	struct watches *watches = watches_new();
	char text[2 * WATCH_TEXT_MAX], problem[WATCH_PROBLEM_SIZE];
	struct watch watch;

	for (int i = 0; watches != NULL && i < WATCHES_MAX; i++) {
		way->describe(text, sizeof(text), i);
		if (watch_parse(text, &watch, problem) != 0) {
			fprintf(stderr, "measure: %s: %s\n", text, problem);
			return -EINVAL;
		}
		if (watches_add(&watches, &watch) != 0)
			return -ENOMEM;
	}
	refresher_set_watches(&measured->refresher, watches);
	return 0;
}

/* Another process names the cgroups, as the agent's helper does. It ends with this one. */
static int start_helper(struct measured *measured)
{
	int ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		close(ends[0]);
		while (cgroup_names_answer(ends[1]))
			;
		_exit(EXIT_SUCCESS);
	}
	close(ends[1]);
	measured->owners = true;
	refresher_set_names_socket(&measured->refresher, ends[0]);
	refresher_prefetch_names(&measured->refresher);
	return 0;
}

/* Every ESTABLISHED socket must have an owner. */
static int check_owners(const struct snapshot *snapshot)
{
	uint32_t owned = 0;

	for (size_t i = 0; i < snapshot->owners_count; i++)
		owned += snapshot->owners[i].sockets[FAMILY_IPV4][STATE_ESTABLISHED] +
			 snapshot->owners[i].sockets[FAMILY_IPV6][STATE_ESTABLISHED];
	return owned == snapshot_total(snapshot, STATE_ESTABLISHED) ? 0 : -ENODATA;
}

static int refresh(struct measured *measured, enum count_policy policy)
{
	const struct refresh_options options = {.policy = policy, .owners = measured->owners};
	struct refresh refresh = refresher_refresh(&measured->refresher, &options);

	if (refresh.error != 0)
		return refresh.error;
	measured->established = 0;
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		measured->established += refresh.snapshot->sockets[family][STATE_ESTABLISHED];
	if (measured->owners)
		refresh.error = check_owners(refresh.snapshot);
	snapshot_free(refresh.snapshot);
	return refresh.error;
}

static int count_derived(struct measured *measured)
{
	return refresh(measured, COUNT_DERIVED);
}

static int count_full(struct measured *measured)
{
	return refresh(measured, COUNT_FULL);
}

static int count_owners(struct measured *measured)
{
	if (!measured->owners) {
		int error = start_helper(measured);

		if (error != 0)
			return error;
	}
	return refresh(measured, COUNT_FULL);
}

static int count_two_pass(struct measured *measured)
{
	struct socket_counts counts;
	int error = 0;

	measured->established = 0;
	for (enum tcp_family family = 0; family < FAMILIES && error == 0; family++) {
		error = sock_diag_count_family(&measured->refresher.dump, family,
					       SOCKETS_OTHER | SOCKETS_LISTENING, &counts);
		if (error == 0)
			measured->established += counts.sockets[family][STATE_ESTABLISHED];
	}
	return error;
}

static int walk(struct measured *measured)
{
	struct socket_counts counts;

	return sock_diag_count(&measured->refresher.dump, 1U << TCP_SYN_SENT, &counts);
}

static int64_t cpu_now_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * NS_PER_SECOND + used.tv_nsec;
}

static int run(const struct way *way, struct measured *measured)
{
	int64_t wall_ns = clock_now_ns();
	int64_t cpu_ns = cpu_now_ns();
	int error = way->count(measured);

	cpu_ns = cpu_now_ns() - cpu_ns;
	wall_ns = clock_now_ns() - wall_ns;
	if (error != 0)
		fprintf(stderr, "measure: %s: %s\n", way->name, strerror(-error));
	else
		printf("%.1f %.1f %llu\n", (double)cpu_ns / NS_PER_US, (double)wall_ns / NS_PER_US,
		       (unsigned long long)measured->established);
	return error;
}

static const struct way *find_way(const char *name)
{
	static const struct way ways[] = {
		{"derived", count_derived, NULL},
		{"ports", count_derived, describe_port},
		{"prefixes", count_derived, describe_prefixes},
		{"full", count_full, NULL},
		{"owners", count_owners, NULL},
		{"two-pass", count_two_pass, NULL},
		{"walk", walk, NULL},
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}

int main(int argc, char *argv[])
{
	static struct measured measured;
	const struct way *way = argc == 3 ? find_way(argv[1]) : NULL;
	int error = 0;

	if (way == NULL) {
		fprintf(stderr,
			"usage: measure derived|ports|prefixes|full|owners|two-pass|walk RUNS\n");
		return EXIT_FAILURE;
	}
	refresher_initialise(&measured.refresher);
	if (way->describe != NULL)
		error = set_watches(&measured, way);
	/* The first one opens what stays open. */
	if (error == 0)
		error = way->count(&measured);
	for (long left = strtol(argv[2], NULL, 10); left > 0 && error == 0; left--)
		error = run(way, &measured);
	refresher_finalise(&measured.refresher);
	return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
