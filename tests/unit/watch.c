/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches: their text, and lists of them.
 */
#include "model/watch.c"

#include "unit.h"

static struct watch parsed(const char *text)
{
	char problem[WATCH_PROBLEM_SIZE] = "";
	struct watch watch;

	if (watch_parse(text, &watch, problem) != 0)
		fail_msg("\"%s\": %s", text, problem);
	return watch;
}

static void assert_problem(const char *text, const char *expected)
{
	char problem[WATCH_PROBLEM_SIZE] = "";
	struct watch watch;

	assert_int_equal(watch_parse(text, &watch, problem), -EINVAL);
	assert_string_equal(problem, expected);
}

/* ---- ports ---- */

static void assert_intervals(const char *list, size_t count, const uint16_t (*intervals)[2])
{
	char text[WATCH_TEXT_MAX + 16];
	struct watch watch;

	snprintf(text, sizeof(text), "w port %s", list);
	watch = parsed(text);
	assert_int_equal(watch.ports.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(watch.ports.intervals[i].first, intervals[i][0]);
		assert_int_equal(watch.ports.intervals[i].last, intervals[i][1]);
	}
	assert_int_equal(watch.peer_ports.count, 0);
}

static void ports_are_joined_in_order(void **state)
{
	(void)state;
	assert_intervals("80", 1, (const uint16_t[][2]){{80, 80}});
	assert_intervals("https", 1, (const uint16_t[][2]){{443, 443}});
	assert_intervals("0", 1, (const uint16_t[][2]){{0, 0}});
	assert_intervals("0-65535", 1, (const uint16_t[][2]){{0, 65535}});
	assert_intervals("65535,0", 2, (const uint16_t[][2]){{0, 0}, {65535, 65535}});
	assert_intervals("8000-8010,80,8011", 2, (const uint16_t[][2]){{80, 80}, {8000, 8011}});
	assert_intervals("5-9,1-20,7", 1, (const uint16_t[][2]){{1, 20}});
	assert_intervals("3,1,2,1-1", 1, (const uint16_t[][2]){{1, 3}});
	assert_intervals("65534-65535,65535", 1, (const uint16_t[][2]){{65534, 65535}});
	assert_intervals("1,3,5", 3, (const uint16_t[][2]){{1, 1}, {3, 3}, {5, 5}});
}

static void ports_are_refused(void **state)
{
	static const char *const refused[] = {"65536", "-1",   "2-1",      "1-65536",    "x",
					      "1x",    "0x50", "80-90-99", "http-https", "80 -"};

	(void)state;
	for (size_t i = 0; i + 1 < ENTRIES(refused); i++) {
		char text[64], problem[128];

		snprintf(text, sizeof(text), "w peerPort 1,%s", refused[i]);
		snprintf(problem, sizeof(problem), "'%s' is not a port, range or service",
			 refused[i]);
		assert_problem(text, problem);
	}
	assert_problem("w port ,", "'' is not a port, range or service");
	assert_problem("w port 1,", "'' is not a port, range or service");
}

/* ---- addresses ---- */

static void prefixes_are_parsed(void **state)
{
	const struct watch watch =
		parsed("db peerPort 5432 peer 10.1.0.0/16,2001:db8:1::/48,192.0.2.7 address ::/0");

	(void)state;
	assert_string_equal(watch.name, "db");
	assert_string_equal(watch.text, "peerPort 5432 peer 10.1.0.0/16,2001:db8:1::/48,192.0.2.7 "
					"address ::/0");
	assert_int_equal(watch.peers.count, 3);
	assert_int_equal(watch.peers.prefixes[0].family, FAMILY_IPV4);
	assert_int_equal(watch.peers.prefixes[0].length, 16);
	assert_memory_equal(watch.peers.prefixes[0].address, "\x0a\x01\0\0", 4);
	assert_int_equal(watch.peers.prefixes[1].family, FAMILY_IPV6);
	assert_int_equal(watch.peers.prefixes[1].length, 48);
	assert_int_equal(watch.peers.prefixes[2].length, 32);
	assert_int_equal(watch.addresses.count, 1);
	assert_int_equal(watch.addresses.prefixes[0].length, 0);
}

static void prefixes_are_refused(void **state)
{
	(void)state;
	assert_problem("w peer 10.1.2.3/16",
		       "'10.1.2.3/16': bits are set beyond the prefix length");
	assert_problem("w peer 2001:db8::1/64",
		       "'2001:db8::1/64': bits are set beyond the prefix length");
	assert_problem("w peer 10.0.0.0/33",
		       "'10.0.0.0/33': invalid prefix length, expected 0 to 32");
	assert_problem("w peer ::/129", "'::/129': invalid prefix length, expected 0 to 128");
	assert_problem("w peer ::/", "'::/': invalid prefix length, expected 0 to 128");
	assert_problem("w peer 10.1", "'10.1' is not an address or prefix");
	assert_problem("w peer localhost", "'localhost' is not an address or prefix");
	assert_problem("w address fe80::1%1", "'fe80::1%1' is not an address or prefix");
	assert_problem("w address ", "'address': missing list");
	assert_problem("w address ::1,", "'' is not an address or prefix");
}

