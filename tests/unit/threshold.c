/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thresholds: syntax, errors, and lists.
 */
#include "model/threshold.c"

#include "unit.h"

#define LONG_NAME "abcdefghijklmnopqrstuvwxyz012345"
#define FIFTY "12345678901234567890123456789012345678901234567890"

static struct threshold parsed(const char *text)
{
	struct threshold threshold;
	const char *problem;

	if (threshold_parse(text, &threshold, &problem) != 0)
		fail_msg("%s: %s", text, problem);
	assert_null(problem);
	return threshold;
}

/* ---- syntax ---- */

static void a_threshold_is_parsed_from_its_text(void **state)
{
	static const struct {
		const char *text;
		const char *name, *metric, *range, *clear;
		enum metric_kind kind;
		uint32_t hold;
	} cases[] = {
		{"a state any listen 10", "a", "state any listen", "10", "10", METRIC_STATE, 1},
		{"\t a \t state   any\tlisten  10  ", "a", "state any listen", "10", "10",
		 METRIC_STATE, 1},
		{"web watch db ESTAB @1:2 clear ~:3", "web", "watch db ESTAB", "@1:2", "~:3",
		 METRIC_WATCH, 1},
		{"use ports  db 80", "use", "ports db", "80", "80", METRIC_PORTS, 1},
		{"q listen [::]:80 80 hold 3", "q", "listen [::]:80", "80", "80", METRIC_LISTEN, 3},
		{"m host tcpHostMemory 90 clear 80 hold 1000000", "m", "host tcpHostMemory", "90",
		 "80", METRIC_HOST, 1000000},
		{"f rate tcpHostTimeouts 10 clear 1", "f", "rate tcpHostTimeouts", "10", "1",
		 METRIC_RATE, 1},
		{"f rate  tcpHostTimeouts over 30 10: hold 2 clear 1", "f",
		 "rate tcpHostTimeouts over 30", "10:", "1", METRIC_RATE, 2},
		{"m host tcpHostMemory 90 hold 0002 clear 80", "m", "host tcpHostMemory", "90",
		 "80", METRIC_HOST, 2},
		{LONG_NAME " host tcpHostMemory 90", LONG_NAME, "host tcpHostMemory", "90", "90",
		 METRIC_HOST, 1},
		{"!~ host tcpHostMemory 90", "!~", "host tcpHostMemory", "90", "90", METRIC_HOST,
		 1},
		{"clear host tcpHostMemory 90 clear 1", "clear", "host tcpHostMemory", "90", "1",
		 METRIC_HOST, 1},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct threshold threshold = parsed(cases[i].text);

		assert_string_equal(threshold.name, cases[i].name);
		assert_string_equal(threshold.metric_text, cases[i].metric);
		assert_string_equal(threshold.range_text, cases[i].range);
		assert_string_equal(threshold.clear_text, cases[i].clear);
		assert_int_equal(threshold.metric.kind, cases[i].kind);
		assert_int_equal(threshold.hold, cases[i].hold);
	}
}

static void the_ranges_are_those_of_the_texts(void **state)
{
	struct threshold threshold = parsed("a state any listen 10:20 clear @12:18");

	(void)state;
	assert_true(threshold.range.low == 10 && threshold.range.high == 20);
	assert_false(threshold.range.inverted);
	assert_true(threshold.clear.low == 12 && threshold.clear.high == 18);
	assert_true(threshold.clear.inverted);
	threshold = parsed("a state any listen @10:20");
	assert_true(threshold.clear.low == 10 && threshold.clear.high == 20);
	assert_true(threshold.clear.inverted);
}

/* ---- errors ---- */

static void each_problem_is_named(void **state)
{
	static const char rest[] =
		"unexpected word after the range, expected clear RANGE or hold NUMBER";
	static const char no_range[] = "missing range";
	static const char range[] = "invalid range, expected 10, 10:, ~:10, 10:20 or @10:20";
	static const char order[] = "range starts after its end";
	static const char hold[] = "invalid hold, expected 1 to 1000000";
	static const char ascii[] = "name contains characters that are not printable ASCII";
	static const struct {
		const char *text;
		const char *problem;
	} cases[] = {
		{"", "missing name"},
		{" \t ", "missing name"},
		{LONG_NAME "6 host tcpHostMemory 90", "name longer than 32 characters"},
		{"\xc3\xa9 host tcpHostMemory 90", ascii},
		{"a\x7f host tcpHostMemory 90", ascii},
		{"a\x01 host tcpHostMemory 90", ascii},
		{"a\n host tcpHostMemory 90", ascii},
		{"a", "unknown metric, expected state, watch, owner, ports, listen, host or rate"},
		{"a b",
		 "unknown metric, expected state, watch, owner, ports, listen, host or rate"},
		{"a state ipv4", "incomplete metric"},
		{"a rate tcpHostTimeouts", "missing range"},
		{"a rate tcpHostTimeouts over 30", "missing range"},
		{"a rate tcpHostTimeouts over 30 10 hold 2 clear 1 over 30",
		 "unexpected word after the range, expected clear RANGE or hold NUMBER"},
		{"a state ipv4 listens 10", "unknown TCP state"},
		{"a state any listen", no_range},
		{"a state any listen x", range},
		{"a state any listen 1:2:3", range},
		{"a state any listen 5:1", order},
		{"a state any listen " FIFTY FIFTY, "range too long"},
		{"a state any listen clear 10", range},
		{"a state any listen 10 clear", no_range},
		{"a state any listen 10 clear x", range},
		{"a state any listen 10 clear 5:1", order},
		{"a state any listen 10 clear " FIFTY FIFTY, "range too long"},
		{"a state any listen 10 hold", hold},
		{"a state any listen 10 hold x", hold},
		{"a state any listen 10 hold -1", hold},
		{"a state any listen 10 hold +1", hold},
		{"a state any listen 10 hold 0", hold},
		{"a state any listen 10 hold 1000001", hold},
		{"a state any listen 10 hold 18446744073709551617", hold},
		{"a state any listen 10 hold 1x", hold},
		{"a state any listen 10 hold 1.5", hold},
		{"a state any listen 10 20", rest},
		{"a state any listen 10 Clear 5", rest},
		{"a state any listen 10 clear 5 clear 5", rest},
		{"a state any listen 10 hold 5 hold 5", rest},
		{"a state any listen 10 clear 5 hold 5 x", rest},
		{"a state any listen 10 clear 5 hold 5 clear 5", rest},
		{"a state any listen 10 clear 5 hold 5 hold 5 hold 5 x x x x", rest},
		{"a state any listen 10 clear 5 20", rest},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		struct threshold threshold, untouched;
		const char *problem;

		memset(&threshold, 0xa5, sizeof(threshold));
		untouched = threshold;
		if (threshold_parse(cases[i].text, &threshold, &problem) != -EINVAL)
			fail_msg("\"%s\" is accepted", cases[i].text);
		assert_string_equal(problem, cases[i].problem);
		assert_memory_equal(&threshold, &untouched, sizeof(threshold));
	}
}

