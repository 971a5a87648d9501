/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries of tcpThresholdTop for each metric, their order, and where they are cut.
 */
#include "model/top.c"

#include "unit.h"

static struct listener listeners[300];
static struct snapshot snapshot;

#define LONG_IPV6                                                                              \
	{                                                                                      \
		0x20, 1, 0xd, 0xb8, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55 \
	}

static void set_listeners(const struct listener *from, size_t count)
{
	memcpy(listeners, from, count * sizeof(*from));
	snapshot = (struct snapshot){.listeners = listeners, .listeners_count = count};
}

static struct metric metric_of(const char *text)
{
	char copy[96], *words[8] = {NULL}, *rest = copy;
	struct metric metric;
	const char *problem;
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((words[count] = strsep(&rest, " ")) != NULL)
		count++;
	assert_true(metric_parse(words, &metric, &problem) > 0);
	return metric;
}

static void assert_top(const char *metric_text, const char *expected)
{
	const struct metric metric = metric_of(metric_text);
	char text[TOP_SIZE];
	struct top *top;

	memset(text, 'x', sizeof(text));
	top_write(&metric, &snapshot, text);
	assert_string_equal(text, expected);
	top = top_new(&metric, &snapshot);
	assert_string_equal(top_text(top), expected);
	assert_int_equal(top == NULL, expected[0] == '\0');
	top_release(top);
}

static const struct listener several[] = {
	{.endpoint = {FAMILY_IPV4, {0}, 0, 80}, .fill = 7, .syn_queue = 2},
	{.endpoint = {FAMILY_IPV4, {0}, 0, 443}, .fill = 100, .syn_queue = 511},
	{.endpoint = {FAMILY_IPV4, {192, 0, 2, 1}, 0, 25}, .fill = 0, .syn_queue = 0},
	{.endpoint = {FAMILY_IPV6, {0}, 0, 80}, .fill = 7, .syn_queue = 3},
	{.endpoint = {FAMILY_IPV6, {[10] = 0xff, 0xff, 192, 0, 2, 1}, 0, 5}, .syn_queue = 4},
	{.endpoint = {FAMILY_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 1}, 0, 8080},
	 .fill = 101,
	 .syn_queue = 1},
	{.endpoint = {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 2, 22}, .fill = 1, .syn_queue = 0},
};

static void endpoints_by_fill(void **state)
{
	(void)state;
	set_listeners(several, ENTRIES(several));
	assert_top("listen any", "[2001:db8::1]:8080 101 %, 0.0.0.0:443 100 %, 0.0.0.0:80 7 %, "
				 "[::]:80 7 %, [fe80::1%2]:22 1 %");
}

static void endpoints_by_syn_queue(void **state)
{
	static const char all[] = "0.0.0.0:443 511, [::ffff:192.0.2.1]:5 4, [::]:80 3, "
				  "0.0.0.0:80 2, [2001:db8::1]:8080 1";

	(void)state;
	set_listeners(several, ENTRIES(several));
	assert_top("state any synReceived", all);
	assert_top("rate tcpHostSyncookiesSent", all);
	assert_top("rate tcpHostSyncookiesReceived over 5", all);
	assert_top("rate tcpHostSyncookiesFailed", all);
	assert_top("rate tcpHostSynQueueDrops", all);
	assert_top("rate tcpHostSynQueueCookies", all);
}

/* A request of IPv4 may be in the queue of [::], and one of IPv6 only in those of IPv6. */
static void endpoints_of_other_families_are_left_out(void **state)
{
	(void)state;
	set_listeners(several, ENTRIES(several));
	assert_top("state ipv4 synReceived",
		   "0.0.0.0:443 511, [::ffff:192.0.2.1]:5 4, [::]:80 3, 0.0.0.0:80 2");
	assert_top("state ipv6 synReceived",
		   "[::ffff:192.0.2.1]:5 4, [::]:80 3, [2001:db8::1]:8080 1");
}

static void other_metrics_have_none(void **state)
{
	static const char *const others[] = {
		"state any established",       "state ipv4 closeWait",
		"watch w synReceived",         "ports w",
		"listen 0.0.0.0:443",          "host tcpHostMemory",
		"rate tcpHostListenOverflows", "rate tcpHostSynRetransmits"};

	(void)state;
	set_listeners(several, ENTRIES(several));
	for (size_t i = 0; i < ENTRIES(others); i++)
		assert_top(others[i], "");
}

