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

static void assert_unit(const char *path, size_t at)
{
	assert_ptr_equal(owner_unit_of_path(path), path + at);
}

static void units_are_recognized(void **state)
{
	(void)state;
	assert_unit("/nginx.service", 1);
	assert_unit("/a.slice/session-1.scope/b.service", 9);
	assert_unit("/ssh.socket", 1);
	assert_unit("/var-lib.mount", 1);
	assert_unit("/dev-sda.swap", 1);
	assert_unit("/apt.timer", 1);
	assert_null(owner_unit_of_path("/"));
	assert_null(owner_unit_of_path("/user.slice/init"));
	assert_null(owner_unit_of_path("/.service"));
	assert_null(owner_unit_of_path("/service"));
	assert_null(owner_unit_of_path("/a.services"));
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

static void assert_owner(const char *path, const char *expected)
{
	char name[OWNER_NAME_MAX + 1];

	owner_of_path(path, name);
	assert_string_equal(name, expected);
}

static void the_first_unit_of_a_path_owns(void **state)
{
	(void)state;
	assert_owner("/system.slice/nginx.service", "nginx.service");
	assert_owner("/system.slice/nginx.service/workers", "nginx.service");
	assert_owner("/system.slice/ssh.socket/x.service", "ssh.socket");
	assert_owner("/user.slice/user-1000.slice/user@1000.service/app.slice/a.service",
		     "user@1000.service");
	assert_owner("/system.slice/docker-" DIGITS_64 ".scope", "docker-4f5e6d7c8b9a.scope");
	assert_owner("/", "/");
	assert_owner("/lxc/web", "/lxc/web");
	assert_owner("/system.slice", "/system.slice");
	assert_owner("/docker/" DIGITS_64, "/docker/4f5e6d7c8b9a");
	assert_owner("/.service/x", "/.service/x");
}

static void sessions_belong_to_their_user(void **state)
{
	(void)state;
	assert_owner("/user.slice/user-1000.slice/session-3.scope", "user-1000.slice");
	assert_owner("/user.slice/user-1000.slice/session-c1.scope/x", "user-1000.slice");
	assert_owner("/user.slice/user-1000.slice/other.scope", "other.scope");
	assert_owner("/user.slice/session-3.scope", "session-3.scope");
	assert_owner("/session-3.scope", "session-3.scope");
}

/* Also if they differ beyond what fits. */
static void long_paths_are_distinguished(void **state)
{
	char path[2048], one[OWNER_NAME_MAX + 1], other[OWNER_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 64 == 0 ? '/' : 'x';
	path[sizeof(path) - 1] = '\0';
	owner_of_path(path, one);
	path[sizeof(path) - 2] = 'y';
	owner_of_path(path, other);
	assert_int_equal(strlen(one), OWNER_NAME_MAX);
	assert_string_not_equal(one, other);
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
		cmocka_unit_test(the_first_unit_of_a_path_owns),
		cmocka_unit_test(sessions_belong_to_their_user),
		cmocka_unit_test(long_paths_are_distinguished),
		cmocka_unit_test(long_names_are_distinguished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
