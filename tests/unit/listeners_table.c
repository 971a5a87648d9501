/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of listening endpoints: how full they are, where it is narrow, and its colours.
 */
#include "cli/listeners_table.c"

#include "shown.h"
#include "unit.h"

static void assert_listeners(const struct view *view, const struct style *style,
			     const char *expected)
{
	FILE *file = shown_open();

	assert_int_equal(table_listeners(file, shown_snapshot(), view, style), 0);
	shown_assert(file, expected);
}

static void queues_are_as_full_as_they_are(void **state)
{
	struct style style = {.width = SIZE_MAX};
	struct view view = shown_all(VIEW_LISTENERS);

	(void)state;
	assert_listeners(&view, &style,
			 "queue       queued  backlog  drops  sockets  endpoint\n"
			 "########..      96      128      7        2  192.0.2.1:443\n"
			 "..........       0        5      0        1  [fe80::1%3]:8080\n");
	style.utf8 = true;
	view.families[FAMILY_IPV6] = false;
	assert_listeners(&view, &style,
			 "queue       queued  backlog  drops  sockets  endpoint\n"
			 "███████▌░░      96      128      7        2  192.0.2.1:443\n");
}

static void the_port_is_what_is_left(void **state)
{
	struct style style = {.width = 40};
	struct view view = shown_all(VIEW_LISTENERS);

	(void)state;
	assert_listeners(&view, &style,
			 "queued  backlog  drops  endpoint\n"
			 "    96      128      7  192.0.2.1:443\n"
			 "     0        5      0  [fe80::1%3]:8080\n");
	style.width = 38;
	assert_listeners(&view, &style,
			 "queued  backlog  drops  endpoint\n"
			 "    96      128      7  192.0.2.1:443\n"
			 "     0        5      0  e80::1%3]:8080\n");
}

static void assert_colour(uint32_t queued, uint32_t backlog, enum colour colour)
{
	const struct listener listener = {.queued = queued, .backlog = backlog};

	assert_int_equal(fill_colour(&listener), colour);
}

static void what_is_full_is_red(void **state)
{
	(void)state;
	assert_colour(0, 10, COLOUR_DIM);
	assert_colour(1, 10, COLOUR_GREEN);
	assert_colour(7, 10, COLOUR_GREEN);
	assert_colour(8, 10, COLOUR_YELLOW);
	assert_colour(9, 10, COLOUR_YELLOW);
	assert_colour(10, 10, COLOUR_RED);
	assert_colour(11, 10, COLOUR_RED);
	assert_colour(0, 0, COLOUR_DIM);
	assert_colour(1, 0, COLOUR_RED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_are_as_full_as_they_are),
		cmocka_unit_test(the_port_is_what_is_left),
		cmocka_unit_test(what_is_full_is_red),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