/* Leading zeros make a number arbitrarily long. */
static void a_metric_that_is_too_long_is_refused(void **state)
{
	struct threshold threshold;
	const char *problem;

	(void)state;
	for (int digits = 1; digits < THRESHOLD_TEXT_SIZE; digits++) {
		char text[2 * THRESHOLD_TEXT_SIZE] = "a ";
		int length =
			snprintf(text + 2, sizeof(text) - 2, "listen 0.0.0.0:%0*d", digits, 443);

		strcat(text, " 10");
		if (length < THRESHOLD_TEXT_SIZE) {
			threshold = parsed(text);
			assert_int_equal(strlen(threshold.metric_text), length);
			assert_string_equal(threshold.range_text, "10");
			continue;
		}
		assert_int_equal(threshold_parse(text, &threshold, &problem), -EINVAL);
		assert_string_equal(problem, "metric too long");
	}
}

/* ---- lists ---- */

static void add(struct thresholds **thresholds, const char *name, int error)
{
	struct threshold threshold = parsed("a state any listen 10");

	strcpy(threshold.name, name);
	assert_int_equal(thresholds_add(thresholds, &threshold), error);
}

static void a_list_is_in_the_order_of_names(void **state)
{
	static const char *const names[] = {"b", "aa", "a", "B", "c", "ab", "bb", "~", "!", "a0"};
	static const char *const ordered[] = {"!", "B", "a", "b", "c", "~", "a0", "aa", "ab", "bb"};
	struct thresholds *thresholds = thresholds_new();

	(void)state;
	for (size_t i = 0; i < ENTRIES(names); i++)
		add(&thresholds, names[i], 0);
	assert_int_equal(thresholds->count, ENTRIES(names));
	for (size_t i = 0; i < ENTRIES(ordered); i++) {
		assert_string_equal(thresholds->threshold[i].name, ordered[i]);
		assert_int_equal(thresholds_find(thresholds, ordered[i]), i);
	}
	assert_int_equal(thresholds_find(thresholds, "abc"), -1);
	assert_int_equal(thresholds_find(thresholds, ""), -1);
	thresholds_release(thresholds);
}

static void names_are_unique(void **state)
{
	struct thresholds *thresholds = thresholds_new();

	(void)state;
	add(&thresholds, "a", 0);
	add(&thresholds, "b", 0);
	add(&thresholds, "a", -EEXIST);
	add(&thresholds, "b", -EEXIST);
	add(&thresholds, "A", 0);
	assert_int_equal(thresholds->count, 3);
	thresholds_release(thresholds);
}

static void a_list_lives_until_its_last_holder_lets_go(void **state)
{
	struct thresholds *thresholds = thresholds_new();
	struct thresholds *volatile held; /* gcc does not follow the count of holders, and warns */

	(void)state;
	add(&thresholds, "a", 0);
	held = thresholds_hold(thresholds);
	assert_ptr_equal(held, thresholds);
	thresholds_release(thresholds);
	assert_int_equal(held->holders, 1);
	assert_string_equal(held->threshold[0].name, "a");
	thresholds_release(held);
	thresholds_release(NULL);
}

static void thresholds_are_the_same_if_all_of_them_is(void **state)
{
	static const char *const others[] = {
		"b state any listen 10 clear 8 hold 2", "a state ipv4 listen 10 clear 8 hold 2",
		"a state any listen 11 clear 8 hold 2", "a state any listen 10 clear 9 hold 2",
		"a state any listen 10 clear 8 hold 3",
	};
	struct threshold threshold = parsed("a state any listen 10 clear 8 hold 2");
	struct threshold same = parsed("a  state any  listen 10 hold 2 clear 8");

	(void)state;
	assert_true(threshold_equals(&threshold, &same));
	for (size_t i = 0; i < ENTRIES(others); i++) {
		struct threshold other = parsed(others[i]);

		assert_false(threshold_equals(&threshold, &other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_threshold_is_parsed_from_its_text),
		cmocka_unit_test(the_ranges_are_those_of_the_texts),
		cmocka_unit_test(each_problem_is_named),
		cmocka_unit_test(a_metric_that_is_too_long_is_refused),
		cmocka_unit_test(a_list_is_in_the_order_of_names),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(a_list_lives_until_its_last_holder_lets_go),
		cmocka_unit_test(thresholds_are_the_same_if_all_of_them_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
