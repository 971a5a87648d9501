/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When counts are derived and when they are not, with scripted kernel answers.
 */
#include "model/count.c"

#include "unit.h"

#define MINUTE_NS (60 * NS_PER_SECOND)

/* Enough TIME_WAIT sockets for them to be derived. */
#define MANY 2500
#define FEW 30

/* ---- the scripted kernel ---- */

static struct {
	struct socket_counts truth;
	struct host host;
	int64_t now_ns;
	int error;            /* of every listing */
	unsigned int full;    /* the number of listings of each kind */
	unsigned int partial; /* without ESTABLISHED */
	unsigned int one_family;
	uint32_t grows; /* sockets added at each full listing */
	uint32_t opens; /* and connections opened */
	/* change of the kernel's counts during a partial listing */
	int64_t changes[HOST_OBJECTS];
	unsigned int calm_after; /* no more changes after this many partial listings; 0: changes
				    continue */
} fake;

static void add_state(const struct readings *readings, enum listing listing, enum tcp_family family,
		      enum tcp_state state, struct socket_counts *listed)
{
	if (state == STATE_LISTEN)
		return;
	if (listing == LISTING_PARTIAL &&
	    (state == STATE_ESTABLISHED ||
	     (state == STATE_TIME_WAIT && readings->time_waits_derived)))
		return;
	listed->sockets[family][state] = fake.truth.sockets[family][state];
	listed->mini[family][state] = fake.truth.mini[family][state];
}

static void list_partially(struct readings *readings, const struct derivation_memory *memory)
{
	const enum tcp_family family = memory->fewer_time_waits;

	fake.partial++;
	readings->time_waits_derived = derivation_pays_for_time_waits(&readings->before);
	if (readings->time_waits_derived) {
		fake.one_family++;
		readings->time_wait_family = family;
		readings->time_waits = fake.truth.sockets[family][STATE_TIME_WAIT];
	}
}

/* Changes are undone afterwards, so that every derivation sees the same one. */
static void make_listing(enum listing listing, const struct derivation_memory *memory,
			 struct readings *readings)
{
	bool changing = false;

	readings->listed = (struct socket_counts){0};
	readings->time_waits_derived = false;
	if (listing == LISTING_PARTIAL) {
		list_partially(readings, memory);
		changing = fake.calm_after == 0 || fake.partial <= fake.calm_after;
	}
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++)
			add_state(readings, listing, family, state, &readings->listed);
	}
	if (listing == LISTING_FULL) {
		fake.full++;
		readings->listed.sockets[FAMILY_IPV4][STATE_ESTABLISHED] += fake.grows;
		fake.host.value[HOST_PASSIVE_OPENS] += fake.opens;
	}
	readings->after = fake.host;
	for (enum host_object object = 0; changing && object < HOST_OBJECTS; object++)
		readings->after.value[object] += (uint64_t)fake.changes[object];
}

/* Sets the kernel's counts to match the sockets. */
static void set_kernel_counts(void)
{
	struct host *host = &fake.host;
	uint64_t time_waits = 0;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		uint64_t full = 0;

		for (enum tcp_state state = STATE_LISTEN; state < STATES; state++)
			full += fake.truth.sockets[family][state] - fake.truth.mini[family][state];
		host_set(host, host_in_use[family], full);
		time_waits += fake.truth.mini[family][STATE_FIN_WAIT_2] +
			      fake.truth.sockets[family][STATE_TIME_WAIT];
	}
	host_set(host, HOST_TIME_WAITS, time_waits);
	host_set(host, HOST_ACTIVE_OPENS, 1000);
	host_set(host, HOST_PASSIVE_OPENS, 2000);
}

/* Creates sockets of each state, with different numbers. */
static void make_up_sockets(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.now_ns = 100 * NS_PER_SECOND;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = STATE_LISTEN; state < STATES; state++)
			fake.truth.sockets[family][state] = 100 * (family + 1U) + state;
		fake.truth.mini[family][STATE_SYN_RECEIVED] =
			fake.truth.sockets[family][STATE_SYN_RECEIVED];
		fake.truth.mini[family][STATE_TIME_WAIT] =
			fake.truth.sockets[family][STATE_TIME_WAIT];
		fake.truth.mini[family][STATE_FIN_WAIT_2] = 5 + family;
	}
	set_kernel_counts();
}

