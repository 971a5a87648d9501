/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owners that are served, over several refreshes.
 */
#include "model/owners.c"

#include "clock.h"
#include "unit.h"

#include <stdio.h>

#define SPAN_NS (10 * NS_PER_SECOND)

static struct owner_windows windows;
static struct report *report;

/* A refresh at @p seconds with closeWait sockets of owners: "a 3 b 1". */
static void refresh(int64_t seconds, const char *owners)
{
	struct snapshot *snapshot = snapshot_new();
	char *end;

	snapshot->taken_ns = seconds * NS_PER_SECOND;
	snapshot->owners_known = true;
	snapshot->owner_states = 1U << STATE_CLOSE_WAIT;
	snapshot->owners = calloc(200, sizeof(*snapshot->owners));
	for (; *owners != '\0'; owners = end + strspn(end, " ")) {
		struct owner_count *owner = &snapshot->owners[snapshot->owners_count++];
		const size_t length = strcspn(owners, " ");

		memcpy(owner->name, owners, length);
		owner->sockets[FAMILY_IPV4][STATE_CLOSE_WAIT] =
			(uint32_t)strtoul(owners + length, &end, 10);
		owner->sockets[FAMILY_IPV6][STATE_ESTABLISHED] = 1000; /* has no owners */
	}
	report_release(report);
	report = report_new(snapshot, 1);
	report->window_ns = SPAN_NS;
	assert_int_equal(owner_windows_add(&windows, report), 0);
}

static int empty(void **state)
{
	(void)state;
	report_release(report);
	report = NULL;
	owner_windows_finalise(&windows);
	return 0;
}

/* The served owners as "name now/max ...". */
static void assert_served(const char *expected)
{
	char text[4096] = "";

	for (size_t i = 0; i < report->owners_count; i++) {
		const struct report_owner *owner = &report->owners[i];

		sprintf(text + strlen(text), "%s%s %u/%u", i > 0 ? ", " : "", owner->name,
			owner->sockets[STATE_CLOSE_WAIT], owner->max[STATE_CLOSE_WAIT]);
		assert_int_equal(owner->max[STATE_ESTABLISHED], 0);
	}
	assert_string_equal(text, expected);
}

static void an_owner_stays_for_a_window(void **state)
{
	(void)state;
	refresh(1, "a 3 b 1 (none) 2");
	assert_served("a 3/3, b 1/1, (none) 2/2");
	assert_int_equal(report->owner_states_count, 1);
	assert_int_equal(report->owner_states[0], STATE_CLOSE_WAIT);
	refresh(5, "a 2 (none) 1");
	assert_served("a 2/3, b 0/1, (none) 1/2");
	refresh(11, "a 2");
	assert_served("a 2/3, b 0/1, (none) 0/2");
	refresh(12, "a 2");
	assert_served("a 2/2, (none) 0/1");
	refresh(20, "a 2 b 9");
	assert_served("a 2/2, b 9/9");
}

/* All but the 64 largest, those without an owner apart. */
static void the_largest_are_served(void **state)
{
	char text[4096] = "";

	(void)state;
	for (int i = 0; i < OWNERS_SERVED_MAX + 2; i++)
		sprintf(text + strlen(text), "w%02d %d ", i, i < 2 ? 1 : 2);
	strcat(text, "(none) 5 (others) 7 (unknown) 6");
	refresh(1, text);
	assert_int_equal(report->owners_count, OWNERS_SERVED_MAX + 3);
	assert_string_equal(report->owners[0].name, "w02");
	assert_string_equal(report->owners[OWNERS_SERVED_MAX].name, "(none)");
	assert_string_equal(report->owners[OWNERS_SERVED_MAX + 1].name, "(others)");
	assert_int_equal(report->owners[OWNERS_SERVED_MAX + 1].sockets[STATE_CLOSE_WAIT], 9);
	assert_string_equal(report->owners[OWNERS_SERVED_MAX + 2].name, "(unknown)");
	/* The maximum of the two that were left out is not forgotten. */
	refresh(2, "w00 0 w01 9");
	assert_string_equal(report->owners[0].name, "w01");
	assert_int_equal(report->owners[0].max[STATE_CLOSE_WAIT], 9);
	assert_int_equal(report->owners[OWNERS_SERVED_MAX + 1].sockets[STATE_CLOSE_WAIT], 0);
	assert_int_equal(report->owners[OWNERS_SERVED_MAX + 1].max[STATE_CLOSE_WAIT], 9);
}

static void short_lived_owners_are_forgotten(void **state)
{
	char text[64];

	(void)state;
	for (int i = 0; i < 2 * ABSENT_MAX; i++) {
		sprintf(text, "x%04d 1", i);
		refresh(1, text);
	}
	assert_true(windows.count <= ABSENT_MAX + OWNERS_SERVED_MAX + 2);
	assert_int_equal(report->owners_count, OWNERS_SERVED_MAX + 1); /* and others */
}

static void unknown_owners_begin_anew(void **state)
{
	struct snapshot *snapshot = snapshot_new();

	(void)state;
	refresh(1, "a 3");
	report_release(report);
	report = report_new(snapshot, 2);
	assert_int_equal(owner_windows_add(&windows, report), 0);
	assert_int_equal(report->owners_count, 0);
	assert_int_equal(report->owner_states_count, 0);
	refresh(2, "a 1");
	assert_served("a 1/1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_owner_stays_for_a_window, empty),
		cmocka_unit_test_teardown(the_largest_are_served, empty),
		cmocka_unit_test_teardown(short_lived_owners_are_forgotten, empty),
		cmocka_unit_test_teardown(unknown_owners_begin_anew, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