static void nothing_contributes_to_zero(void **state)
{
	(void)state;
	set_listeners(several, 0);
	assert_top("listen any", "");
	assert_top("state any synReceived", "");
	set_listeners(&several[2], 1);
	assert_top("listen any", "");
	assert_top("state any synReceived", "");
}

/* 13 entries of 17 octets and their separators have 245, so that the next one does not fit. */
static void only_whole_entries_are_written(void **state)
{
	const struct metric metric = metric_of("state any synReceived");
	char text[TOP_SIZE], expected[2 * TOP_SIZE] = "";
	struct listener many[300] = {0};

	(void)state;
	for (size_t i = 0; i < ENTRIES(many); i++) {
		many[i].endpoint.port = (uint16_t)(10000 + i);
		many[i].syn_queue = 999;
	}
	set_listeners(many, ENTRIES(many));
	for (size_t i = 0; i < 13; i++)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
			 "%s0.0.0.0:%zu 999", i == 0 ? "" : ", ", 10000 + i);
	top_write(&metric, &snapshot, text);
	assert_string_equal(text, expected);
}

/* The longest entries: a larger one that does not fit ends the text, though a shorter one would. */
static void the_longest_endpoints_and_the_exact_limit(void **state)
{
	struct listener many[] = {
		{.endpoint = {FAMILY_IPV6, LONG_IPV6, 0, 65535}, .fill = UINT32_MAX},
		{.endpoint = {FAMILY_IPV6, LONG_IPV6, 0, 65534}, .fill = UINT32_MAX},
		{.endpoint = {FAMILY_IPV6, LONG_IPV6, 0, 65533}, .fill = UINT32_MAX},
		{.endpoint = {FAMILY_IPV6, LONG_IPV6, 0, 65532}, .fill = UINT32_MAX},
		{.endpoint = {FAMILY_IPV6, LONG_IPV6, 0, 65531}, .fill = UINT32_MAX},
		{.endpoint = {FAMILY_IPV4, {0}, 0, 1}, .fill = 1},
	};
	const struct metric metric = metric_of("listen any");
	char text[TOP_SIZE];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		many[i].endpoint.address[14] = 0x66;
		many[i].endpoint.address[15] = 0x66;
	}
	set_listeners(many, ENTRIES(many));
	top_write(&metric, &snapshot, text);
	assert_string_equal(text, "[2001:db8:1111:2222:3333:4444:5555:6666]:65535 4294967295 %, "
				  "[2001:db8:1111:2222:3333:4444:5555:6666]:65534 4294967295 %, "
				  "[2001:db8:1111:2222:3333:4444:5555:6666]:65533 4294967295 %, "
				  "[2001:db8:1111:2222:3333:4444:5555:6666]:65532 4294967295 %");
}

static void an_entry_fits_up_to_255_octets(void **state)
{
	char text[TOP_SIZE], entry[TOP_SIZE + 1];

	(void)state;
	memset(entry, 'x', sizeof(entry));
	entry[TOP_SIZE] = '\0';
	text[0] = '\0';
	assert_false(append_entry(text, entry));
	assert_string_equal(text, "");
	entry[TOP_SIZE - 1] = '\0';
	assert_true(append_entry(text, entry));
	assert_int_equal(strlen(text), 255);
	assert_false(append_entry(text, "y"));
	text[252] = '\0';
	assert_true(append_entry(text, "y"));
	assert_string_equal(text + 252, ", y");
}

static struct owner_count owners[] = {
	{.name = "a.service",
	 .sockets = {[FAMILY_IPV4] = {[STATE_CLOSE_WAIT] = 10},
		     [FAMILY_IPV6] = {[STATE_CLOSE_WAIT] = 2}}},
	{.name = "b.service", .sockets = {[FAMILY_IPV6] = {[STATE_CLOSE_WAIT] = 398}}},
	{.name = "c.service", .sockets = {[FAMILY_IPV4] = {[STATE_CLOSE_WAIT] = 12}}},
	{.name = "d.service", .sockets = {[FAMILY_IPV4] = {[STATE_LAST_ACK] = 12}}},
	{.name = OWNER_NONE, .sockets = {[FAMILY_IPV4] = {[STATE_CLOSE_WAIT] = 500}}},
	{.name = OWNER_UNKNOWN, .sockets = {[FAMILY_IPV4] = {[STATE_CLOSE_WAIT] = 40}}},
};

