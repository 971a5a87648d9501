/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Derived counts, and when they are settled.
 */
#include "model/derivation.c"

#include "unit.h"

#include <string.h>

static struct derivation_memory memory;

static struct readings readings_of(uint64_t ipv4, uint64_t ipv6, uint64_t time_waits)
{
	struct readings readings = {0};

	host_set(&readings.before, HOST_IN_USE_IPV4, ipv4);
	host_set(&readings.before, HOST_IN_USE_IPV6, ipv6);
	host_set(&readings.before, HOST_TIME_WAITS, time_waits);
	host_set(&readings.before, HOST_ACTIVE_OPENS, 1000);
	host_set(&readings.before, HOST_PASSIVE_OPENS, 2000);
	readings.after = readings.before;
	return readings;
}

static void open_connections(struct readings *readings, uint64_t opened)
{
	readings->after.value[HOST_PASSIVE_OPENS] = 2000 + opened;
}

static int begin(void **state)
{
	(void)state;
	derivation_forget(&memory);
	return 0;
}

/* ---- whether it pays ---- */

static void time_waits_are_derived_if_it_is_cheaper(void **state)
{
	static const struct {
		uint64_t ipv4, ipv6, time_waits;
		bool pays;
	} cases[] = {
		{0, 0, 0, false},
		{0, 0, 2000, false},
		{0, 0, 2222, false},
		{0, 0, 2223, true},
		{0, 0, 1000000, true},
		{1000000, 0, 100000, false},
		{500000, 500000, 113334, true},
		{500000, 500000, 113333, false},
		{20, 0, 2224, false},
		{20, 0, 2225, true},
		{0, 20, 2224, false},
		{0, 20, 2225, true},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct host host = {0};

		host_set(&host, HOST_IN_USE_IPV4, cases[i].ipv4);
		host_set(&host, HOST_IN_USE_IPV6, cases[i].ipv6);
		host_set(&host, HOST_TIME_WAITS, cases[i].time_waits);
		assert_int_equal(derivation_pays_for_time_waits(&host), cases[i].pays);
		host.known[HOST_TIME_WAITS] = false;
		assert_false(derivation_pays_for_time_waits(&host));
	}
}

/* ---- deriving ---- */

static void established_is_the_remainder(void **state)
{
	struct readings readings = readings_of(1000, 50, 0);
	struct socket_counts *listed = &readings.listed;
	struct derivation derivation = derive(&readings, &memory);

	(void)state;
	assert_int_equal(derivation.outcome, DERIVATION_DONE);
	assert_true(derivation.settled);
	assert_null(derivation.reason);
	assert_int_equal(derivation.sockets[FAMILY_IPV4][STATE_ESTABLISHED], 1000);
	assert_int_equal(derivation.sockets[FAMILY_IPV6][STATE_ESTABLISHED], 50);

	/* neither bound-only sockets nor mini sockets are in use */
	listed->sockets[FAMILY_IPV4][STATE_CLOSED] = 7;
	readings.listening[FAMILY_IPV4] = 3;
	listed->sockets[FAMILY_IPV4][STATE_FIN_WAIT_2] = 10;
	listed->mini[FAMILY_IPV4][STATE_FIN_WAIT_2] = 4;
	/* picked for another state; derived together with the others */
	listed->sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 2;
	listed->sockets[FAMILY_IPV6][STATE_TIME_WAIT] = 1000;
	listed->mini[FAMILY_IPV6][STATE_TIME_WAIT] = 1000;
	listed->sockets[FAMILY_IPV6][STATE_SYN_RECEIVED] = 5;
	listed->mini[FAMILY_IPV6][STATE_SYN_RECEIVED] = 5;
	readings.after.value[HOST_IN_USE_IPV4] = 1009; /* 1004 on average */
	derivation = derive(&readings, &memory);
	assert_int_equal(derivation.outcome, DERIVATION_DONE);
	assert_true(derivation.settled);
	assert_int_equal(derivation.sockets[FAMILY_IPV4][STATE_ESTABLISHED], 1004 - 3 - 6);
	assert_int_equal(derivation.sockets[FAMILY_IPV6][STATE_ESTABLISHED], 50);
	/* the others are those listed */
	assert_int_equal(derivation.sockets[FAMILY_IPV4][STATE_CLOSED], 7);
	assert_int_equal(derivation.sockets[FAMILY_IPV4][STATE_LISTEN], 3);
	assert_int_equal(derivation.sockets[FAMILY_IPV4][STATE_FIN_WAIT_2], 10);
	assert_int_equal(derivation.sockets[FAMILY_IPV6][STATE_TIME_WAIT], 1000);
	assert_int_equal(derivation.sockets[FAMILY_IPV6][STATE_SYN_RECEIVED], 5);
}

