/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of units.
 */
#include "model/owner.c"

#include "unit.h"

#define DIGITS_64 "4f5e6d7c8b9a0123456789abcdef0123456789abcdef0123456789abcdef0123"

static void assert_name(const char *component, const char *expected)
{
	char name[OWNER_NAME_MAX + 1];

	owner_name(component, name);
	assert_string_equal(name, expected);
}

static void units_are_recognized(void **state)
{
	(void)state;
	assert_true(owner_is_unit("nginx.service"));
	assert_true(owner_is_unit("session-1.scope"));
	assert_true(owner_is_unit("ssh.socket"));
	assert_true(owner_is_unit("var-lib.mount"));
	assert_true(owner_is_unit("dev-sda.swap"));
	assert_true(owner_is_unit("apt.timer"));
	assert_false(owner_is_unit("user.slice"));
	assert_false(owner_is_unit("init"));
	assert_false(owner_is_unit(".service"));
	assert_false(owner_is_unit("service"));
	assert_false(owner_is_unit("a.services"));
}

static void names_are_shortened(void **state)
{
	(void)state;
	assert_name("nginx.service", "nginx.service");
	assert_name("docker-" DIGITS_64 ".scope", "docker-4f5e6d7c8b9a.scope");
	assert_name(DIGITS_64, "4f5e6d7c8b9a");
	assert_name("x" DIGITS_64 "-" DIGITS_64, "x4f5e6d7c8b9a-4f5e6d7c8b9a");
	assert_name(DIGITS_64 "0.scope", "4f5e6d7c8b9a0123456789abcdef0123456789a~b1187921");
	assert_name("123456789012345678901234567890123456789012345678",
		    "123456789012345678901234567890123456789012345678");
	assert_name("m\xfc.service", "m\\xfc.service");
}

static void a_character_is_not_cut(void **state)
{
	char name[OWNER_NAME_MAX + 1];

	(void)state;
	owner_name("12345678901234567890123456789012345678\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
		   "\xc3\xbc",
		   name);
	assert_int_equal(strlen(name), 38 + 9);
	assert_memory_equal(name, "12345678901234567890123456789012345678~", 39);
}

/* Names that begin alike stay different. */
static void long_names_are_distinguished(void **state)
{
	char one[OWNER_NAME_MAX + 1], other[OWNER_NAME_MAX + 1];

	(void)state;
	owner_name("a-very-long-name-of-a-service-that-goes-on-and-on-1.service", one);
	owner_name("a-very-long-name-of-a-service-that-goes-on-and-on-2.service", other);
	assert_int_equal(strlen(one), OWNER_NAME_MAX);
	assert_memory_equal(one, other, 40);
	assert_string_not_equal(one, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_recognized),
		cmocka_unit_test(names_are_shortened),
		cmocka_unit_test(a_character_is_not_cut),
		cmocka_unit_test(long_names_are_distinguished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
