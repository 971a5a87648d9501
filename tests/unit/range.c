/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges: the values that they contain, and invalid ones.
 */
#include "model/range.c"

#include "unit.h"

static void a_range_contains_its_ends(void **state)
{
	static const struct {
		const char *text;
		double value;
		bool contained;
	} cases[] = {
		/* from 0 */
		{"10", 0, true},
		{"10", 10, true},
		{"10", 10.000001, false},
		{"10", 11, false},
		{"10", -1, false},
		{"0", 0, true},
		{"0", 1, false},
		{":10", 0, true},
		{":10", 10, true},
		{":10", 11, false},
		{":10", -1, false},
		/* open-ended */
		{"10:", 9, false},
		{"10:", 10, true},
		{"10:", 4294967295.0, true},
		{"~:10", -1e300, true},
		{"~:10", 10, true},
		{"~:10", 11, false},
		{"~:", 0, true},
		{"~:", -1e300, true},
		{"~:", 1e300, true},
		{":", 0, true},
		{":", 1e300, true},
		{":", -1, false},
		/* between */
		{"10:20", 9, false},
		{"10:20", 10, true},
		{"10:20", 20, true},
		{"10:20", 21, false},
		{"5:5", 5, true},
		{"5:5", 4, false},
		{"5:5", 6, false},
		{"-5:5", -5, true},
		{"-10:-5", -7, true},
		{"-10:-5", -4, false},
		{"+5:+7", 6, true},
		/* all except */
		{"@10:20", 9, true},
		{"@10:20", 10, false},
		{"@10:20", 20, false},
		{"@10:20", 21, true},
		{"@10", 0, false},
		{"@10", 11, true},
		{"@10", -1, true},
		{"@~:10", 10, false},
		{"@~:10", 11, true},
		{"@10:", 10, false},
		{"@10:", 9, true},
		{"@~:", 0, false},
		{"@:", 0, false},
		{"@:", -1, true},
		/* formats of numbers */
		{"0.5:1.5", 0.5, true},
		{"0.5:1.5", 0.4, false},
		{".5:1.", 1, true},
		{"1e3", 1000, true},
		{"1e3", 1001, false},
		{"1E3:2E+3", 1500, true},
		{"10e-1:", 1, true},
		{"-0", 0, true},
		{"007", 7, true},
		{"4294967295", 4294967295.0, true},
		/* percent signs are ignored */
		{"10%", 10, true},
		{"10%", 11, false},
		{"10%:", 9, false},
		{"10%:20", 20, true},
		{"10%:20%", 20, true},
		{"@1e1%:2.5e+1%", 25, false},
		{"~:10%", 11, false},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct range range;

		assert_int_equal(range_parse(cases[i].text, &range), 0);
		if (range_contains(&range, cases[i].value) != cases[i].contained)
			fail_msg("%s and %g", cases[i].text, cases[i].value);
	}
}

static void assert_refused(const char *text, int error)
{
	struct range range = {-1, -2, true};

	if (range_parse(text, &range) != error)
		fail_msg("\"%s\"", text);
	assert_true(range.low == -1 && range.high == -2 && range.inverted);
}

static void invalid_ranges_are_refused(void **state)
{
	static const char *const texts[] = {
		"",      "@",     "~",   "@~",    "::",   "1:2:3", "1::2",    ":1:",      "~10",
		"~~:1",  "1:~",   "~:~", "10:@5", "@@10", "10@",   "10:20@",  " 10",      "10 ",
		"10 :5", "1: 2",  "nan", "NAN",   "inf",  "-inf",  "1:inf",   "infinity", "0x10",
		"0X10",  "1:0x2", "a",   "10x",   "10:x", "x:10",  "1,5",     "1;2",      "1..2",
		"--1",   "+-1",   "-",   "+",     "%",    "10%%",  "1 %",     "~%:1",     ":%",
		"%10",   "1%2",   ".",   "e3",    "1e",   "1e999", "1:1e999", "-1e999:",  "1:-",
		":nan",  "~:nan", "1-2", "$1",    "\t1",  "1\n",
	};

	(void)state;
	for (size_t text = 0; text < ENTRIES(texts); text++)
		assert_refused(texts[text], -EINVAL);
}

static void a_range_does_not_end_before_it_starts(void **state)
{
	(void)state;
	assert_refused("5:1", -ERANGE);
	assert_refused("@5:1", -ERANGE);
	assert_refused("-1", -ERANGE);
	assert_refused(":-1", -ERANGE);
	assert_refused("-5:-10", -ERANGE);
	assert_refused("1.1:1", -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_contains_its_ends),
		cmocka_unit_test(invalid_ranges_are_refused),
		cmocka_unit_test(a_range_does_not_end_before_it_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
