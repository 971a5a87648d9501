/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of listening endpoints: their fill, narrow terminals, and colours.
 */
#include "cli/listeners_table.c"

#include "fixture.h"
#include "unit.h"

static void assert_listeners(const struct view *view, const struct style *style,
			     const char *expected)
{
	FILE *file = output_open();

	assert_int_equal(listeners_table_write(file, fixture_snapshot(), view, style, NULL), 0);
	output_assert(file, expected);
}

static void queues_have_their_fill(void **state)
{
	struct style style = {.width = SIZE_MAX};
	struct view view = fixture_view_all(VIEW_LISTENERS);

	(void)state;
	assert_listeners(
		&view, &style,
		"queue       fill  queued  backlog  syn  drops  sockets  endpoint\n"
		"#########.   93%      96      128    4      7        2  192.0.2.1:443\n"
		"..........    0%       0        5    0      0        1  [fe80::1%3]:8080\n");
	style.utf8 = true;
	view.families[FAMILY_IPV6] = false;
	assert_listeners(&view, &style,
			 "queue       fill  queued  backlog  syn  drops  sockets  endpoint\n"
			 "█████████▎   93%      96      128    4      7        2  192.0.2.1:443\n");
}

static void the_port_remains(void **state)
{
	struct style style = {.width = 44};
	struct view view = fixture_view_all(VIEW_LISTENERS);

	(void)state;
	assert_listeners(&view, &style,
			 "fill  queued  backlog  drops  endpoint\n"
			 " 93%      96      128      7  192.0.2.1:443\n"
			 "  0%       0        5      0  <80::1%3]:8080\n");
	style.width = 40;
	assert_listeners(&view, &style,
			 "queued  backlog  drops  endpoint\n"
			 "    96      128      7  192.0.2.1:443\n"
			 "     0        5      0  [fe80::1%3]:8080\n");
	style.width = 38;
	assert_listeners(&view, &style,
			 "queued  backlog  drops  endpoint\n"
			 "    96      128      7  192.0.2.1:443\n"
			 "     0        5      0  <80::1%3]:8080\n");
}

/* Equally full ones keep the order of their addresses. */
static void the_fullest_are_first(void **state)
{
	struct listener listeners[] = {
		{.endpoint = {.port = 1}, .fill = 5},
		{.endpoint = {.port = 2},
		 .fill = 100,
		 .devices = {1, 4294967294},
		 .devices_count = 2},
		{.endpoint = {.port = 3}, .fill = 5},
		{.endpoint = {.port = 4}, .fill = 120, .devices = {0, 1}, .devices_count = 2},
	};
	struct snapshot snapshot = {.listeners = listeners, .listeners_count = ENTRIES(listeners)};
	const struct view view = fixture_view_all(VIEW_LISTENERS);
	FILE *file = output_open();

	(void)state;
	assert_int_equal(listeners_table_write(file, &snapshot, &view, &PLAIN, NULL), 0);
	output_assert(file, "queue       fill  queued  backlog  syn  drops  sockets  endpoint   "
			    "device\n"
			    "##########  120%       0        0    0      0        0  0.0.0.0:4  "
			    "* lo\n"
			    "##########  100%       0        0    0      0        0  0.0.0.0:2  "
			    "lo 4294967294\n"
			    "#.........    5%       0        0    0      0        0  0.0.0.0:1\n"
			    "#.........    5%       0        0    0      0        0  0.0.0.0:3\n");
}

static void assert_colour(uint32_t queued, uint32_t fill, enum colour colour)
{
	const struct listener listener = {.queued = queued, .fill = fill};

	assert_int_equal(fill_colour(&listener), colour);
}

static void full_queues_are_red(void **state)
{
	(void)state;
	assert_colour(0, 0, COLOUR_DIM);
	assert_colour(1, 0, COLOUR_GREEN);
	assert_colour(7, 79, COLOUR_GREEN);
	assert_colour(8, 80, COLOUR_YELLOW);
	assert_colour(9, 99, COLOUR_YELLOW);
	assert_colour(10, 100, COLOUR_RED);
	assert_colour(11, 110, COLOUR_RED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_have_their_fill),
		cmocka_unit_test(the_port_remains),
		cmocka_unit_test(the_fullest_are_first),
		cmocka_unit_test(full_queues_are_red),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