static void set_time_waits(uint32_t ipv4, uint32_t ipv6)
{
	fake.truth.sockets[FAMILY_IPV4][STATE_TIME_WAIT] = ipv4;
	fake.truth.sockets[FAMILY_IPV6][STATE_TIME_WAIT] = ipv6;
	fake.truth.mini[FAMILY_IPV4][STATE_TIME_WAIT] = ipv4;
	fake.truth.mini[FAMILY_IPV6][STATE_TIME_WAIT] = ipv6;
	set_kernel_counts();
}

/* ---- counting ---- */

static struct trust trust;
static struct count latest;

/* Counts like a refresh: an error of a listing aborts the count. */
static int count(enum count_policy policy)
{
	struct readings readings = {.before = fake.host};
	enum listing listing = count_begin(&latest, policy, &trust, fake.now_ns);

	for (enum tcp_family family = 0; family < FAMILIES; family++)
		readings.listening[family] = fake.truth.sockets[family][STATE_LISTEN];
	fake.full = fake.partial = fake.one_family = 0;
	while (listing != LISTING_NONE) {
		if (fake.error != 0)
			return fake.error;
		make_listing(listing, &trust.memory, &readings);
		listing = count_add(&latest, &trust, &readings, fake.now_ns);
		readings.before = readings.after;
	}
	return latest.error;
}

static void assert_truth(void)
{
	assert_memory_equal(latest.sockets, fake.truth.sockets, sizeof(fake.truth.sockets));
}

static void assert_derived(unsigned int full, unsigned int partial)
{
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_int_equal(latest.method, METHOD_DERIVED);
	assert_null(latest.not_derived);
	assert_int_equal(fake.full, full);
	assert_int_equal(fake.partial, partial);
	assert_truth();
}

/* @p reason is NULL if nothing is logged. */
static void assert_full(unsigned int full, unsigned int partial, const char *reason)
{
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_int_equal(latest.method, METHOD_FULL);
	assert_int_equal(latest.not_derived == NULL, reason == NULL);
	if (reason != NULL)
		assert_string_equal(latest.not_derived, reason);
	assert_int_equal(fake.full, full);
	assert_int_equal(fake.partial, partial);
	assert_truth();
}

static int begin(void **state)
{
	(void)state;
	make_up_sockets();
	trust_reset(&trust);
	return 0;
}

/* ---- whether two counts agree ---- */

static bool counts_agree(const struct socket_counts *before, const struct socket_counts *full,
			 const struct socket_counts *after, uint64_t opened)
{
	struct verification verification = {.opened = opened};

	memcpy(verification.before.sockets, before->sockets, sizeof(before->sockets));
	memcpy(verification.full, full->sockets, sizeof(full->sockets));
	memcpy(verification.after.sockets, after->sockets, sizeof(after->sockets));
	return verification_agrees(&verification);
}

static void counts_agree_except_for_new_connections(void **state)
{
	static const struct {
		uint32_t before, full, after;
		uint64_t opened;
		bool agree;
	} cases[] = {
		{0, 0, 0, 0, true},
		{100, 100, 100, 0, true},
		{100, 101, 100, 0, false},
		{100, 99, 100, 0, false},
		{100, 102, 100, 1, true},
		{100, 103, 100, 1, false},
		{100, 98, 100, 1, true},
		{100, 97, 100, 1, false},
		{100, 105, 110, 0, true},
		{110, 105, 100, 0, true},
		/* outside by as much as the two differ */
		{100, 120, 110, 0, true},
		{100, 121, 110, 0, false},
		{100, 90, 110, 0, true},
		{100, 89, 110, 0, false},
		{110, 124, 100, 2, true},
		{110, 125, 100, 2, false},
		{0, UINT32_MAX, 0, 0, false},
		{0, UINT32_MAX, UINT32_MAX, 0, true},
		{UINT32_MAX, 0, UINT32_MAX, UINT32_MAX, true},
		{UINT32_MAX, 0, UINT32_MAX, 1000, false},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			for (enum tcp_state one = 0; one < STATES; one++) {
				struct socket_counts before = {0}, full = {0}, after = {0};

				before.sockets[family][one] = cases[i].before;
				full.sockets[family][one] = cases[i].full;
				after.sockets[family][one] = cases[i].after;
				assert_int_equal(
					counts_agree(&before, &full, &after, cases[i].opened),
					cases[i].agree);
			}
		}
	}
}

