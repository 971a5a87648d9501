/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in text: valid and invalid ones, and their ends.
 */
#include "../../src/number.c"

#include "unit.h"

#include <float.h>

static void a_number_within_its_limits_is_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t minimum, maximum, number;
	} cases[] = {
		{"0", 0, 0, 0},
		{"0", 0, UINT64_MAX, 0},
		{"1", 1, 9, 1},
		{"9", 1, 9, 9},
		{"65535", 1, UINT16_MAX, 65535},
		{"007", 0, 7, 7},
		{"000000000000000000000000000000065535", 1, UINT16_MAX, 65535},
		{"4294967295", 0, UINT32_MAX, UINT32_MAX},
		{"18446744073709551615", 0, UINT64_MAX, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		uint64_t number;

		assert_true(
			number_parse(cases[i].text, cases[i].minimum, cases[i].maximum, &number));
		assert_int_equal(number, cases[i].number);
	}
}

static void numbers_that_are_invalid_or_out_of_range_are_refused(void **state)
{
	static const struct {
		const char *text;
		uint64_t minimum, maximum;
	} cases[] = {
		/* no number */
		{"", 0, UINT64_MAX},
		{" ", 0, UINT64_MAX},
		{" 1", 0, UINT64_MAX},
		{"1 ", 0, UINT64_MAX},
		{"1\n", 0, UINT64_MAX},
		{"+1", 0, UINT64_MAX},
		{"-1", 0, UINT64_MAX},
		{"-0", 0, UINT64_MAX},
		{"0x1", 0, UINT64_MAX},
		{"1e1", 0, UINT64_MAX},
		{"1.0", 0, UINT64_MAX},
		{"1,000", 0, UINT64_MAX},
		{"a", 0, UINT64_MAX},
		{"\xd9\xa1", 0, UINT64_MAX},
		/* out of range */
		{"0", 1, 9},
		{"10", 1, 9},
		{"8", 0, 7},
		{"1", 0, 0},
		{"65536", 0, UINT16_MAX},
		{"4294967296", 0, UINT32_MAX},
		/* overflow */
		{"18446744073709551616", 0, UINT64_MAX},
		{"18446744073709551625", 0, UINT64_MAX},
		{"99999999999999999999", 0, UINT64_MAX},
		{"184467440737095516150", 0, UINT64_MAX},
		{"340282366920938463463374607431768211457", 0, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		uint64_t number = 793;

		assert_false(
			number_parse(cases[i].text, cases[i].minimum, cases[i].maximum, &number));
		assert_int_equal(number, 793);
	}
}

static void digits_are_read_up_to_the_next_character(void **state)
{
	const char *text = "1.22.";
	uint64_t number;

	(void)state;
	assert_true(number_take(&text, 22, &number));
	assert_int_equal(number, 1);
	assert_string_equal(text, ".22.");
	assert_false(number_take(&text, 22, &number));
	assert_string_equal(text, ".22.");
	text++;
	assert_false(number_take(&text, 21, &number));
	assert_string_equal(text, "22.");
	assert_int_equal(number, 1);
	assert_true(number_take(&text, 22, &number));
	assert_int_equal(number, 22);
	assert_string_equal(text, ".");
}

static void a_decimal_number_within_its_limits_is_read(void **state)
{
	static const struct {
		const char *text;
		double minimum, maximum, number;
	} cases[] = {
		{"0", 0, 1, 0},
		{"0.1", 0.1, 3600, 0.1},
		{".25", 0, 1, 0.25},
		{"5.", 0, 9, 5},
		{"3600.000", 0.1, 3600, 3600},
		{"00.3", 0, 1, 0.3},
		{"0.000000001", 0, 1, 1e-9},
		{"123456.789", 0, 1e6, 123456.789},
		{"9007199254740993", 0, 1e16, 9007199254740992},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		double number;

		assert_true(number_parse_decimal(cases[i].text, cases[i].minimum, cases[i].maximum,
						 &number));
		assert_true(number == cases[i].number);
	}
}

static void decimal_numbers_that_are_invalid_or_out_of_range_are_refused(void **state)
{
	static const char *const texts[] = {
		"",         ".",     "..",   " 1",       "1 ",  "+1",   "-1",   "-0.5",
		"1.2.3",    "1..",   "1,5",  "1e1",      "0x1", "1s",   "2%",   "nan",
		"infinity", "\"5\"", "0.09", "3600.001", "0",   "3601", "1e999"};
	char many[512];

	(void)state;
	for (size_t i = 0; i < ENTRIES(texts); i++) {
		double number = 793;

		assert_false(number_parse_decimal(texts[i], 0.1, 3600, &number));
		assert_true(number == 793);
	}
	/* infinity by digits */
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = '9';
	many[sizeof(many) - 1] = '\0';
	assert_false(number_parse_decimal(many, 0, DBL_MAX, &(double){0}));
}

static void a_real_number_is_read_up_to_the_next_character(void **state)
{
	static const struct {
		const char *text;
		double number;
		const char *rest;
	} cases[] = {
		{"10", 10, ""},     {"10:20", 10, ":20"}, {"-2.5e3%", -2500, "%"},
		{"+7", 7, ""},      {"-0", 0, ""},        {".5:", 0.5, ":"},
		{"1..2", 1, ".2"},  {"10e-1", 1, ""},     {"2E+3x", 2000, "x"},
		{"1e22", 1e22, ""}, {"1e-22", 1e-22, ""}, {"0.3e1", 3, ""},
		{"5e-999", 0, ""},  {"1 2", 1, " 2"},     {"1,5", 1, ",5"},
		{"1e", 1, "e"},     {"1e+", 1, "e+"},     {"1e 3", 1, "e 3"},
		{"1e43", 1e43, ""}, {"1e-43", 1e-43, ""},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		const char *text = cases[i].text;
		double number;

		assert_true(number_take_real(&text, &number));
		assert_true(number == cases[i].number);
		assert_string_equal(text, cases[i].rest);
	}
}

static void text_without_a_real_number_is_refused(void **state)
{
	static const char *const texts[] = {"",    "-",   "+",     ".",      "e3",    " 1", "--1",
					    "+-1", "nan", "inf",   "0x10",   "~",     "x",  ":1",
					    "%",   "-.",  "1e999", "-1e309", "1e1000"};

	(void)state;
	for (size_t i = 0; i < ENTRIES(texts); i++) {
		const char *text = texts[i];
		double number = 793;

		assert_false(number_take_real(&text, &number));
		assert_true(number == 793);
		assert_ptr_equal(text, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_within_its_limits_is_read),
		cmocka_unit_test(numbers_that_are_invalid_or_out_of_range_are_refused),
		cmocka_unit_test(digits_are_read_up_to_the_next_character),
		cmocka_unit_test(a_decimal_number_within_its_limits_is_read),
		cmocka_unit_test(decimal_numbers_that_are_invalid_or_out_of_range_are_refused),
		cmocka_unit_test(a_real_number_is_read_up_to_the_next_character),
		cmocka_unit_test(text_without_a_real_number_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
