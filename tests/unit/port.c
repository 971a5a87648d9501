/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of watched ports: its order, duplicates and maximum length.
 */
#include "model/port.c"

#include "unit.h"

#include <stdbool.h>
#include <stdio.h>

static int add(struct watched_ports *ports, uint16_t number, const char *service)
{
	struct watched_port port = {.number = number};

	snprintf(port.service, sizeof(port.service), "%s", service);
	return watched_ports_add(ports, &port);
}

static void assert_in_order(const struct watched_ports *ports)
{
	for (size_t i = 1; i < ports->count; i++)
		assert_true(ports->port[i - 1].number < ports->port[i].number);
}

static void ports_are_in_the_order_of_their_numbers(void **state)
{
	static const uint16_t numbers[] = {443, 1, 65535, 80, 8080, 22, 444};
	static const uint16_t ordered[] = {1, 22, 80, 443, 444, 8080, 65535};
	struct watched_ports ports = {.count = 0};

	(void)state;
	for (size_t i = 0; i < ENTRIES(numbers); i++)
		assert_int_equal(add(&ports, numbers[i], ""), 0);
	assert_int_equal(ports.count, ENTRIES(ordered));
	for (size_t i = 0; i < ENTRIES(ordered); i++)
		assert_int_equal(ports.port[i].number, ordered[i]);
}

static void a_port_that_exists_is_not_changed(void **state)
{
	struct watched_ports ports = {.count = 0};

	(void)state;
	assert_int_equal(add(&ports, 80, "http"), 0);
	assert_int_equal(add(&ports, 443, "https"), 0);
	assert_int_equal(add(&ports, 80, "www"), 0);
	assert_int_equal(add(&ports, 443, ""), 0);
	assert_int_equal(ports.count, 2);
	assert_string_equal(ports.port[0].service, "http");
	assert_string_equal(ports.port[1].service, "https");
}

static void the_maximum_is_64(void **state)
{
	struct {
		struct watched_ports ports;
		unsigned char behind[64];
	} list = {.ports.count = 0};
	static const unsigned char untouched[64];

	(void)state;
	for (unsigned int number = WATCHED_PORTS_MAX; number > 0; number--)
		assert_int_equal(add(&list.ports, (uint16_t)(10 * number), ""), 0);
	assert_int_equal(list.ports.count, WATCHED_PORTS_MAX);
	assert_int_equal(add(&list.ports, 1, ""), -ENOSPC);
	assert_int_equal(add(&list.ports, 325, ""), -ENOSPC);
	assert_int_equal(add(&list.ports, 65535, ""), -ENOSPC);
	for (unsigned int number = 1; number <= WATCHED_PORTS_MAX; number++) {
		assert_int_equal(add(&list.ports, (uint16_t)(10 * number), ""), 0);
		assert_int_equal(list.ports.port[number - 1].number, 10 * number);
	}
	assert_int_equal(list.ports.count, WATCHED_PORTS_MAX);
	assert_memory_equal(list.behind, untouched, sizeof(untouched));
}

static void any_order_of_adding_gives_the_same(void **state)
{
	(void)state;
	for (int time = 0; time < 2000; time++) {
		struct watched_ports ports = {.count = 0};
		bool added[100] = {false};
		size_t different = 0;

		for (int one = 0; one < 120; one++) {
			uint16_t number = (uint16_t)(1 + unit_random(99));
			bool fits = added[number] || different < WATCHED_PORTS_MAX;

			assert_int_equal(add(&ports, number, ""), fits ? 0 : -ENOSPC);
			different += fits && !added[number];
			added[number] = added[number] || fits;
			assert_int_equal(ports.count, different);
			assert_in_order(&ports);
		}
		for (size_t i = 0; i < ports.count; i++)
			assert_true(added[ports.port[i].number]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_in_the_order_of_their_numbers),
		cmocka_unit_test(a_port_that_exists_is_not_changed),
		cmocka_unit_test(the_maximum_is_64),
		cmocka_unit_test(any_order_of_adding_gives_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
