/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Alignment, and narrow terminals: no line is ever too long.
 */
#include "cli/grid.c"

#include "fixture.h"
#include "unit.h"

static const struct grid_column columns[] = {
	{.heading = "name"},
	{"one", .right = true, .dispensable = 2},
	{"two", .right = true, .dispensable = 1},
	{"curve", .shrinks_to = 3, .unmarked = true},
};

static void add(struct grid *grid, const char *const texts[ENTRIES(columns)])
{
	struct grid_cell *cells = grid_add(grid);

	assert_non_null(cells);
	for (size_t column = 0; column < ENTRIES(columns); column++) {
		assert_string_equal(cells[column].text, "");
		snprintf(cells[column].text, sizeof(cells[column].text), "%s", texts[column]);
	}
}

static void assert_grid(size_t width, const char *expected)
{
	struct style style = {.width = width};
	struct grid grid;
	FILE *file = output_open();

	grid_initialise(&grid, columns, ENTRIES(columns));
	add(&grid, (const char *const[]){"a", "1", "", "12345678"});
	add(&grid, (const char *const[]){"bcdef", "", "22", "▁▂▃▄▅▆▇█"});
	grid_print(file, &grid, &style);
	grid_finalise(&grid);
	output_assert(file, expected);
}

static void columns_are_aligned(void **state)
{
	static const char whole[] = "name   one  two  curve\n"
				    "a        1       12345678\n"
				    "bcdef        22  ▁▂▃▄▅▆▇█\n";

	(void)state;
	assert_grid(SIZE_MAX, whole);
	assert_grid(25, whole);
}

static void columns_shrink_first(void **state)
{
	(void)state;
	assert_grid(24, "name   one  two  curve\n"
			"a        1       2345678\n"
			"bcdef        22  ▂▃▄▅▆▇█\n");
	assert_grid(20, "name   one  two  cur\n"
			"a        1       678\n"
			"bcdef        22  ▆▇█\n");
}

static void dispensable_columns_are_left_out_next(void **state)
{
	(void)state;
	assert_grid(19, "name   two  curve\n"
			"a           2345678\n"
			"bcdef   22  ▂▃▄▅▆▇█\n");
	assert_grid(14, "name   curve\n"
			"a      2345678\n"
			"bcdef  ▂▃▄▅▆▇█\n");
	assert_grid(10, "name   cur\n"
			"a      678\n"
			"bcdef  ▆▇█\n");
}

static void remaining_text_is_truncated(void **state)
{
	(void)state;
	assert_grid(9, "name   cu\na      67\nbcdef  ▆▇\n");
	assert_grid(7, "name\na\nbcdef\n");
	assert_grid(3, "nam\na\nbcd\n");
	assert_grid(1, "n\na\nb\n");
}

static void colours_take_no_place(void **state)
{
	const struct grid_column one[] = {{.heading = "head"}, {.heading = "x"}};
	struct style style = {.width = 6, .colour = true};
	struct grid grid;
	struct grid_cell *cells;
	FILE *file = output_open();

	(void)state;
	grid_initialise(&grid, one, ENTRIES(one));
	cells = grid_add(&grid);
	cells[0] = (struct grid_cell){COLOUR_RED, "abc"};
	cells[1] = (struct grid_cell){COLOUR_PLAIN, "y"};
	grid_print(file, &grid, &style);
	grid_finalise(&grid);
	output_assert(file, "\033[1mhead\033[0m\n\033[31mabc\033[0m\n");
}

static void truncated_text_is_marked(void **state)
{
	const struct grid_column one[] = {{.heading = "endpoint", .shrinks_to = 4}};
	struct style style = {.width = 8, .utf8 = true};
	struct grid grid;
	FILE *file = output_open();

	(void)state;
	grid_initialise(&grid, one, ENTRIES(one));
	strcpy(grid_add(&grid)[0].text, "[2001:db8::1]:443");
	strcpy(grid_add(&grid)[0].text, "12345678");
	grid_print(file, &grid, &style);
	grid_finalise(&grid);
	output_assert(file, "endpoint\n…:1]:443\n12345678\n");
}

static void many_rows_are_kept(void **state)
{
	struct grid grid;

	(void)state;
	grid_initialise(&grid, columns, ENTRIES(columns));
	for (size_t row = 0; row < 1000; row++)
		add(&grid, (const char *const[]){"x", "y", "z", ""});
	assert_int_equal(grid.rows, 1000);
	assert_string_equal(cell_at(&grid, 999, 2)->text, "z");
	grid_finalise(&grid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned),
		cmocka_unit_test(columns_shrink_first),
		cmocka_unit_test(dispensable_columns_are_left_out_next),
		cmocka_unit_test(remaining_text_is_truncated),
		cmocka_unit_test(colours_take_no_place),
		cmocka_unit_test(truncated_text_is_marked),
		cmocka_unit_test(many_rows_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
