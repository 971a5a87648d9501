/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/counter.h"

#include "clock.h"

#include <errno.h>

#define CHECK_AGAIN_NS (3600 * NS_PER_SECOND)
#define TRY_AGAIN_NS (600 * NS_PER_SECOND)
#define CHECK_TRIES 3

/* How many sockets are skipped at the cost of one that is listed. */
#define SKIPS_PER_LISTED 10

/* A walk of empty tables costs as much as listing so many sockets (some ms on large machines). */
#define LISTED_PER_EMPTY_WALK 2000

/* The numbers cannot be derived; the tally says why. */
#define NOT_DERIVED 1

struct derivation {
	struct host before;
	struct host after;
	bool of_time_waits; /* as well as of ESTABLISHED */
	struct socket_counts listed;
	struct socket_counts time_waits; /* of the family that has fewer */
};

void counter_initialise(struct counter *counter, struct kernel *kernel)
{
	*counter = (struct counter){.kernel = kernel, .fewer_time_waits = FAMILY_IPV6};
}

/*
 * TIME_WAIT sockets are all of the kernel's count but those of one family, which has to be listed
 * by a walk of its own. That pays where the walk costs less than listing the other family's.
 */
static bool deriving_time_waits_pays(const struct host *host)
{
	uint64_t time_waits = host->value[HOST_TIME_WAITS];
	uint64_t walked =
		host->value[HOST_IN_USE_IPV4] + host->value[HOST_IN_USE_IPV6] + time_waits;

	return host->known[HOST_TIME_WAITS] &&
	       time_waits > LISTED_PER_EMPTY_WALK + walked / SKIPS_PER_LISTED;
}

/* The kernel's count in the middle of the listing, as far as that can be known. */
static bool kernel_count(const struct derivation *derivation, enum host_object object,
			 int64_t *count)
{
	*count = (int64_t)(derivation->before.value[object] + derivation->after.value[object]) / 2;
	return derivation->before.known[object] && derivation->after.known[object];
}

/* What the kernel counts as in use. CLOSED are those that are bound only, which it does not. */
static int64_t full_sockets(const struct socket_counts *counts, enum tcp_family family)
{
	int64_t full = 0;

	for (enum tcp_state state = 0; state < STATES; state++) {
		if (state != STATE_CLOSED)
			full += counts->sockets[family][state] - counts->mini[family][state];
	}
	return full;
}

/* Returns NULL, or why the numbers cannot be derived. */
static const char *derive_established(const struct derivation *derivation,
				      struct socket_counts *counts)
{
	static const enum host_object in_use[FAMILIES] = {HOST_IN_USE_IPV4, HOST_IN_USE_IPV6};

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		int64_t established;

		if (!kernel_count(derivation, in_use[family], &established))
			return "/proc/net/sockstat and sockstat6 cannot be read";
		established -= full_sockets(counts, family);
		if (established < 0)
			return "the kernel counts fewer sockets than it lists";
		counts->sockets[family][STATE_ESTABLISHED] = (uint32_t)established;
	}
	return NULL;
}

static const char *derive_time_waits(const struct derivation *derivation, enum tcp_family fewer,
				     struct socket_counts *counts)
{
	enum tcp_family more = fewer == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
	uint32_t listed = derivation->time_waits.sockets[fewer][STATE_TIME_WAIT];
	int64_t time_waits;

	if (!kernel_count(derivation, HOST_TIME_WAITS, &time_waits))
		return "/proc/net/sockstat does not tell timewait sockets";
	time_waits -= listed;
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		time_waits -= counts->mini[family][STATE_FIN_WAIT_2];
	if (time_waits < 0)
		return "the kernel counts fewer timewait sockets than it lists";
	counts->sockets[fewer][STATE_TIME_WAIT] = listed;
	counts->sockets[more][STATE_TIME_WAIT] = (uint32_t)time_waits;
	return NULL;
}

/* Lists what is not derived, with the kernel's own counts read before and after. */
static int list(const struct counter *counter, const struct tally *tally,
		struct derivation *derivation)
{
	struct kernel *kernel = counter->kernel;
	socket_states states = tally->states & ~SOCKETS_ESTABLISHED;
	int error;

	proc_read_sockstat(&kernel->proc, &derivation->before);
	derivation->of_time_waits = deriving_time_waits_pays(&derivation->before);
	if (derivation->of_time_waits)
		states &= ~SOCKETS_TIME_WAIT;
	error = sock_diag_count(&kernel->dump, states, &derivation->listed);
	if (error == 0 && derivation->of_time_waits)
		error = sock_diag_count_family(&kernel->dump, counter->fewer_time_waits,
					       SOCKETS_TIME_WAIT, &derivation->time_waits);
	if (error == 0)
		proc_read(&kernel->proc, &derivation->after);
	return error;
}

static void add_listening(struct tally *tally)
{
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		tally->counts.sockets[family][STATE_LISTEN] = tally->listening[family];
}

/* The next derivation lists the TIME_WAIT sockets of the family that has fewer now. */
static void remember_time_waits(struct counter *counter, const struct socket_counts *counts)
{
	counter->fewer_time_waits = counts->sockets[FAMILY_IPV4][STATE_TIME_WAIT] <
						    counts->sockets[FAMILY_IPV6][STATE_TIME_WAIT]
					    ? FAMILY_IPV4
					    : FAMILY_IPV6;
}

