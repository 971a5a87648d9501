/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of listening endpoints, against the OIDs that index them, and their sums, against those
 * of a list.
 */
#include "model/listener.c"

#include "unit.h"

#define LISTENERS_MAX 60
#define OID_MAX 32

/* ---- endpoints by chance, of few values so that many are equal ---- */

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
	for (size_t place = 0; place < left->length && place < right->length; place++)
		if (left->at[place] != right->at[place])
			return left->at[place] < right->at[place] ? -1 : 1;
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

/* ---- the sums ---- */

static struct listener random_listener(void)
{
	return (struct listener){
		.endpoint = random_endpoint(),
		.sockets = 1,
		.queued = unit_random(10),
		.backlog = unit_random(200),
		.dropped = unit_random(2) == 0 ? unit_random(10) : UINT32_MAX - unit_random(10),
	};
}

static struct listener sum_of(const struct listener *listeners, size_t count,
			      const struct endpoint *endpoint)
{
	const struct name name = name_of(endpoint);
	struct listener sum = {.endpoint = *endpoint};

	for (size_t place = 0; place < count; place++) {
		const struct name other = name_of(&listeners[place].endpoint);

		if (compare_names(&name, &other) != 0)
			continue;
		sum.sockets += listeners[place].sockets;
		sum.queued += listeners[place].queued;
		sum.backlog += listeners[place].backlog;
		sum.dropped += listeners[place].dropped;
	}
	return sum;
}

static void run_merge(void)
{
	struct listener listeners[LISTENERS_MAX], merged[LISTENERS_MAX];
	size_t count = unit_random(LISTENERS_MAX + 1);
	size_t sockets = 0, left;

	for (size_t place = 0; place < count; place++)
		listeners[place] = random_listener();
	memcpy(merged, listeners, count * sizeof(*listeners));
	left = listeners_merge(merged, count);
	assert_in_range(left, count > 0, count);
	for (size_t place = 0; place < left; place++) {
		const struct listener sum = sum_of(listeners, count, &merged[place].endpoint);
		const struct name name = name_of(&merged[place].endpoint);

		assert_int_equal(merged[place].sockets, sum.sockets);
		assert_int_equal(merged[place].queued, sum.queued);
		assert_int_equal(merged[place].backlog, sum.backlog);
		assert_int_equal(merged[place].dropped, sum.dropped);
		sockets += merged[place].sockets;
		if (place > 0) {
			const struct name last = name_of(&merged[place - 1].endpoint);

			assert_int_equal(compare_names(&last, &name), -1);
		}
	}
	assert_int_equal(sockets, count);
}

static void listeners_of_one_endpoint_are_summed(void **state)
{
	(void)state;
	for (int time = 0; time < 5000; time++)
		run_merge();
	assert_int_equal(listeners_merge(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_that_of_the_oids),
		cmocka_unit_test(listeners_of_one_endpoint_are_summed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
