/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The summary: its arithmetic, unknown values, and narrow terminals.
 */
#include "cli/summary_table.c"

#include "fixture.h"
#include "unit.h"

static void assert_summary(const struct snapshot *snapshot, size_t width, const char *expected)
{
	const struct style style = {.width = width};
	FILE *file = output_open();

	assert_int_equal(summary_table_write(file, snapshot, &style), 0);
	output_assert(file, expected);
}

static void the_layout_is_that_of_ss(void **state)
{
	(void)state;
	assert_summary(fixture_snapshot(), 80,
		       "Total: 200\n"
		       "TCP:   44 (estab 30, closed 11, orphaned 1, timewait 4)\n"
		       "\n"
		       "Transport  Total  IP  IPv6\n"
		       "RAW            7   0     7\n"
		       "UDP           11   5     6\n"
		       "TCP           33  32     1\n"
		       "INET          51  37    14\n"
		       "FRAG           -   -     -\n");
}

static void a_narrow_one_has_more_lines(void **state)
{
	(void)state;
	assert_summary(fixture_snapshot(), 40,
		       "Total: 200\n"
		       "TCP:   44\n"
		       "  estab 30\n"
		       "  closed 11\n"
		       "  orphaned 1\n"
		       "  timewait 4\n"
		       "\n"
		       "Transport  Total  IP  IPv6\n"
		       "RAW            7   0     7\n"
		       "UDP           11   5     6\n"
		       "TCP           33  32     1\n"
		       "INET          51  37    14\n"
		       "FRAG           -   -     -\n");
}

/* Without /proc, the sockets in use are those that are listed. */
static void without_the_kernels_counts_the_listed_ones_are_in_use(void **state)
{
	struct snapshot snapshot = *fixture_snapshot();

	(void)state;
	snapshot.host = (struct host){0};
	snapshot.sockets[FAMILY_IPV4][STATE_SYN_RECEIVED] = 5;
	snapshot.sockets[FAMILY_IPV4][STATE_CLOSED] = 6;
	snapshot.sockets[FAMILY_IPV6][STATE_CLOSE_WAIT] = 8;
	assert_summary(&snapshot, 80,
		       "Total: -\n"
		       "TCP:   - (estab 38, closed -, orphaned -, timewait -)\n"
		       "\n"
		       "Transport  Total  IP  IPv6\n"
		       "RAW            -   -     -\n"
		       "UDP            -   -     -\n"
		       "TCP           41  32     9\n"
		       "INET           -   -     -\n"
		       "FRAG           -   -     -\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_layout_is_that_of_ss),
		cmocka_unit_test(a_narrow_one_has_more_lines),
		cmocka_unit_test(without_the_kernels_counts_the_listed_ones_are_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
