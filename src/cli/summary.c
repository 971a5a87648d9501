/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/summary.h"

const char *summary_total_name(enum summary_total total)
{
	static const char *const names[SUMMARY_TOTALS] = {
		[SUMMARY_SOCKETS] = "sockets",
		[SUMMARY_TCP_TOTAL] = "tcpTotal",
		[SUMMARY_ESTABLISHED] = "tcpEstablished",
		[SUMMARY_CLOSED] = "tcpClosed",
		[SUMMARY_ORPHANED] = "tcpOrphaned",
		[SUMMARY_TIME_WAIT] = "tcpTimeWait",
	};

	return names[total];
}

const char *summary_transport_name(enum summary_transport transport)
{
	static const char *const names[SUMMARY_TRANSPORTS] = {
		[SUMMARY_RAW] = "raw",
		[SUMMARY_UDP] = "udp",
		[SUMMARY_TCP] = "tcp",
		[SUMMARY_FRAGMENTS] = "fragments",
	};

	return names[transport];
}

static struct summary_number of_host(const struct snapshot *snapshot, enum host_object object)
{
	return (struct summary_number){
		.known = snapshot->host.known[object],
		.value = (int64_t)snapshot->host.value[object],
	};
}

struct summary_number summary_add(struct summary_number left, struct summary_number right)
{
	return (struct summary_number){
		.known = left.known && right.known,
		.value = left.value + right.value,
	};
}

static struct summary_number subtract(struct summary_number left, struct summary_number right)
{
	right.value = -right.value;
	return summary_add(left, right);
}

/* If the kernel's own count is unknown, the number of listed sockets is the best approximation. */
static struct summary_number tcp_in_use(const struct snapshot *snapshot, enum tcp_family family)
{
	struct summary_number in_use = of_host(snapshot, host_in_use[family]);

	if (in_use.known)
		return in_use;
	in_use.known = true;
	for (enum tcp_state state = 0; state < STATES; state++) {
		if (state != STATE_CLOSED && state != STATE_TIME_WAIT &&
		    state != STATE_SYN_RECEIVED)
			in_use.value += snapshot->sockets[family][state];
	}
	return in_use;
}

static struct summary_number established(const struct snapshot *snapshot)
{
	return (struct summary_number){
		.known = true,
		.value = (int64_t)snapshot_total(snapshot, STATE_ESTABLISHED) +
			 snapshot_total(snapshot, STATE_CLOSE_WAIT),
	};
}

static void sum_up_in_use(const struct snapshot *snapshot, struct summary *summary)
{
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		summary->in_use[SUMMARY_RAW][family] = of_host(snapshot, host_raw[family]);
		summary->in_use[SUMMARY_UDP][family] = of_host(snapshot, host_udp[family]);
		summary->in_use[SUMMARY_FRAGMENTS][family] =
			of_host(snapshot, host_fragments[family]);
		summary->in_use[SUMMARY_TCP][family] = tcp_in_use(snapshot, family);
	}
}

struct summary summary_of(const struct snapshot *snapshot)
{
	struct summary_number allocated = of_host(snapshot, HOST_ALLOCATED);
	struct summary_number time_waits = of_host(snapshot, HOST_TIME_WAITS);
	struct summary summary;

	sum_up_in_use(snapshot, &summary);
	summary.totals[SUMMARY_SOCKETS] = of_host(snapshot, HOST_SOCKETS_USED);
	summary.totals[SUMMARY_TCP_TOTAL] = summary_add(allocated, time_waits);
	summary.totals[SUMMARY_ESTABLISHED] = established(snapshot);
	summary.totals[SUMMARY_CLOSED] = summary.totals[SUMMARY_TCP_TOTAL];
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		summary.totals[SUMMARY_CLOSED] = subtract(summary.totals[SUMMARY_CLOSED],
							  summary.in_use[SUMMARY_TCP][family]);
	summary.totals[SUMMARY_ORPHANED] = of_host(snapshot, HOST_ORPHANS);
	summary.totals[SUMMARY_TIME_WAIT] = time_waits;
	return summary;
}
