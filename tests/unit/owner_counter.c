/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting the sockets of cgroups, and naming them, with answers from the test.
 */
#include "collect/owner_counter.c"

#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#define LISTED (1U << STATE_LISTEN | 1U << STATE_CLOSE_WAIT)

static struct owner_counter counter;
static struct dump dump;
static struct snapshot *snapshot;
static int answering = -1;

static int begin(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	answering = ends[1];
	dump_initialise(&dump);
	dump.cgroup_support = CGROUPS_SUPPORTED;
	owner_counter_initialise(&counter);
	owner_counter_set_socket(&counter, ends[0]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	snapshot_free(snapshot);
	snapshot = NULL;
	owner_counter_finalise(&counter);
	close(answering);
	return 0;
}

static void add(enum listing listing, uint64_t id, enum tcp_state state, int sockets)
{
	counter.listing = listing;
	while (sockets-- > 0)
		assert_int_equal(owner_counter_add(&counter, id, FAMILY_IPV4, state), 0);
}

static void begin_refresh(void)
{
	snapshot_free(snapshot);
	snapshot = snapshot_new();
	owner_counter_begin(&counter, &dump, LISTED);
}

static void finish_refresh(enum listing listing)
{
	static const struct listening_sockets nothing;

	assert_int_equal(owner_counter_finish(&counter, listing, &nothing, 0, snapshot), 0);
}

/* Takes a request. @return the number of ids, or 0 without a request */
static size_t take_request(uint64_t ids[CGROUP_NAMES_MAX])
{
	const ssize_t received =
		recv(answering, ids, CGROUP_NAMES_MAX * sizeof(ids[0]), MSG_DONTWAIT);

	return received < 0 ? 0 : (size_t)received / sizeof(ids[0]);
}

/* Answers with names for the even ones of @p ids. */
static void answer(const uint64_t *ids, size_t count, int error)
{
	static struct cgroup_names_answer answer;
	size_t size;

	answer = (struct cgroup_names_answer){.error = error};
	for (size_t i = 0; i < count && error == 0; i++) {
		if (ids[i] % 2 == 0) {
			answer.cgroups[answer.count].id = ids[i];
			sprintf(answer.cgroups[answer.count++].name, "u%llu",
				(unsigned long long)ids[i]);
		}
	}
	size = offsetof(struct cgroup_names_answer, cgroups) +
	       answer.count * sizeof(answer.cgroups[0]);
	assert_int_equal(send(answering, &answer, size, 0), size);
}

/* The owners of the snapshot as "name closeWait ...". */
static void assert_owners(const char *expected)
{
	char text[512] = "";

	assert_true(snapshot->owners_known);
	for (size_t i = 0; i < snapshot->owners_count; i++)
		sprintf(text + strlen(text), "%s%s %u", i > 0 ? ", " : "", snapshot->owners[i].name,
			snapshot->owners[i].sockets[FAMILY_IPV4][STATE_CLOSE_WAIT]);
	assert_string_equal(text, expected);
}

static void names_are_requested_once(void **state)
{
	uint64_t ids[CGROUP_NAMES_MAX];

	(void)state;
	begin_refresh();
	/* The first request is for all names. */
	assert_int_equal(take_request(ids), 1);
	assert_int_equal(ids[0], 0);
	add(LISTING_PARTIAL, 12, STATE_CLOSE_WAIT, 2);
	add(LISTING_PARTIAL, 11, STATE_CLOSE_WAIT, 3);
	add(LISTING_PARTIAL, 0, STATE_CLOSE_WAIT, 4);
	add(LISTING_PARTIAL, 12, STATE_ESTABLISHED, 5); /* is not one of the states */
	finish_refresh(LISTING_PARTIAL);
	assert_false(snapshot->owners_known);
	/* Only one request is on the way. */
	assert_int_equal(take_request(ids), 0);
	answer(NULL, 0, 0);

	begin_refresh();
	assert_int_equal(take_request(ids), 2);
	assert_int_equal(ids[0] + ids[1], 11 + 12);
	add(LISTING_PARTIAL, 12, STATE_CLOSE_WAIT, 2);
	add(LISTING_PARTIAL, 11, STATE_CLOSE_WAIT, 3);
	finish_refresh(LISTING_PARTIAL);
	assert_owners("(unknown) 5");
	assert_int_equal(snapshot->unnamed_max[STATE_CLOSE_WAIT], 3);
	answer(ids, 2, 0);

	begin_refresh();
	add(LISTING_PARTIAL, 12, STATE_CLOSE_WAIT, 2);
	add(LISTING_PARTIAL, 11, STATE_CLOSE_WAIT, 3);
	finish_refresh(LISTING_PARTIAL);
	assert_owners("u12 2, (unknown) 3");
	/* A cgroup that was not found is not asked for again. */
	assert_int_equal(take_request(ids), 0);

	/* A name is kept without sockets, but not that there is none. */
	begin_refresh();
	finish_refresh(LISTING_PARTIAL);
	begin_refresh();
	add(LISTING_PARTIAL, 11, STATE_CLOSE_WAIT, 1);
	add(LISTING_PARTIAL, 12, STATE_CLOSE_WAIT, 1);
	finish_refresh(LISTING_PARTIAL);
	assert_owners("u12 1, (unknown) 1");
	assert_int_equal(take_request(ids), 1);
	assert_int_equal(ids[0], 11);
}

static void without_a_tree_there_are_no_owners(void **state)
{
	uint64_t ids[CGROUP_NAMES_MAX];

	(void)state;
	for (int i = 0; i < 3; i++) {
		begin_refresh();
		assert_int_equal(take_request(ids), 1);
		add(LISTING_PARTIAL, 12, STATE_CLOSE_WAIT, 2);
		answer(ids, 1, -ENOENT);
		finish_refresh(LISTING_PARTIAL);
		assert_false(snapshot->owners_known);
		assert_int_equal(take_request(ids), 1);
		answer(ids, 1, -ENOENT);
	}
	/* It may be mounted later. */
	begin_refresh();
	assert_int_equal(take_request(ids), 1);
	add(LISTING_PARTIAL, 12, STATE_CLOSE_WAIT, 2);
	answer(ids, 1, 0);
	finish_refresh(LISTING_PARTIAL);
	assert_owners("u12 2");
}

static void the_listing_that_was_used_counts(void **state)
{
	uint64_t ids[CGROUP_NAMES_MAX];

	(void)state;
	begin_refresh();
	answer(ids, take_request(ids), 0);
	add(LISTING_FULL, 12, STATE_CLOSE_WAIT, 2);
	add(LISTING_PARTIAL, 12, STATE_CLOSE_WAIT, 7);
	add(LISTING_PARTIAL, 14, STATE_CLOSE_WAIT, 7);
	finish_refresh(LISTING_FULL);
	assert_owners("(unknown) 2");
	/* Only the listing that begins is forgotten. */
	counter.listing = LISTING_FULL;
	owner_counter_clear(&counter);
	assert_int_equal(counter.cgroups[0].sockets[LISTING_FULL][FAMILY_IPV4][STATE_CLOSE_WAIT],
			 0);
	assert_int_equal(counter.cgroups[0].sockets[LISTING_PARTIAL][FAMILY_IPV4][STATE_CLOSE_WAIT],
			 7);
}

/* Those beyond the maximum belong to others, so that the sum stays exact. */
static void there_may_be_many_cgroups(void **state)
{
	uint64_t ids[CGROUP_NAMES_MAX];
	uint32_t sum = 0;

	(void)state;
	begin_refresh();
	answer(ids, take_request(ids), 0);
	for (uint64_t id = 1; id <= OWNER_CGROUPS_MAX + 5; id++)
		add(LISTING_PARTIAL, 2 * id, STATE_CLOSE_WAIT, 1);
	add(LISTING_PARTIAL, 2 * (OWNER_CGROUPS_MAX + 5), STATE_CLOSE_WAIT, 1);
	add(LISTING_PARTIAL, 2, STATE_CLOSE_WAIT, 1);
	finish_refresh(LISTING_PARTIAL);
	assert_owners("(others) 6, (unknown) 16385");
	while (take_request(ids) == CGROUP_NAMES_MAX && sum < 100) {
		answer(ids, CGROUP_NAMES_MAX, 0);
		begin_refresh();
		for (uint64_t id = 1; id <= OWNER_CGROUPS_MAX; id++)
			add(LISTING_PARTIAL, 2 * id, STATE_CLOSE_WAIT, 1);
		finish_refresh(LISTING_PARTIAL);
		sum++;
	}
	assert_int_equal(snapshot->owners_count, OWNER_CGROUPS_MAX);
}

static void listening_owners_are_whole_names(void **state)
{
	struct listen_owners owners = {.count = 0};
	char names[8][OWNER_NAME_MAX + 1], text[LISTEN_OWNER_SIZE];

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		memset(names[i], 'a' + (int)i, OWNER_NAME_MAX);
		names[i][OWNER_NAME_MAX] = '\0';
		add_listen_owner(&owners, names[i], i == 3 ? 7 : 1);
	}
	add_listen_owner(&owners, names[1], 9);
	write_listen_owners(&owners, text);
	/* Five names of 48 octets and four separators. */
	assert_int_equal(strlen(text), 5 * OWNER_NAME_MAX + 4 * 2);
	assert_memory_equal(text, names[1], OWNER_NAME_MAX);
	assert_memory_equal(text + OWNER_NAME_MAX + 2, names[3], OWNER_NAME_MAX);
	assert_memory_equal(text + 2 * (OWNER_NAME_MAX + 2), names[0], OWNER_NAME_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_are_requested_once, begin, end),
		cmocka_unit_test_setup_teardown(without_a_tree_there_are_no_owners, begin, end),
		cmocka_unit_test_setup_teardown(the_listing_that_was_used_counts, begin, end),
		cmocka_unit_test_setup_teardown(there_may_be_many_cgroups, begin, end),
		cmocka_unit_test(listening_owners_are_whole_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