static void established_is_never_negative(void **state)
{
	struct readings readings = readings_of(100, 50, 0);
	uint32_t *close_wait = &readings.listed.sockets[FAMILY_IPV6][STATE_CLOSE_WAIT];
	struct derivation derivation;

	(void)state;
	*close_wait = 50;
	derivation = derive(&readings, &memory);
	assert_int_equal(derivation.outcome, DERIVATION_DONE);
	assert_int_equal(derivation.sockets[FAMILY_IPV6][STATE_ESTABLISHED], 0);
	/* connections opened meanwhile may be listed and not yet be in the kernel's count */
	*close_wait = 52;
	assert_int_equal(derive(&readings, &memory).outcome, DERIVATION_NEGATIVE);
	*close_wait = 53;
	derivation = derive(&readings, &memory);
	assert_int_equal(derivation.outcome, DERIVATION_CONTRADICTED);
	assert_string_equal(derivation.reason, "the kernel counts fewer sockets than it lists");
	open_connections(&readings, 1);
	assert_int_equal(derive(&readings, &memory).outcome, DERIVATION_NEGATIVE);
}

static void assert_unknown(const struct readings *readings, const char *reason)
{
	struct derivation derivation = derive(readings, &memory);

	assert_int_equal(derivation.outcome, DERIVATION_UNKNOWN);
	assert_string_equal(derivation.reason, reason);
}

static void nothing_is_derived_from_unknown_counts(void **state)
{
	(void)state;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		struct readings readings = readings_of(100, 50, 10);

		readings.after.known[host_in_use[family]] = false;
		assert_unknown(&readings, "cannot read /proc/net/sockstat and sockstat6");
		readings = readings_of(100, 50, 10);
		readings.before.known[host_in_use[family]] = false;
		assert_unknown(&readings, "cannot read /proc/net/sockstat and sockstat6");
	}
	for (int after = 0; after < 2; after++) {
		struct readings readings = readings_of(100, 50, 10);

		readings.time_waits_derived = true;
		(after ? &readings.after : &readings.before)->known[HOST_TIME_WAITS] = false;
		assert_unknown(&readings, "/proc/net/sockstat does not count TIME_WAIT sockets");
	}
}

static void time_waits_are_the_remainder(void **state)
{
	(void)state;
	for (enum tcp_family fewer = 0; fewer < FAMILIES; fewer++) {
		enum tcp_family more = fewer == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct readings readings = readings_of(100, 100, 5000);
		struct socket_counts *listed = &readings.listed;
		struct derivation derivation;

		readings.time_waits_derived = true;
		readings.time_wait_family = fewer;
		readings.time_waits = 20;
		listed->sockets[fewer][STATE_FIN_WAIT_2] = 9;
		listed->mini[fewer][STATE_FIN_WAIT_2] = 3;
		listed->sockets[more][STATE_FIN_WAIT_2] = 1;
		listed->mini[more][STATE_FIN_WAIT_2] = 1;
		/* picked as FIN_WAIT_2, but TIME_WAIT when it was described: one of the 5000 */
		listed->sockets[more][STATE_TIME_WAIT] = 1;
		listed->mini[more][STATE_TIME_WAIT] = 1;
		derivation = derive(&readings, &memory);
		assert_int_equal(derivation.outcome, DERIVATION_DONE);
		assert_int_equal(derivation.sockets[fewer][STATE_TIME_WAIT], 20);
		assert_int_equal(derivation.sockets[more][STATE_TIME_WAIT], 5000 - 20 - 4);
		assert_int_equal(memory.fewer_time_waits, fewer);

		readings.time_waits = 4996;
		derivation = derive(&readings, &memory);
		assert_int_equal(derivation.outcome, DERIVATION_DONE);
		assert_int_equal(derivation.sockets[more][STATE_TIME_WAIT], 0);
		readings.time_waits = 4999;
		derivation = derive(&readings, &memory);
		assert_int_equal(derivation.outcome, DERIVATION_CONTRADICTED);
		assert_string_equal(derivation.reason,
				    "the kernel counts fewer TIME_WAIT sockets than it lists");
	}
}