/* One missing and one too many add up to two. */
static void differences_add_up_over_states(void **state)
{
	struct socket_counts before = {0}, full = {0}, after = {0};

	(void)state;
	before.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 10;
	after.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 10;
	full.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 9;
	full.sockets[FAMILY_IPV6][STATE_CLOSE_WAIT] = 1;
	assert_false(counts_agree(&before, &full, &after, 0));
	assert_true(counts_agree(&before, &full, &after, 1));
	full.sockets[FAMILY_IPV6][STATE_LAST_ACK] = 1;
	assert_false(counts_agree(&before, &full, &after, 1));
}

/* ---- the policies ---- */

static void derived_counts_are_checked_once_and_believed(void **state)
{
	(void)state;
	assert_derived(1, 2);
	assert_int_equal(fake.one_family, 0);
	assert_derived(0, 1);
	fake.now_ns += 59 * MINUTE_NS;
	assert_derived(0, 1);
	fake.now_ns += MINUTE_NS;
	assert_derived(1, 2);
	assert_derived(0, 1);
}

/* The family with fewer of them is listed, and the other one is derived. */
static void many_time_waits_are_derived_of_either_family(void **state)
{
	(void)state;
	set_time_waits(MANY, FEW);
	assert_derived(1, 2);
	assert_int_equal(fake.one_family, 2);
	assert_int_equal(trust.memory.fewer_time_waits, FAMILY_IPV6);
	set_time_waits(FEW, MANY);
	assert_derived(0, 1);
	assert_int_equal(fake.one_family, 1);
	assert_int_equal(trust.memory.fewer_time_waits, FAMILY_IPV4);
	assert_derived(0, 1);
	set_time_waits(FEW, FEW);
	assert_derived(0, 1);
	assert_int_equal(fake.one_family, 0);
}

/* A refresh with too large a change lists every socket; the next one derives as usual. */
static void assert_one_fallback(unsigned int partial)
{
	for (int time = 0; time < 3; time++) {
		assert_full(1, partial, NULL);
		assert_int_equal(count(COUNT_DERIVED), 0);
		assert_int_equal(latest.method, METHOD_FULL);
		assert_null(latest.not_derived);
		assert_truth();
	}
}

static void a_mass_change_lists_every_socket_of_one_refresh(void **state)
{

	(void)state;
	fake.truth.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 400;
	fake.truth.sockets[FAMILY_IPV6][STATE_ESTABLISHED] = 400;
	set_kernel_counts();
	assert_derived(1, 2);
	for (size_t i = 0; i < ENTRIES(host_in_use); i++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			fake.changes[host_in_use[i]] = sign * 3000;
			assert_one_fallback(1);
			fake.changes[host_in_use[i]] = sign * 5;
			assert_one_fallback(1);
			/* the mean of 0 and 1 more is rounded down */
			fake.changes[host_in_use[i]] = 1;
			assert_derived(0, 1);
			fake.changes[host_in_use[i]] = 0;
			assert_derived(0, 1);
		}
	}
}

static void a_mass_change_of_time_waits_does_the_same(void **state)
{
	(void)state;
	set_time_waits(10000, FEW);
	assert_derived(1, 2);
	fake.changes[HOST_TIME_WAITS] = -101;
	assert_one_fallback(1);
	fake.changes[HOST_TIME_WAITS] = 101;
	assert_one_fallback(1);
	fake.changes[HOST_TIME_WAITS] = 1;
	assert_derived(0, 1);
	/* the change does not matter if they are listed */
	set_time_waits(FEW, FEW);
	fake.changes[HOST_TIME_WAITS] = 100;
	assert_derived(0, 1);
}

/* On a busy proxy, it takes one refresh to learn the usual length of the list. */
static void a_steady_rate_of_connections_is_derived(void **state)
{
	(void)state;
	fake.changes[HOST_ACTIVE_OPENS] = 3000;
	fake.changes[HOST_PASSIVE_OPENS] = 3000;
	assert_full(1, 2, NULL);
	assert_derived(0, 1);
	fake.changes[HOST_IN_USE_IPV4] = 1;
	assert_derived(0, 1);
	fake.changes[HOST_IN_USE_IPV4] = 20;
	assert_full(1, 1, NULL);
	fake.changes[HOST_IN_USE_IPV4] = 0;
	assert_derived(0, 1);
}

