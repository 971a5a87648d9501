/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dates in several time zones, compared with octets written by hand.
 */
#include "model/date.c"

#include "unit.h"

#include <string.h>

/* 2026-07-05 12:34:56.789 UTC */
#define SUMMER_NS (INT64_C(1783254896) * NS_PER_SECOND + 789 * NS_PER_MS)
/* 2027-01-01 00:00:00 UTC */
#define NEW_YEAR_NS (INT64_C(1798761600) * NS_PER_SECOND)
#define DAY_NS (86400 * NS_PER_SECOND)

#define CENTRAL_EUROPE "CET-1CEST,M3.5.0,M10.5.0/3"

static void assert_date(const char *zone, int64_t real_ns, const uint8_t expected[DATE_OCTETS])
{
	uint8_t date[DATE_OCTETS];

	setenv("TZ", zone, 1);
	date_read_zone();
	date_and_time(real_ns, date);
	assert_memory_equal(date, expected, DATE_OCTETS);
}

#define DATE(...) ((const uint8_t[DATE_OCTETS]){0x07, __VA_ARGS__})

static void a_date_is_local_and_has_its_zone(void **state)
{
	(void)state;
	assert_date("UTC0", SUMMER_NS, DATE(0xea, 7, 5, 12, 34, 56, 7, '+', 0, 0));
	assert_date("EST5", SUMMER_NS, DATE(0xea, 7, 5, 7, 34, 56, 7, '-', 5, 0));
	assert_date("NPT-5:45", SUMMER_NS, DATE(0xea, 7, 5, 18, 19, 56, 7, '+', 5, 45));
	assert_date("NST3:30", SUMMER_NS, DATE(0xea, 7, 5, 9, 4, 56, 7, '-', 3, 30));
	assert_date("LINT-14", SUMMER_NS, DATE(0xea, 7, 6, 2, 34, 56, 7, '+', 14, 0));
}

static void the_day_and_the_year_are_those_of_the_zone(void **state)
{
	(void)state;
	assert_date("UTC0", NEW_YEAR_NS, DATE(0xeb, 1, 1, 0, 0, 0, 0, '+', 0, 0));
	assert_date("UTC0", NEW_YEAR_NS - 1, DATE(0xea, 12, 31, 23, 59, 59, 9, '+', 0, 0));
	assert_date("EST5", NEW_YEAR_NS, DATE(0xea, 12, 31, 19, 0, 0, 0, '-', 5, 0));
	assert_date("UTC0", -1, DATE(0xb1, 12, 31, 23, 59, 59, 9, '+', 0, 0));
	assert_date("UTC0", 0, DATE(0xb2, 1, 1, 0, 0, 0, 0, '+', 0, 0));
}

/* The hour before and the hour after the end of summer time differ only in the zone. */
static void summer_time_is_that_of_the_date(void **state)
{
	const int64_t end_ns = INT64_C(1792890000) * NS_PER_SECOND; /* 2026-10-25 01:00 UTC */

	(void)state;
	assert_date(CENTRAL_EUROPE, SUMMER_NS, DATE(0xea, 7, 5, 14, 34, 56, 7, '+', 2, 0));
	assert_date(CENTRAL_EUROPE, NEW_YEAR_NS, DATE(0xeb, 1, 1, 1, 0, 0, 0, '+', 1, 0));
	assert_date(CENTRAL_EUROPE, end_ns - 1, DATE(0xea, 10, 25, 2, 59, 59, 9, '+', 2, 0));
	assert_date(CENTRAL_EUROPE, end_ns, DATE(0xea, 10, 25, 2, 0, 0, 0, '+', 1, 0));
	assert_date(CENTRAL_EUROPE, end_ns + DAY_NS, DATE(0xea, 10, 26, 2, 0, 0, 0, '+', 1, 0));
}

static void the_last_dates_of_the_type_are_dates(void **state)
{
	(void)state;
	assert_date("UTC0", INT64_MIN, (const uint8_t[]){6, 0x8d, 9, 21, 0, 12, 43, 1, '+', 0, 0});
	assert_date("UTC0", INT64_MAX, (const uint8_t[]){8, 0xd6, 4, 11, 23, 47, 16, 8, '+', 0, 0});
}

/* A set TZ is kept, and without one, the C library looks no further than /etc/localtime. */
static void the_zone_is_read_once(void **state)
{
	(void)state;
	setenv("TZ", "NPT-5:45", 1);
	date_read_zone();
	assert_string_equal(getenv("TZ"), "NPT-5:45");
	unsetenv("TZ");
	date_read_zone();
	assert_string_equal(getenv("TZ"), ":/etc/localtime");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_date_is_local_and_has_its_zone),
		cmocka_unit_test(the_day_and_the_year_are_those_of_the_zone),
		cmocka_unit_test(summer_time_is_that_of_the_date),
		cmocka_unit_test(the_last_dates_of_the_type_are_dates),
		cmocka_unit_test(the_zone_is_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