/* ---- units ---- */

static void units_keep_their_backslashes(void **state)
{
	const struct watch watch = parsed("vpn unit my\\x2dvpn.service,/system.slice/a.service,/");

	(void)state;
	assert_int_equal(watch.units_count, 3);
	assert_memory_equal(watch.units, "my\\x2dvpn.service\0/system.slice/a.service\0/", 44);
}

static void units_are_refused(void **state)
{
	(void)state;
	assert_problem("w unit a/b", "'a/b' is neither a unit nor a path that begins with /");
	assert_problem("w unit /a/", "'/a/': a path must not end with /");
	assert_problem("w unit user.slice",
		       "'user.slice': a slice is given by its path, as /user.slice");
	assert_problem("w unit a.service,", "empty element in the list of units");
}

/* ---- names and words ---- */

static void names_are_checked(void **state)
{
	(void)state;
	parsed("0123456789ABCDEFabcdef_.-0123456 port 1");
	assert_problem("", "missing name");
	assert_problem("each listening", "'each' cannot be a name, expected each listening");
	assert_problem(
		"0123456789ABCDEFabcdef_.-01234567 port 1",
		"invalid name '0123456789ABCDEFabcdef_.-01234567', expected 1 to 32 characters "
		"of A-Z, a-z, 0-9, underscore, dot and hyphen");
	assert_false(watch_name_is_valid("a b"));
	assert_false(watch_name_is_valid("m\xc3\xbc"));
	assert_false(watch_name_is_valid(""));
	assert_true(watch_name_is_valid("443"));
}

static void conditions_are_checked(void **state)
{
	char text[WATCH_TEXT_MAX + 8] = "w port 10";

	(void)state;
	assert_problem("w", "missing condition");
	assert_problem("w port", "'port': missing list");
	assert_problem("w ports 1", "unknown condition 'ports', expected port, peerPort, address, "
				    "peer or unit");
	assert_problem("w port 1 port 2", "duplicate condition 'port'");
	assert_string_equal(parsed("w\tport\t1 \t peer  ::1 ").text, "port 1 peer ::1");
	while (strlen(text) < WATCH_TEXT_MAX + 2)
		strcat(text, ",1");
	assert_int_equal(strlen(text), WATCH_TEXT_MAX + 2);
	assert_int_equal(parsed(text).ports.count, 2);
	strcat(text, "1");
	assert_problem(text, "conditions longer than 255 characters");
}

/* As many elements as fit. */
static void the_longest_lists_fit(void **state)
{
	char ports[512] = "w port 0", prefixes[512] = "w peer ::";

	(void)state;
	for (int port = 2; strlen(ports) + 2 <= WATCH_TEXT_MAX + 2; port += 2)
		snprintf(ports + strlen(ports), 8, ",%d", port % 10);
	assert_int_equal(parsed(ports).ports.count, 5);
	while (strlen(prefixes) + 3 <= WATCH_TEXT_MAX + 2)
		strcat(prefixes, ",::");
	assert_int_equal(parsed(prefixes).peers.count, WATCH_PREFIXES_MAX);
}

/* ---- lists ---- */

static void watches_are_in_the_order_of_their_names(void **state)
{
	static const char *const names[] = {"web", "db", "z", "a10", "a9", "443", "80", "b"};
	static const char *const ordered[] = {"b", "z", "80", "a9", "db", "443", "a10", "web"};
	struct watches *watches = watches_new();
	struct watches *copy;
	struct watch watch;

	(void)state;
	for (size_t i = 0; i < ENTRIES(names); i++) {
		watch_of_port((uint16_t)i, &watch);
		strcpy(watch.name, names[i]);
		assert_int_equal(watches_add(&watches, &watch), 0);
		assert_int_equal(watches_add(&watches, &watch), -EEXIST);
	}
	for (size_t i = 0; i < ENTRIES(ordered); i++)
		assert_string_equal(watches->watch[i].name, ordered[i]);
	for (size_t i = 0; i < ENTRIES(names); i++)
		assert_int_equal(watches_find(watches, names[i])->ports.intervals[0].first, i);
	assert_null(watches_find(watches, "c"));
	copy = watches_copy(watches);
	assert_memory_equal(copy, watches, watches_size(watches));
	free(copy);
	for (int more = (int)ENTRIES(names); more < WATCHES_MAX; more++) {
		watch_of_port((uint16_t)(10000 + more), &watch);
		assert_int_equal(watches_add(&watches, &watch), 0);
	}
	watch_of_port(1, &watch);
	assert_int_equal(watches_add(&watches, &watch), -ENOSPC);
	free(watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_joined_in_order),
		cmocka_unit_test(ports_are_refused),
		cmocka_unit_test(prefixes_are_parsed),
		cmocka_unit_test(prefixes_are_refused),
		cmocka_unit_test(units_keep_their_backslashes),
		cmocka_unit_test(units_are_refused),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(conditions_are_checked),
		cmocka_unit_test(the_longest_lists_fit),
		cmocka_unit_test(watches_are_in_the_order_of_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