/* The kernel's count does not change if a program opens as many sockets as others close. */
static void a_list_that_grows_with_connections_is_not_derived_from(void **state)
{
	(void)state;
	assert_derived(1, 2);
	fake.changes[HOST_ACTIVE_OPENS] = 80;
	assert_derived(0, 1);
	for (int time = 0; time < 3; time++) {
		fake.truth.sockets[FAMILY_IPV4][STATE_CLOSE_WAIT] += 80;
		set_kernel_counts();
		assert_full(1, 1, NULL);
	}
	assert_derived(0, 1);
}

/* A change in the middle of a check leaves it due. */
static void a_check_waits_for_calm(void **state)
{
	(void)state;
	fake.changes[HOST_IN_USE_IPV6] = -1000;
	assert_full(1, 1, NULL);
	assert_full(1, 1, NULL);
	fake.calm_after = 1;
	assert_full(1, 1, NULL);
	fake.changes[HOST_IN_USE_IPV6] = 0;
	assert_derived(1, 2);
	fake.now_ns += 60 * MINUTE_NS;
	fake.changes[HOST_IN_USE_IPV6] = -1000;
	fake.calm_after = 0;
	assert_full(1, 1, NULL);
	fake.changes[HOST_IN_USE_IPV6] = 0;
	assert_derived(1, 2);
	assert_derived(0, 1);
}

/* Connections opened meanwhile explain the difference, but such counts are not served. */
static void a_check_among_connections_serves_what_was_listed(void **state)
{
	(void)state;
	fake.changes[HOST_IN_USE_IPV4] = 10;
	for (int try = 0; try < 2 * CHECK_TRIES; try++)
		assert_full(1, 2, NULL);
	fake.grows = 10;
	fake.opens = 5;
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_int_equal(latest.method, METHOD_FULL);
	assert_int_equal(fake.full, 1);
	fake.changes[HOST_IN_USE_IPV4] = 0;
	fake.grows = 0;
	assert_derived(0, 1);
}

static void counts_that_disagree_are_not_believed_for_ten_minutes(void **state)
{
	static const char disagree[] = "derived counts disagree with listed ones";

	(void)state;
	fake.host.value[HOST_IN_USE_IPV4] += 1;
	for (int try = 1; try < CHECK_TRIES; try++)
		assert_full(1, 2, NULL);
	assert_full(1, 2, disagree);
	fake.now_ns += 9 * MINUTE_NS;
	assert_full(1, 0, disagree);
	fake.now_ns += MINUTE_NS;
	for (int try = 1; try <= CHECK_TRIES; try++)
		assert_full(1, 2, disagree);
	set_kernel_counts();
	assert_full(1, 0, disagree);
	fake.now_ns += 10 * MINUTE_NS;
	assert_derived(1, 2);
	assert_derived(0, 1);
	fake.now_ns += 60 * MINUTE_NS;
	fake.host.value[HOST_IN_USE_IPV4] += 1;
	assert_full(1, 2, NULL);
	/* only consecutive failures count */
	set_kernel_counts();
	assert_derived(1, 2);
}

static void opened_connections_excuse_a_difference(void **state)
{
	(void)state;
	fake.grows = 10;
	fake.opens = 4;
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_int_equal(latest.method, METHOD_FULL);
	fake.opens = 5;
	assert_derived(1, 2);
}

static void counts_that_cannot_be_derived_are_listed(void **state)
{
	static const char unread[] = "cannot read /proc/net/sockstat and sockstat6";

	(void)state;
	fake.host = (struct host){0};
	assert_full(1, 1, unread);
	assert_full(1, 0, unread);
	set_kernel_counts();
	fake.now_ns += 10 * MINUTE_NS;
	assert_derived(1, 2);
}

/* An impossible count makes the next refresh check, and is not a failed check by itself. */
static void a_contradiction_is_checked(void **state)
{
	(void)state;
	fake.truth.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 0;
	set_kernel_counts();
	assert_derived(1, 2);
	fake.host.value[HOST_IN_USE_IPV4] = 0;
	assert_full(1, 1, NULL);
	set_kernel_counts();
	assert_derived(1, 2);
	assert_derived(0, 1);
	fake.host.value[HOST_IN_USE_IPV4] = 0;
	for (int try = 0; try < CHECK_TRIES; try++)
		assert_full(1, 1, NULL);
	assert_full(1, 1, "the kernel counts fewer sockets than it lists");
	assert_full(1, 0, "the kernel counts fewer sockets than it lists");
}

