/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/derivation.h"

/* How many sockets are skipped at the cost of one that is listed. */
#define SKIPS_PER_LISTED 10

/* Walking empty tables costs as much as listing this many sockets (some ms on large machines). */
#define LISTED_PER_EMPTY_WALK 2000

/* Smaller changes are ignored however few sockets are derived: the mean is off by 1 at most. */
#define TOLERATED_CHANGE 2

static const enum host_object opens[] = {HOST_ACTIVE_OPENS, HOST_PASSIVE_OPENS};

void derivation_forget(struct derivation_memory *memory)
{
	*memory = (struct derivation_memory){
		.fewer_time_waits = FAMILY_IPV6,
		.full_sockets = {-1, -1},
	};
}

bool derivation_pays_for_time_waits(const struct host *before)
{
	uint64_t time_waits = before->value[HOST_TIME_WAITS];
	uint64_t walked = time_waits;

	for (enum tcp_family family = 0; family < FAMILIES; family++)
		walked += before->value[host_in_use[family]];
	return before->known[HOST_TIME_WAITS] &&
	       time_waits > LISTED_PER_EMPTY_WALK + walked / SKIPS_PER_LISTED;
}

static bool opens_are_known(const struct readings *readings)
{
	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
		if (!readings->before.known[opens[i]] || !readings->after.known[opens[i]])
			return false;
	}
	return true;
}

uint64_t connections_opened(const struct host *begin, const struct host *end)
{
	uint64_t opened = 0;

	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
		uint64_t from = begin->value[opens[i]], to = end->value[opens[i]];

		if (begin->known[opens[i]] && to > from)
			opened += to - from;
	}
	return opened;
}

static uint64_t opened_meanwhile(const struct readings *readings)
{
	return connections_opened(&readings->before, &readings->after);
}

void readings_sum(const struct readings *readings, uint32_t sockets[FAMILIES][STATES])
{
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			sockets[family][state] = readings->listed.sockets[family][state];
		sockets[family][STATE_LISTEN] = readings->listening[family];
	}
}

/* The kernel's count in the middle of the listing, as far as that can be known. */
static bool kernel_count(const struct readings *readings, enum host_object object, int64_t *count)
{
	*count = (int64_t)(readings->before.value[object] + readings->after.value[object]) / 2;
	return readings->before.known[object] && readings->after.known[object];
}

static int64_t distance(int64_t left, int64_t right)
{
	return left > right ? left - right : right - left;
}

/* By how much the kernel's count changed during the listing. */
static int64_t kernel_count_change(const struct readings *readings, enum host_object object)
{
	return distance((int64_t)readings->before.value[object],
			(int64_t)readings->after.value[object]);
}

/* The largest change of the kernel's count at which @p derived sockets are settled. */
static int64_t tolerance(int64_t derived)
{
	return derived / 100 > TOLERATED_CHANGE ? derived / 100 : TOLERATED_CHANGE;
}

/*
 * The kernel's count may also stay the same because as many sockets came as went, and then the list
 * may be of another moment than the mean: where a program fills up with sockets, those that it has
 * closed leave meanwhile. The number of connections opened shows this. Where there are always many,
 * such as on a busy proxy, the number of sockets listed shows it: it is about the same as at the
 * last refresh.
 */
static bool established_is_settled(const struct readings *readings,
				   const struct derivation_memory *memory, enum tcp_family family,
				   int64_t full, int64_t derived)
{
	if (kernel_count_change(readings, host_in_use[family]) > tolerance(derived))
		return false;
	if (opens_are_known(readings) && opened_meanwhile(readings) <= (uint64_t)tolerance(derived))
		return true;
	return memory->full_sockets[family] >= 0 &&
	       distance(full, memory->full_sockets[family]) <= tolerance(derived);
}

/* The remainder is between those of the counts before and after; connections add to it. */
static bool time_waits_are_settled(const struct readings *readings, int64_t derived)
{
	int64_t change = kernel_count_change(readings, HOST_TIME_WAITS);

	return change <= tolerance(derived) || (uint64_t)change <= opened_meanwhile(readings);
}