static int count_derived(struct counter *counter, struct tally *tally)
{
	struct derivation derivation;
	int error = list(counter, tally, &derivation);

	if (error != 0)
		return error;
	tally->method = METHOD_DERIVED;
	tally->counts = derivation.listed;
	tally->host = derivation.after;
	add_listening(tally);
	tally->not_derived = derive_established(&derivation, &tally->counts);
	if (tally->not_derived == NULL && derivation.of_time_waits)
		tally->not_derived =
			derive_time_waits(&derivation, counter->fewer_time_waits, &tally->counts);
	if (tally->not_derived != NULL)
		return NOT_DERIVED;
	remember_time_waits(counter, &tally->counts);
	return 0;
}

static int count_full(const struct counter *counter, struct tally *tally)
{
	int error = sock_diag_count(&counter->kernel->dump, tally->states, &tally->counts);

	if (error != 0)
		return error;
	tally->method = METHOD_FULL;
	proc_read(&counter->kernel->proc, &tally->host);
	add_listening(tally);
	return 0;
}

/* ---- checking the one by the other ---- */

static int64_t distance(uint32_t left, uint32_t right)
{
	return left > right ? (int64_t)left - right : (int64_t)right - left;
}

/* How far @p count lies outside of what is between @p one and @p other. */
static int64_t distance_outside(uint32_t count, uint32_t one, uint32_t other)
{
	uint32_t low = one < other ? one : other;
	uint32_t high = one < other ? other : one;

	if (count < low)
		return distance(count, low);
	return count > high ? distance(count, high) : 0;
}

/* Connections opened from @p begin to @p end; none, where the kernel does not tell at both. */
static uint64_t opened_between(const struct host *begin, const struct host *end)
{
	static const enum host_object opens[] = {HOST_ACTIVE_OPENS, HOST_PASSIVE_OPENS};
	uint64_t opened = 0;

	for (size_t place = 0; place < sizeof(opens) / sizeof(opens[0]); place++) {
		if (begin->known[opens[place]] && end->known[opens[place]])
			opened += end->value[opens[place]] - begin->value[opens[place]];
	}
	return opened;
}

int64_t comparison_distance(const struct comparison *comparison, enum tcp_family family,
			    enum tcp_state state)
{
	return distance_outside(comparison->full.counts.sockets[family][state],
				comparison->before.counts.sockets[family][state],
				comparison->after.counts.sockets[family][state]);
}

int64_t comparison_allowance(const struct comparison *comparison)
{
	int64_t allowed = 2 * (int64_t)comparison->opened;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			allowed += distance(comparison->before.counts.sockets[family][state],
					    comparison->after.counts.sockets[family][state]);
	}
	return allowed;
}

int64_t comparison_total_distance(const struct comparison *comparison)
{
	int64_t outside = 0;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			outside += comparison_distance(comparison, family, state);
	}
	return outside;
}

bool comparison_agrees(const struct comparison *comparison)
{
	return comparison_total_distance(comparison) <= comparison_allowance(comparison);
}

int counter_compare(struct counter *counter, const struct tally *wanted,
		    struct comparison *comparison)
{
	struct host begin;
	int error;

	*comparison = (struct comparison){.before = *wanted, .full = *wanted, .after = *wanted};
	proc_read(&counter->kernel->proc, &begin);
	error = count_derived(counter, &comparison->before);
	comparison->not_derived = comparison->before.not_derived;
	if (error == 0)
		error = count_full(counter, &comparison->full);
	if (error == 0) {
		error = count_derived(counter, &comparison->after);
		comparison->not_derived = comparison->after.not_derived;
	}
	if (error == 0)
		comparison->opened = opened_between(&begin, &comparison->after.host);
	return error == NOT_DERIVED ? -ENODATA : error;
}

static int check_once(struct counter *counter, struct tally *tally)
{
	struct comparison comparison;
	int error = counter_compare(counter, tally, &comparison);

	tally->not_derived = comparison.not_derived;
	if (error == -ENODATA)
		return NOT_DERIVED;
	if (error != 0)
		return error;
	*tally = comparison.after;
	if (comparison_agrees(&comparison))
		return 0;
	tally->not_derived = "derived counts disagree with listed ones";
	return NOT_DERIVED;
}

/* An error that is not about the numbers proves nothing: the check stays due. */
static int check(struct counter *counter, struct tally *tally)
{
	int error = NOT_DERIVED;

	for (int try = 0; error == NOT_DERIVED && try < CHECK_TRIES; try++)
		error = check_once(counter, tally);
	if (error < 0)
		return error;
	counter->distrust = error == NOT_DERIVED ? tally->not_derived : NULL;
	counter->check_due_ns = clock_now_ns() + (error == 0 ? CHECK_AGAIN_NS : TRY_AGAIN_NS);
	return error;
}

/* ---- choosing ---- */

/* What cannot be derived once may be due to churn; the check tells whether it lasts. */
static int count_auto(struct counter *counter, struct tally *tally)
{
	bool check_is_due = clock_now_ns() >= counter->check_due_ns;
	int error = NOT_DERIVED;

	if (counter->distrust != NULL && !check_is_due)
		tally->not_derived = counter->distrust;
	else if (!check_is_due)
		error = count_derived(counter, tally);
	if (error == NOT_DERIVED && (counter->distrust == NULL || check_is_due))
		error = check(counter, tally);
	return error == NOT_DERIVED ? count_full(counter, tally) : error;
}

int counter_count(struct counter *counter, struct tally *tally)
{
	int error;

	tally->not_derived = NULL;
	switch (tally->policy) {
	case COUNT_AUTO:
		return count_auto(counter, tally);
	case COUNT_FULL:
		return count_full(counter, tally);
	case COUNT_DERIVED:
		error = count_derived(counter, tally);
		return error == NOT_DERIVED ? -ENODATA : error;
	}
	return -EINVAL;
}