/* A socket that was listed but not counted yet may cause it. */
static void a_check_with_a_small_negative_remainder_is_inconclusive(void **state)
{
	(void)state;
	fake.truth.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 0;
	set_kernel_counts();
	fake.host.value[HOST_IN_USE_IPV4] -= 1;
	for (int try = 0; try < 2 * CHECK_TRIES; try++)
		assert_full(1, 1, NULL);
	set_kernel_counts();
	assert_derived(1, 2);
}

static void the_full_method_derives_nothing(void **state)
{
	(void)state;
	fake.host = (struct host){0};
	assert_int_equal(count(COUNT_FULL), 0);
	assert_int_equal(latest.method, METHOD_FULL);
	assert_null(latest.not_derived);
	assert_int_equal(fake.full, 1);
	assert_int_equal(fake.partial, 0);
	assert_truth();
}

static void the_derived_method_lists_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(count(COUNT_DERIVED), 0);
	assert_int_equal(latest.method, METHOD_DERIVED);
	assert_int_equal(fake.full, 0);
	assert_truth();
	fake.host.known[HOST_IN_USE_IPV6] = false;
	assert_int_equal(count(COUNT_DERIVED), -ENODATA);
	assert_int_equal(fake.full, 0);
	assert_string_equal(latest.not_derived, "cannot read /proc/net/sockstat and sockstat6");
}

static void bound_sockets_are_counted_but_not_in_use(void **state)
{
	(void)state;
	fake.truth.sockets[FAMILY_IPV4][STATE_CLOSED] = 77;
	set_kernel_counts();
	for (enum count_policy policy = COUNT_AUTO; policy <= COUNT_DERIVED; policy++) {
		assert_int_equal(count(policy), 0);
		assert_truth();
	}
}

/* An error restores no trust that was lost or never earned. */
static void an_error_in_the_check_earns_no_trust(void **state)
{
	static const char disagree[] = "derived counts disagree with listed ones";

	(void)state;
	fake.host.value[HOST_IN_USE_IPV4] += 1;
	for (int try = 1; try < CHECK_TRIES; try++)
		assert_full(1, 2, NULL);
	assert_full(1, 2, disagree);
	fake.now_ns += 10 * MINUTE_NS;
	fake.error = -EIO;
	assert_int_equal(count(COUNT_AUTO), -EIO);
	fake.error = 0;
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_truth(); /* derived counts would be off by one */
	assert_int_equal(latest.method, METHOD_FULL);
}

static void a_first_check_that_fails_is_made_up_for(void **state)
{
	(void)state;
	fake.host.value[HOST_IN_USE_IPV4] += 1;
	fake.error = -EIO;
	assert_int_equal(count(COUNT_AUTO), -EIO);
	fake.error = 0;
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_truth();
	assert_int_equal(latest.method, METHOD_FULL);
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts_agree_except_for_new_connections),
		TEST(differences_add_up_over_states),
		TEST(derived_counts_are_checked_once_and_believed),
		TEST(many_time_waits_are_derived_of_either_family),
		TEST(a_mass_change_lists_every_socket_of_one_refresh),
		TEST(a_mass_change_of_time_waits_does_the_same),
		TEST(a_steady_rate_of_connections_is_derived),
		TEST(a_list_that_grows_with_connections_is_not_derived_from),
		TEST(a_check_waits_for_calm),
		TEST(a_check_among_connections_serves_what_was_listed),
		TEST(counts_that_disagree_are_not_believed_for_ten_minutes),
		TEST(opened_connections_excuse_a_difference),
		TEST(counts_that_cannot_be_derived_are_listed),
		TEST(a_contradiction_is_checked),
		TEST(a_check_with_a_small_negative_remainder_is_inconclusive),
		TEST(the_full_method_derives_nothing),
		TEST(the_derived_method_lists_nothing_else),
		TEST(bound_sockets_are_counted_but_not_in_use),
		TEST(an_error_in_the_check_earns_no_trust),
		TEST(a_first_check_that_fails_is_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
