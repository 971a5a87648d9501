/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/count.h"

#include "clock.h"

#include <errno.h>
#include <string.h>

#define CHECK_INTERVAL_NS (3600 * NS_PER_SECOND)
#define DISTRUST_NS (600 * NS_PER_SECOND)
#define CHECK_TRIES 3

/* ---- verification ---- */

static int64_t count_distance(int64_t left, int64_t right)
{
	return left > right ? left - right : right - left;
}

int64_t verification_distance(const struct verification *verification, enum tcp_family family,
			      enum tcp_state state)
{
	uint32_t before = verification->before.sockets[family][state];
	uint32_t full = verification->full[family][state];
	uint32_t after = verification->after.sockets[family][state];
	uint32_t low = before < after ? before : after;
	uint32_t high = before < after ? after : before;

	if (full < low)
		return count_distance(full, low);
	return full > high ? count_distance(full, high) : 0;
}

int64_t verification_total_distance(const struct verification *verification)
{
	int64_t total = 0;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			total += verification_distance(verification, family, state);
	}
	return total;
}

int64_t verification_allowance(const struct verification *verification)
{
	int64_t allowance = 2 * (int64_t)verification->opened;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			allowance += count_distance(verification->before.sockets[family][state],
						    verification->after.sockets[family][state]);
	}
	return allowance;
}

bool verification_agrees(const struct verification *verification)
{
	return verification_total_distance(verification) <= verification_allowance(verification);
}

/* ---- trust ---- */

void trust_reset(struct trust *trust)
{
	*trust = (struct trust){0};
	derivation_forget(&trust->memory);
}

static void set_trust(struct trust *trust, const char *distrust, int64_t check_due_ns)
{
	trust->distrust = distrust;
	trust->failures = 0;
	trust->check_due_ns = check_due_ns;
}

/* A check during which too much changed proves nothing and stays due. */
static void fail_check(struct count *count, struct trust *trust, enum derivation_outcome outcome,
		       bool settled, const char *reason, int64_t now_ns)
{
	bool proves = settled && outcome != DERIVATION_NEGATIVE;

	if (outcome == DERIVATION_UNKNOWN || (proves && ++trust->failures == CHECK_TRIES))
		set_trust(trust, reason, now_ns + DISTRUST_NS);
	count->not_derived = trust->distrust;
}

/* ---- one count ---- */

static enum listing use_full(struct count *count)
{
	count->method = METHOD_FULL;
	memcpy(count->sockets, count->verification.full, sizeof(count->sockets));
	count->host = count->full_host;
	return LISTING_NONE;
}

static enum listing use_derived(struct count *count, const struct derivation *derivation,
				const struct host *host)
{
	count->method = METHOD_DERIVED;
	memcpy(count->sockets, derivation->sockets, sizeof(count->sockets));
	count->host = *host;
	return LISTING_NONE;
}

enum listing count_begin(struct count *count, enum count_policy policy, const struct trust *trust,
			 int64_t now_ns)
{
	*count = (struct count){.policy = policy};
	if (policy == COUNT_AUTO) {
		count->checks = now_ns >= trust->check_due_ns;
		if (!count->checks)
			count->not_derived = trust->distrust;
	}
	count->listing =
		policy == COUNT_FULL || count->not_derived != NULL ? LISTING_FULL : LISTING_PARTIAL;
	return count->listing;
}

static enum listing add_unchecked(struct count *count, struct trust *trust,
				  const struct readings *readings)
{
	const struct derivation derivation = derive(readings, &trust->memory);

	switch (derivation.outcome) {
	case DERIVATION_DONE:
		if (derivation.settled)
			return use_derived(count, &derivation, &readings->after);
		break;
	case DERIVATION_NEGATIVE:
		break;
	case DERIVATION_CONTRADICTED:
	case DERIVATION_UNKNOWN:
		if (count->policy == COUNT_DERIVED) {
			count->error = -ENODATA;
			count->not_derived = derivation.reason;
			return LISTING_NONE;
		}
		trust->check_due_ns = 0;
		break;
	}
	return LISTING_FULL;
}

static enum listing begin_check(struct count *count, struct trust *trust,
				const struct readings *readings, int64_t now_ns)
{
	struct derivation *before = &count->verification.before;

	count->begin = readings->before;
	*before = derive(readings, &trust->memory);
	if (before->outcome != DERIVATION_DONE) {
		fail_check(count, trust, before->outcome, before->settled, before->reason, now_ns);
		count->checks = false;
	}
	return LISTING_FULL;
}

static enum listing finish_check(struct count *count, struct trust *trust,
				 const struct readings *readings, int64_t now_ns)
{
	struct verification *verification = &count->verification;
	struct derivation *after = &verification->after;
	bool settled = verification->before.settled;

	*after = derive(readings, &trust->memory);
	verification->opened = connections_opened(&count->begin, &readings->after);
	if (after->outcome != DERIVATION_DONE) {
		fail_check(count, trust, after->outcome, settled, after->reason, now_ns);
		return use_full(count);
	}
	settled = settled && after->settled;
	if (!verification_agrees(verification)) {
		fail_check(count, trust, after->outcome, settled,
			   "derived counts disagree with listed ones", now_ns);
		return use_full(count);
	}
	set_trust(trust, NULL, now_ns + CHECK_INTERVAL_NS);
	return settled ? use_derived(count, after, &readings->after) : use_full(count);
}

enum listing count_add(struct count *count, struct trust *trust, const struct readings *readings,
		       int64_t now_ns)
{
	if (count->listing == LISTING_FULL) {
		readings_sum(readings, count->verification.full);
		count->full_host = readings->after;
		count->listing = count->checks ? LISTING_PARTIAL : use_full(count);
		count->has_full = true;
	} else if (!count->checks) {
		count->listing = add_unchecked(count, trust, readings);
	} else if (!count->has_full) {
		count->listing = begin_check(count, trust, readings, now_ns);
	} else {
		count->listing = finish_check(count, trust, readings, now_ns);
	}
	return count->listing;
}