/* ---- how much may change meanwhile ---- */

static void a_change_is_tolerated_up_to_its_bound(void **state)
{
	static const struct {
		int64_t derived, change;
		bool settled;
	} cases[] = {
		{0, 0, true},           {0, 2, true},          {0, 3, false},  {299, 2, true},
		{299, 3, false},        {300, 3, true},        {400, 4, true}, {400, 5, false},
		{100000, 1000, true},   {100000, 1001, false}, {-1, 2, true},  {-1, 3, false},
		{-100000, 1000, false},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			struct readings readings = readings_of(5000, 5000, 5000);

			readings.after.value[HOST_IN_USE_IPV6] +=
				(uint64_t)(sign * cases[i].change);
			assert_int_equal(established_is_settled(&readings, &memory, FAMILY_IPV6, 70,
								cases[i].derived),
					 cases[i].settled);
		}
	}
}

/* TIME_WAIT may increase by the connections opened: the mean was correct at some moment. */
static void time_waits_may_grow_with_connections(void **state)
{
	static const struct {
		int64_t derived, change;
		uint64_t opened;
		bool settled;
	} cases[] = {
		{5000, 50, 0, true},    {5000, 51, 0, false},    {5000, -51, 0, false},
		{5000, 300, 300, true}, {5000, 300, 299, false},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct readings readings = readings_of(0, 0, 5000);

		open_connections(&readings, cases[i].opened);
		readings.after.value[HOST_TIME_WAITS] += (uint64_t)cases[i].change;
		assert_int_equal(time_waits_are_settled(&readings, cases[i].derived),
				 cases[i].settled);
	}
}

/* If connections were opened meanwhile, the list must be about as long as the previous one. */
static void opened_connections_are_tolerated_if_the_list_is_stable(void **state)
{
	static const struct {
		uint64_t opened;
		bool known;
		int64_t listed_last, listed;
		bool settled;
	} cases[] = {
		{4, true, -1, 70, true},    {5, true, -1, 70, false},
		{4, false, -1, 70, false},  {5, true, 70, 70, true},
		{5000, true, 70, 74, true}, {5000, true, 70, 75, false},
		{5000, true, 70, 66, true}, {5000, true, 70, 65, false},
		{0, false, 70, 70, true},   {0, false, 70, 75, false},
		{4, true, 70, 5000, true},  {5, true, -1, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			struct readings readings = readings_of(1000, 1000, 0);

			open_connections(&readings, cases[i].opened);
			readings.after.known[HOST_PASSIVE_OPENS] = cases[i].known;
			memory.full_sockets[family] = cases[i].listed_last;
			assert_int_equal(established_is_settled(&readings, &memory, family,
								cases[i].listed, 400),
					 cases[i].settled);
		}
	}
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(time_waits_are_derived_if_it_is_cheaper),
		TEST(established_is_the_remainder),
		TEST(established_is_never_negative),
		TEST(nothing_is_derived_from_unknown_counts),
		TEST(time_waits_are_the_remainder),
		TEST(a_change_is_tolerated_up_to_its_bound),
		TEST(time_waits_may_grow_with_connections),
		TEST(opened_connections_are_tolerated_if_the_list_is_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