static void owners_by_sockets(void **state)
{
	(void)state;
	snapshot = (struct snapshot){
		.owners_known = true,
		.owner_states = 1U << STATE_CLOSE_WAIT,
		.owners = owners,
		.owners_count = ENTRIES(owners),
		.unnamed_max = {[STATE_CLOSE_WAIT] = 30},
	};
	assert_top("state any closeWait", "(none) 500, b.service 398, (unknown) 40, a.service 12, "
					  "c.service 12");
	assert_top("state ipv6 closeWait", "b.service 398, a.service 2");
	/* one cgroup of 30 among those without a name */
	assert_top("owner any closeWait",
		   "b.service 398, (unknown) 30, a.service 12, c.service 12");
	assert_top("state any lastAck", "");
	snapshot.owners_known = false;
	snapshot.owner_states = 0;
	assert_top("state any closeWait", "");
}

static void owners_of_a_watch(void **state)
{
	static struct watch_count watches[] = {{.name = "db", .known = true},
					       {.name = "web", .known = true}};
	static struct watch_owner of_watches[] = {
		{0, STATE_CLOSE_WAIT, 9, "x.service"},
		{1, STATE_CLOSE_WAIT, 7, "b.service"},
		{1, STATE_CLOSE_WAIT, 3, "a.service"},
		{1, STATE_LAST_ACK, 8, "a.service"},
	};

	(void)state;
	snapshot = (struct snapshot){
		.watches = watches,
		.watches_count = ENTRIES(watches),
		.watch_owners = of_watches,
		.watch_owners_count = ENTRIES(of_watches),
	};
	assert_top("watch web closeWait", "b.service 7, a.service 3");
	assert_top("watch db closeWait", "x.service 9");
	assert_top("watch db lastAck", "");
	assert_top("watch other closeWait", "");
}

static void an_endpoint_has_the_owner_of_its_fullest_socket(void **state)
{
	static struct snapshot owned;

	(void)state;
	owned = (struct snapshot){.owners_known = true, .listeners = listeners};
	memcpy(listeners, several, 2 * sizeof(*several));
	owned.listeners_count = 2;
	assert_int_equal(snapshot_set_listen_owner(&owned, &listeners[0], "a.service"), 0);
	assert_int_equal(snapshot_set_listen_owner(&owned, &listeners[1], "b.service, c.service"),
			 0);
	snapshot = owned;
	assert_top("listen any", "0.0.0.0:443 b.service 100 %, 0.0.0.0:80 a.service 7 %");
	assert_top("state any synReceived", "0.0.0.0:443 b.service 511, 0.0.0.0:80 a.service 2");
	free(owned.listen_owners);
}

static void a_top_is_shared(void **state)
{
	const struct metric metric = metric_of("listen any");
	struct top *top;

	(void)state;
	set_listeners(several, 1);
	top = top_new(&metric, &snapshot);
	assert_ptr_equal(top_hold(top), top);
	top_release(top);
	assert_string_equal(top_text(top), "0.0.0.0:80 7 %");
	top_release(top);
	assert_null(top_hold(NULL));
	top_release(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_by_fill),
		cmocka_unit_test(endpoints_by_syn_queue),
		cmocka_unit_test(endpoints_of_other_families_are_left_out),
		cmocka_unit_test(other_metrics_have_none),
		cmocka_unit_test(nothing_contributes_to_zero),
		cmocka_unit_test(only_whole_entries_are_written),
		cmocka_unit_test(the_longest_endpoints_and_the_exact_limit),
		cmocka_unit_test(an_entry_fits_up_to_255_octets),
		cmocka_unit_test(owners_by_sockets),
		cmocka_unit_test(owners_of_a_watch),
		cmocka_unit_test(an_endpoint_has_the_owner_of_its_fullest_socket),
		cmocka_unit_test(a_top_is_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
