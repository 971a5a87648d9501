/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of endpoints, compared with that of their OIDs, and fill levels of queues.
 */
#include "model/listener.c"

#include "unit.h"

#define OID_MAX 32

/* ---- random endpoints, of few values so that many are equal ---- */

static struct endpoint random_endpoint(void)
{
	static const uint8_t octets[] = {0, 1, 127, 128, 255};
	static const uint32_t zones[] = {0, 0, 1, 2, 256, UINT32_MAX};
	static const uint16_t ports[] = {0, 1, 80, 255, 256, 443, UINT16_MAX};
	struct endpoint endpoint = {.family = unit_random(FAMILIES)};

	endpoint.address[unit_random(ADDRESS_SIZE_IPV4)] = octets[unit_random(ENTRIES(octets))];
	if (endpoint.family == FAMILY_IPV6) {
		endpoint.address[ADDRESS_SIZE_IPV6 - 1] = octets[unit_random(ENTRIES(octets))];
		endpoint.zone = zones[unit_random(ENTRIES(zones))];
	}
	endpoint.port = ports[unit_random(ENTRIES(ports))];
	return endpoint;
}

/* ---- the OIDs ---- */

struct name {
	size_t length;
	uint32_t at[OID_MAX];
};

static void append(struct name *name, uint32_t number)
{
	name->at[name->length++] = number;
}

/* InetAddressType, InetAddress with its length, InetPortNumber (RFC 4001, section 4). */
static struct name name_of(const struct endpoint *endpoint)
{
	struct name name = {.length = 0};
	size_t octets = endpoint->family == FAMILY_IPV4 ? 4 : 16;

	append(&name, endpoint->family == FAMILY_IPV4 ? 1 : endpoint->zone == 0 ? 2 : 4);
	append(&name, (uint32_t)octets + (endpoint->zone == 0 ? 0 : 4));
	for (size_t octet = 0; octet < octets; octet++)
		append(&name, endpoint->address[octet]);
	for (int shift = 24; endpoint->zone != 0 && shift >= 0; shift -= 8)
		append(&name, endpoint->zone >> shift & 0xff);
	append(&name, endpoint->port);
	return name;
}

static int compare_names(const struct name *left, const struct name *right)
{
	for (size_t i = 0; i < left->length && i < right->length; i++)
		if (left->at[i] != right->at[i])
			return left->at[i] < right->at[i] ? -1 : 1;
	return (left->length > right->length) - (left->length < right->length);
}

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

static void the_order_is_that_of_the_oids(void **state)
{
	(void)state;
	for (int time = 0; time < 200000; time++) {
		const struct endpoint left = random_endpoint(), right = random_endpoint();
		const struct name left_name = name_of(&left), right_name = name_of(&right);

		assert_int_equal(sign(endpoint_compare(&left, &right)),
				 compare_names(&left_name, &right_name));
	}
}

/* ---- fill levels ---- */

static void a_queue_is_as_full_as_its_backlog_allows(void **state)
{
	(void)state;
	assert_int_equal(listener_fill(0, 0), 0);
	assert_int_equal(listener_fill(1, 0), 100);
	assert_int_equal(listener_fill(2, 0), 200);
	assert_int_equal(listener_fill(127, 128), 99);
	assert_int_equal(listener_fill(128, 128), 100);
	assert_int_equal(listener_fill(129, 128), 100);
	assert_int_equal(listener_fill(UINT32_MAX, UINT32_MAX), 100);
	assert_int_equal(listener_fill(UINT32_MAX, 1), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_that_of_the_oids),
		cmocka_unit_test(a_queue_is_as_full_as_its_backlog_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