/* A remainder below 0 by more than the connections opened meanwhile explain is a contradiction. */
static enum derivation_outcome negative_outcome(const struct readings *readings, int64_t derived,
						bool settled)
{
	if (settled && (uint64_t)-derived > opened_meanwhile(readings) + TOLERATED_CHANGE)
		return DERIVATION_CONTRADICTED;
	return DERIVATION_NEGATIVE;
}

/*
 * The sockets that the kernel counts as in use, without ESTABLISHED: one that was picked for
 * another state may have become ESTABLISHED before the kernel described it, and is derived with the
 * others. CLOSED sockets are only bound, and the kernel does not count them.
 */
static int64_t full_sockets(const struct readings *readings, enum tcp_family family)
{
	const struct socket_counts *listed = &readings->listed;
	int64_t full = readings->listening[family];

	for (enum tcp_state state = STATE_SYN_SENT; state < STATES; state++) {
		if (state != STATE_ESTABLISHED)
			full += listed->sockets[family][state] - listed->mini[family][state];
	}
	return full;
}

static enum derivation_outcome derive_established(const struct readings *readings,
						  const struct derivation_memory *memory,
						  struct derivation *derivation)
{
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		const int64_t full = full_sockets(readings, family);
		int64_t established;

		if (!kernel_count(readings, host_in_use[family], &established)) {
			derivation->reason = "cannot read /proc/net/sockstat and sockstat6";
			return DERIVATION_UNKNOWN;
		}
		established -= full;
		derivation->settled =
			derivation->settled &&
			established_is_settled(readings, memory, family, full, established);
		if (established < 0) {
			derivation->reason = "the kernel counts fewer sockets than it lists";
			return negative_outcome(readings, established, derivation->settled);
		}
		derivation->sockets[family][STATE_ESTABLISHED] = (uint32_t)established;
	}
	return DERIVATION_DONE;
}

static enum derivation_outcome derive_time_waits(const struct readings *readings,
						 struct derivation *derivation)
{
	const enum tcp_family fewer = readings->time_wait_family;
	const enum tcp_family more = fewer == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
	int64_t time_waits;

	if (!kernel_count(readings, HOST_TIME_WAITS, &time_waits)) {
		derivation->reason = "/proc/net/sockstat does not count TIME_WAIT sockets";
		return DERIVATION_UNKNOWN;
	}
	time_waits -= readings->time_waits;
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		time_waits -= readings->listed.mini[family][STATE_FIN_WAIT_2];
	derivation->settled = derivation->settled && time_waits_are_settled(readings, time_waits);
	if (time_waits < 0) {
		derivation->reason = "the kernel counts fewer TIME_WAIT sockets than it lists";
		return negative_outcome(readings, time_waits, derivation->settled);
	}
	derivation->sockets[fewer][STATE_TIME_WAIT] = readings->time_waits;
	derivation->sockets[more][STATE_TIME_WAIT] = (uint32_t)time_waits;
	return DERIVATION_DONE;
}

struct derivation derive(const struct readings *readings, struct derivation_memory *memory)
{
	struct derivation derivation = {.settled = true};
	uint32_t(*sockets)[STATES] = derivation.sockets;

	readings_sum(readings, sockets);
	derivation.outcome = derive_established(readings, memory, &derivation);
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		memory->full_sockets[family] = full_sockets(readings, family);
	if (derivation.outcome == DERIVATION_DONE && readings->time_waits_derived)
		derivation.outcome = derive_time_waits(readings, &derivation);
	if (derivation.outcome == DERIVATION_DONE)
		memory->fewer_time_waits = sockets[FAMILY_IPV4][STATE_TIME_WAIT] <
							   sockets[FAMILY_IPV6][STATE_TIME_WAIT]
						   ? FAMILY_IPV4
						   : FAMILY_IPV6;
	return derivation;
}
