/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET and GETNEXT, compared with a handwritten list of all instances of a small tree. For thousands
 * of names, the expected result is looked up in that list.
 */
#include "agent/mib_tree.c"

#include "agent/refresh_scalars.h"
#include "agent/state_count_table.h"
#include "agent/tables.h"
#include "clock.h"
#include "model/date.h"
#include "unit.h"

#define NAME_MAX_TRIED (MIB_NAME_MAX + 2)
#define LARGEST UINT32_MAX

/* ---- the tree ---- */

static size_t no_rows(const struct served *served)
{
	(void)served;
	return 0;
}

static size_t six_rows(const struct served *served)
{
	(void)served;
	return 6;
}

static size_t pair_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	static const oid indexes[][2] = {{0, 7},       {1, 1}, {1, 3},
					 {1, LARGEST}, {2, 1}, {LARGEST, 0}};

	(void)served;
	memcpy(index, indexes[row], sizeof(indexes[row]));
	return 2;
}

#define LONGEST_WORD "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"

/* Texts without their lengths, some of which are prefixes of others; the last has the maximum. */
static size_t word_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	static const char *const words[] = {"a", "ab", "abc", "b", "ba", LONGEST_WORD};
	size_t length = strlen(words[row]);

	(void)served;
	for (size_t i = 0; i < length; i++)
		index[i] = (oid)words[row][i];
	return length;
}

static bool present(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = cell->row;
	return true;
}

static bool present_in_odd_rows(const struct mib_cell *cell, struct mib_value *value)
{
	return cell->row % 2 == 1 && present(cell, value);
}

static bool absent(const struct mib_cell *cell, struct mib_value *value)
{
	(void)cell;
	(void)value;
	return false;
}

#define TABLE(rows_of, index_of, objects_of, ...)                                             \
	{                                                                                     \
		.at = {__VA_ARGS__}, .at_length = sizeof((oid[]){__VA_ARGS__}) / sizeof(oid), \
		.objects = objects_of, .objects_count = ENTRIES(objects_of), .rows = rows_of, \
		.index = index_of,                                                            \
	}

static const struct mib_object scalars[] = {
	{.number = 1, .type = ASN_GAUGE, .get = present},
	{.number = 2, .type = ASN_GAUGE, .get = absent},
	{.number = 5, .type = ASN_TIMETICKS, .get = present},
};
static const struct mib_object columns[] = {
	{.number = 2, .type = ASN_GAUGE, .get = present},
	{.number = 4, .type = ASN_COUNTER, .get = present_in_odd_rows},
	{.number = 6, .type = ASN_COUNTER, .get = absent},
};
static const struct mib_object lonely[] = {{.number = 1, .type = ASN_INTEGER, .get = present}};
static const struct mib_object nothing[] = {{.number = 1, .type = ASN_INTEGER, .get = absent}};

static const struct mib_table scalar_group =
	TABLE(mib_scalar_rows, mib_scalar_index, scalars, 1, 1);
static const struct mib_table empty_table = TABLE(no_rows, pair_index, columns, 1, 2, 1);
static const struct mib_table pair_table = TABLE(six_rows, pair_index, columns, 1, 3, 1);
static const struct mib_table word_table = TABLE(six_rows, word_index, lonely, 1, 5, 1);
static const struct mib_table shallow_group = TABLE(mib_scalar_rows, mib_scalar_index, lonely, 2);
static const struct mib_table absent_group =
	TABLE(mib_scalar_rows, mib_scalar_index, nothing, 2, 3);

static const struct mib_table *const tree[] = {
	&scalar_group, &empty_table, &pair_table, &word_table, &shallow_group, &absent_group, NULL,
};

/* ---- the list ---- */

struct name {
	size_t length;
	oid at[NAME_MAX_TRIED];
};

#define NAME(...)                                           \
	{                                                   \
		sizeof((oid[]){__VA_ARGS__}) / sizeof(oid), \
		{                                           \
			__VA_ARGS__                         \
		}                                           \
	}
#define FOUR_Z 'z', 'z', 'z', 'z'
#define TWENTY_Z FOUR_Z, FOUR_Z, FOUR_Z, FOUR_Z, FOUR_Z

static const struct {
	struct name name;
	u_char type;
	uint64_t number;
} list[] = {
	{NAME(1, 1, 1, 0), ASN_GAUGE, 0},
	{NAME(1, 1, 5, 0), ASN_TIMETICKS, 0},
	{NAME(1, 3, 1, 2, 0, 7), ASN_GAUGE, 0},
	{NAME(1, 3, 1, 2, 1, 1), ASN_GAUGE, 1},
	{NAME(1, 3, 1, 2, 1, 3), ASN_GAUGE, 2},
	{NAME(1, 3, 1, 2, 1, LARGEST), ASN_GAUGE, 3},
	{NAME(1, 3, 1, 2, 2, 1), ASN_GAUGE, 4},
	{NAME(1, 3, 1, 2, LARGEST, 0), ASN_GAUGE, 5},
	{NAME(1, 3, 1, 4, 1, 1), ASN_COUNTER, 1},
	{NAME(1, 3, 1, 4, 1, LARGEST), ASN_COUNTER, 3},
	{NAME(1, 3, 1, 4, LARGEST, 0), ASN_COUNTER, 5},
	{NAME(1, 5, 1, 1, 'a'), ASN_INTEGER, 0},
	{NAME(1, 5, 1, 1, 'a', 'b'), ASN_INTEGER, 1},
	{NAME(1, 5, 1, 1, 'a', 'b', 'c'), ASN_INTEGER, 2},
	{NAME(1, 5, 1, 1, 'b'), ASN_INTEGER, 3},
	{NAME(1, 5, 1, 1, 'b', 'a'), ASN_INTEGER, 4},
	{NAME(1, 5, 1, 1, TWENTY_Z, TWENTY_Z), ASN_INTEGER, 5},
	{NAME(2, 1, 0), ASN_INTEGER, 0},
};

static const struct name object_types[] = {
	NAME(1, 1, 1),    NAME(1, 1, 2),    NAME(1, 1, 5),    NAME(1, 2, 1, 2),
	NAME(1, 2, 1, 4), NAME(1, 2, 1, 6), NAME(1, 3, 1, 2), NAME(1, 3, 1, 4),
	NAME(1, 3, 1, 6), NAME(1, 5, 1, 1), NAME(2, 1),       NAME(2, 3, 1),
};

static int compare(const struct name *left, const struct name *right)
{
	for (size_t i = 0; i < left->length && i < right->length; i++)
		if (left->at[i] != right->at[i])
			return left->at[i] < right->at[i] ? -1 : 1;
	if (left->length == right->length)
		return 0;
	return left->length < right->length ? -1 : 1;
}

static bool begins_with(const struct name *name, const struct name *prefix)
{
	return name->length >= prefix->length &&
	       memcmp(name->at, prefix->at, prefix->length * sizeof(oid)) == 0;
}

static enum mib_outcome expected_outcome(const struct name *name)
{
	for (size_t i = 0; i < ENTRIES(list); i++)
		if (compare(&list[i].name, name) == 0)
			return MIB_FOUND;
	for (size_t type = 0; type < ENTRIES(object_types); type++)
		if (begins_with(name, &object_types[type]))
			return MIB_NO_INSTANCE;
	return MIB_NO_OBJECT;
}

static size_t expected_place(const struct name *name, bool inclusive)
{
	size_t i = 0;

	while (i < ENTRIES(list) && compare(&list[i].name, name) < (inclusive ? 0 : 1))
		i++;
	return i;
}

/* ---- the comparison ---- */

static unsigned int tried;

static void assert_instance(const struct mib_instance *instance, size_t i)
{
	struct name name = {.length = instance->name_length};

	assert_true(instance->name_length <= MIB_NAME_MAX);
	memcpy(name.at, instance->name, instance->name_length * sizeof(oid));
	assert_int_equal(compare(&name, &list[i].name), 0);
	assert_int_equal(instance->type, list[i].type);
	assert_int_equal(instance->value.number, list[i].number);
}

static void try_next(const struct name *name, bool inclusive)
{
	const struct served served = {0};
	size_t i = expected_place(name, inclusive);
	struct mib_instance instance;

	assert_int_equal(mib_next(tree, &served, name->at, name->length, inclusive, &instance),
			 i < ENTRIES(list));
	if (i < ENTRIES(list))
		assert_instance(&instance, i);
}

static void try_name(const struct name *name)
{
	const struct served served = {0};
	enum mib_outcome outcome = expected_outcome(name);
	struct mib_instance instance;

	tried++;
	assert_int_equal(mib_get(tree, &served, name->at, name->length, &instance), outcome);
	if (outcome == MIB_FOUND)
		assert_instance(&instance, expected_place(name, true));
	try_next(name, false);
	try_next(name, true);
}

/* ---- the names ---- */

typedef void use_name(const struct name *name);

static struct name with(const struct name *name, size_t i, oid value)
{
	struct name changed = *name;

	changed.at[i] = value;
	return changed;
}

static struct name without(const struct name *name, size_t i)
{
	struct name changed = *name;

	changed.length--;
	memmove(changed.at + i, changed.at + i + 1, (changed.length - i) * sizeof(oid));
	return changed;
}

static struct name with_added(const struct name *name, size_t i, oid value)
{
	struct name changed = *name;

	changed.length++;
	memmove(changed.at + i + 1, changed.at + i, (name->length - i) * sizeof(oid));
	changed.at[i] = value;
	return changed;
}

/* Every name that differs from @p name in one sub-identifier, and every prefix of it. */
static void for_each_neighbour(const struct name *name, use_name *use)
{
	static const oid values[] = {0, 1, 2, 'a', LARGEST};
	struct name neighbour = *name;

	for (neighbour.length = 0; neighbour.length < name->length; neighbour.length++)
		use(&neighbour);
	use(name);
	for (size_t i = 0; i < name->length; i++) {
		neighbour = without(name, i);
		use(&neighbour);
		neighbour = with(name, i, name->at[i] + 1);
		if (name->at[i] < LARGEST)
			use(&neighbour);
		neighbour = with(name, i, name->at[i] - 1);
		if (name->at[i] > 0)
			use(&neighbour);
	}
	for (size_t i = 0; name->length < NAME_MAX_TRIED && i <= name->length; i++) {
		for (size_t value = 0; value < ENTRIES(values); value++) {
			neighbour = with_added(name, i, values[value]);
			use(&neighbour);
		}
	}
}

static void try_neighbours(const struct name *name)
{
	for_each_neighbour(name, try_name);
}

static void each_name_gets_the_listed_value(void **state)
{
	const struct name nothing_named = {0};

	(void)state;
	tried = 0;
	for_each_neighbour(&nothing_named, try_neighbours);
	for (size_t type = 0; type < ENTRIES(object_types); type++)
		for_each_neighbour(&object_types[type], try_neighbours);
	for (size_t i = 0; i < ENTRIES(list); i++)
		for_each_neighbour(&list[i].name, try_neighbours);
	assert_true(tried > 10000);
}

static void a_walk_visits_the_list(void **state)
{
	const struct served served = {0};
	struct mib_instance instance = {.name_length = 0};
	size_t visited = 0;
	struct name last = {0};

	(void)state;
	while (mib_next(tree, &served, last.at, last.length, false, &instance)) {
		assert_true(visited < ENTRIES(list));
		assert_instance(&instance, visited);
		last.length = instance.name_length;
		memcpy(last.at, instance.name, instance.name_length * sizeof(oid));
		visited++;
	}
	assert_int_equal(visited, ENTRIES(list));
}

static void a_tree_without_tables_has_nothing(void **state)
{
	static const struct mib_table *const bare[] = {NULL};
	static const oid name[] = {1};
	const struct served served = {0};
	struct mib_instance instance;

	(void)state;
	assert_int_equal(mib_get(bare, &served, name, 1, &instance), MIB_NO_OBJECT);
	assert_false(mib_next(bare, &served, name, 0, true, &instance));
}

/* ---- the MIB's own tables ---- */

/* Continues with the next instance of a table; returns false at its end. */
static bool walk(const struct mib_table *table, const struct served *served,
		 struct mib_instance *instance)
{
	const struct mib_table *const tables[] = {table, NULL};
	struct mib_instance next;

	if (!mib_next(tables, served, instance->name, instance->name_length, false, &next))
		return false;
	*instance = next;
	return true;
}

static void assert_name(const struct mib_instance *instance, const struct name *name)
{
	assert_int_equal(instance->name_length, name->length);
	assert_memory_equal(instance->name, name->at, name->length * sizeof(oid));
}

static void the_tables_are_in_the_order_of_their_places(void **state)
{
	struct name last = {0};

	(void)state;
	for (size_t table = 0; mib_tables[table] != NULL; table++) {
		struct name i = {.length = mib_tables[table]->at_length};

		assert_between(i.length, 1, MIB_ENTRY_OID_MAX);
		memcpy(i.at, mib_tables[table]->at, i.length * sizeof(oid));
		assert_true(compare(&last, &i) < 0);
		assert_false(last.length > 0 && begins_with(&i, &last));
		assert_true(mib_tables[table]->objects_count > 0);
		for (size_t object = 1; object < mib_tables[table]->objects_count; object++)
			assert_true(mib_tables[table]->objects[object - 1].number <
				    mib_tables[table]->objects[object].number);
		last = i;
	}
}

/* Each count is different: family * 100 + state, both counted from 1. */
static void each_state_has_its_count_and_its_label(void **state)
{
	static const char *const labels[2][11] = {
		{"ipv4 closed", "ipv4 listen", "ipv4 synSent", "ipv4 synReceived",
		 "ipv4 established", "ipv4 finWait1", "ipv4 finWait2", "ipv4 closeWait",
		 "ipv4 lastAck", "ipv4 closing", "ipv4 timeWait"},
		{"ipv6 closed", "ipv6 listen", "ipv6 synSent", "ipv6 synReceived",
		 "ipv6 established", "ipv6 finWait1", "ipv6 finWait2", "ipv6 closeWait",
		 "ipv6 lastAck", "ipv6 closing", "ipv6 timeWait"},
	};
	struct snapshot snapshot = {0};
	struct report report = {.holders = 1, .number = 1, .snapshot = &snapshot};
	const struct served served = {.latest = &report, .report = &report};
	struct mib_instance instance = {.name_length = 0};

	(void)state;
	for (uint32_t family = 0; family < 2; family++)
		for (uint32_t i = 0; i < 11; i++)
			snapshot.sockets[family][i] = (family + 1) * 100 + i + 1;
	for (oid family = 1; family <= 2; family++) {
		for (oid i = 1; i <= 11; i++) {
			const struct name name = NAME(1, 1, 1, 3, family, i);

			assert_true(walk(&state_count_table, &served, &instance));
			assert_name(&instance, &name);
			assert_int_equal(instance.type, ASN_GAUGE);
			assert_int_equal(instance.value.number, family * 100 + i);
		}
	}
	for (size_t row = 0; row < 2 * FAMILY_STATES; row++)
		assert_true(walk(&state_count_table, &served, &instance));
	for (oid family = 1; family <= 2; family++) {
		for (oid i = 1; i <= 11; i++) {
			const struct name name = NAME(1, 1, 1, 6, family, i);

			assert_true(walk(&state_count_table, &served, &instance));
			assert_name(&instance, &name);
			assert_int_equal(instance.type, ASN_OCTET_STR);
			assert_string_equal(instance.value.text, labels[family - 1][i - 1]);
		}
	}
	assert_false(walk(&state_count_table, &served, &instance));
}

static void counts_that_are_too_old_have_no_rows(void **state)
{
	struct snapshot snapshot = {0};
	struct report report = {.holders = 1, .number = 1, .snapshot = &snapshot};
	const struct served served = {.latest = &report};
	const oid name[] = {1, 1, 1, 3, 1, 1};
	struct mib_instance instance = {.name_length = 0};

	(void)state;
	assert_false(walk(&state_count_table, &served, &instance));
	assert_int_equal(mib_get(mib_tables, &served, name, ENTRIES(name), &instance),
			 MIB_NO_INSTANCE);
}

static void assert_scalar(const struct served *served, struct mib_instance *instance, oid number,
			  u_char type, uint64_t value)
{
	const struct name name = NAME(1, 8, number, 0);

	assert_true(walk(&refresh_scalars, served, instance));
	assert_name(instance, &name);
	assert_int_equal(instance->type, type);
	if (type != ASN_OCTET_STR)
		assert_int_equal(instance->value.number, value);
}

/* Served even if the counts are stale. */
static void the_health_of_refreshes_is_served(void **state)
{
	const struct history refreshes = {
		.failed = UINT32_MAX,
		.interval_ns = 1500 * NS_PER_MS,
		.window_ns = 86400 * NS_PER_SECOND,
		.last_error = "counting: it rains",
	};
	struct snapshot snapshot = {
		.taken_ns = 7 * NS_PER_SECOND, .duration_us = 4321, .listeners_omitted = 5};
	struct report report = {.holders = 1, .number = 12, .snapshot = &snapshot};
	const struct served served = {
		.latest = &report,
		.refreshes = &refreshes,
		.now_ns = 9 * NS_PER_SECOND + 345 * NS_PER_MS,
	};
	struct mib_instance instance = {.name_length = 0};

	(void)state;
	assert_scalar(&served, &instance, 1, ASN_GAUGE, 1500);
	assert_scalar(&served, &instance, 2, ASN_TIMETICKS, 234);
	assert_scalar(&served, &instance, 3, ASN_GAUGE, 4321);
	assert_scalar(&served, &instance, 4, ASN_COUNTER, 12);
	assert_scalar(&served, &instance, 5, ASN_COUNTER, UINT32_MAX);
	assert_scalar(&served, &instance, 6, ASN_OCTET_STR, 0);
	assert_string_equal(instance.value.text, "counting: it rains");
	assert_scalar(&served, &instance, 7, ASN_INTEGER, 1);
	assert_scalar(&served, &instance, 8, ASN_GAUGE, 86400);
	assert_scalar(&served, &instance, 9, ASN_OCTET_STR, 0);
	assert_scalar(&served, &instance, 10, ASN_GAUGE, 5);
	assert_false(walk(&refresh_scalars, &served, &instance));
}

static void there_is_no_age_before_the_first_success(void **state)
{
	const struct history refreshes = {.failed = 3, .interval_ns = NS_PER_SECOND};
	const struct served served = {.refreshes = &refreshes, .now_ns = NS_PER_SECOND};
	struct mib_instance instance = {.name_length = 0};

	(void)state;
	assert_scalar(&served, &instance, 1, ASN_GAUGE, 1000);
	assert_scalar(&served, &instance, 4, ASN_COUNTER, 0);
	assert_scalar(&served, &instance, 5, ASN_COUNTER, 3);
	assert_scalar(&served, &instance, 6, ASN_OCTET_STR, 0);
	assert_string_equal(instance.value.text, "");
	assert_scalar(&served, &instance, 8, ASN_GAUGE, 0);
	assert_scalar(&served, &instance, 9, ASN_OCTET_STR, 0);
	assert_false(walk(&refresh_scalars, &served, &instance));
}

/* ---- a complete MIB ---- */

/* Listeners of each kind, watches that are known, by unit and unknown, thresholds with each status.
 */
static struct listener listeners[] = {
	{
		.endpoint = {FAMILY_IPV4, {0}, 0, 80},
		.sockets = 1,
		.fill = 1,
		.fill_max = 1,
		.queued_max = 10,
		.queued = 2,
		.backlog = 128,
		.dropped = 3,
		.syn_queue = 20,
	},
	{
		.endpoint = {FAMILY_IPV4, {127, 0, 0, 1}, 0, 25},
		.sockets = 2,
		.fill = 0,
		.fill_max = 0,
		.queued_max = 11,
		.queued = 0,
		.backlog = 256,
		.dropped = UINT64_C(1) << 32 | 5,
		.syn_queue = 21,
	},
	{
		.endpoint = {FAMILY_IPV6, {0}, 0, 80},
		.sockets = 3,
		.fill = 80,
		.fill_max = 99,
		.queued_max = 12,
		.queued = 4,
		.backlog = 5,
		.dropped = 6,
		.syn_queue = 22,
	},
	{
		.endpoint = {FAMILY_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 1}, 0, 65535},
		.sockets = 4,
		.fill = 0,
		.fill_max = 0,
		.queued_max = 13,
		.queued = 0,
		.backlog = UINT64_C(9) << 32,
		.dropped = 0,
		.syn_queue = 23,
	},
	{
		.endpoint = {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, 2, 22},
		.sockets = 5,
		.fill = 85,
		.fill_max = 100,
		.queued_max = 14,
		.queued = 6,
		.backlog = 7,
		.dropped = 8,
		.syn_queue = 24,
	},
	{
		.endpoint = {FAMILY_IPV6, {0xfe, 0x80, [15] = 1}, UINT32_MAX, 22},
		.sockets = 1,
		.fill = 0,
		.fill_max = 0,
		.queued_max = 15,
		.queued = 0,
		.backlog = 0,
		.dropped = 0,
		.syn_queue = 25,
	},
};
static struct watch_count watches[] = {
	{
		.name = "web",
		.text = "port 80,443",
		.known = true,
		.port_use_known = true,
		.port_use = 7,
		.sockets = {[FAMILY_IPV4] = {[STATE_ESTABLISHED] = 4},
			    [FAMILY_IPV6] = {[STATE_TIME_WAIT] = 5}},
	},
	{
		.name = "units",
		.text = "unit a.service",
		.known = true,
		.by_unit = true,
		.sockets = {[FAMILY_IPV6] = {[STATE_CLOSE_WAIT] = 6}},
	},
	{.name = "unknown", .text = "unit b.service", .by_unit = true},
};
static const char *const threshold_texts[] = {
	"a host tcpHostMemory 90",
	"ab watch web established 1: clear 2: hold 2",
	"b state any listen @1:2",
	"c listen any 50",
};

#define INSTANCES                                                                            \
	((2 * 11 + 11) * 4 + 2 * 4 + 26 + ENTRIES(listeners) * 10 + 2 * 11 * 4 + 2 * 9 * 4 + \
	 4 * 10 - 1 + 10 + 1 + 3 + 2 + 1 + 3 * 2 * 3)

static char listen_owners[] = "nginx.service, a";

static const struct report_owner owners[] = {
	{.name = "/", .sockets = {[STATE_LISTEN] = 4}, .max = {[STATE_LISTEN] = 5}},
	{.name = "(none)", .sockets = {[STATE_CLOSE_WAIT] = 6}, .max = {[STATE_CLOSE_WAIT] = 7}},
	{.name = "/a.service-with-a-name-of-forty-eight-octets....", .max = {[STATE_LISTEN] = 1}},
};

/* 2026-07-05 12:15:00 UTC */
#define STARTED_NS (INT64_C(1783253700) * NS_PER_SECOND)

static struct snapshot whole_snapshot;
static struct report *whole_report;
static struct history whole_refreshes;
static struct served whole;

static void evaluate_whole(void)
{
	struct thresholds *thresholds = thresholds_new();
	struct evaluation *evaluation;

	for (size_t i = 0; i < ENTRIES(threshold_texts); i++) {
		struct threshold threshold;
		const char *problem;

		assert_int_equal(threshold_parse(threshold_texts[i], &threshold, &problem), 0);
		assert_int_equal(thresholds_add(&thresholds, &threshold), 0);
	}
	evaluation = evaluation_begin(thresholds, NULL);
	whole_report->evaluation =
		evaluation_next(evaluation, &whole_snapshot, NULL, STARTED_NS + NS_PER_SECOND / 2);
	evaluation_release(evaluation);
	thresholds_release(thresholds);
}

static int make_whole(void **state)
{
	(void)state;
	whole_snapshot = (struct snapshot){
		.taken_ns = 50 * NS_PER_SECOND,
		.method = METHOD_DERIVED,
		.sockets = {[FAMILY_IPV4][STATE_LISTEN] = 1, [FAMILY_IPV6][STATE_LISTEN] = 1},
		.listeners = listeners,
		.listeners_count = ENTRIES(listeners),
		.listeners_omitted = 17,
		.listen_fill = 85,
		.watches = watches,
		.watches_count = ENTRIES(watches),
		.owners_known = true,
		.listen_owners = listen_owners,
	};
	for (enum host_object object = 0; object < HOST_OBJECTS; object++)
		host_set(&whole_snapshot.host, object, 1000U + object);
	whole_report = report_new(&whole_snapshot, 9);
	whole_report->watches[0][FAMILY_IPV6][STATE_TIME_WAIT] = (struct extremes){3, 8};
	whole_report->owners = malloc(sizeof(owners));
	memcpy(whole_report->owners, owners, sizeof(owners));
	whole_report->owners_count = ENTRIES(owners);
	whole_report->owner_states[0] = STATE_LISTEN;
	whole_report->owner_states[1] = STATE_CLOSE_WAIT;
	whole_report->owner_states_count = 2;
	evaluate_whole();
	whole = (struct served){
		.latest = whole_report,
		.report = whole_report,
		.evaluation = whole_report->evaluation,
		.refreshes = &whole_refreshes,
		.notifications_dropped = 77,
		.now_ns = 51 * NS_PER_SECOND,
		.up_from_ns = 20 * NS_PER_SECOND,
		.started_real_ns = STARTED_NS,
	};
	return 0;
}

static int release_whole(void **state)
{
	(void)state;
	/* the snapshot is not freed */
	evaluation_release(whole_report->evaluation);
	free(whole_report->watches);
	free(whole_report->owners);
	free(whole_report);
	return 0;
}

static struct mib_instance get(const struct name *name)
{
	struct mib_instance instance = {0};

	assert_int_equal(mib_get(mib_tables, &whole, name->at, name->length, &instance), MIB_FOUND);
	assert_name(&instance, name);
	return instance;
}

static void assert_number(struct name name, u_char type, uint64_t number)
{
	struct mib_instance instance = get(&name);

	assert_int_equal(instance.type, type);
	assert_int_equal(instance.value.number, number);
}

static void assert_text(struct name name, const char *text)
{
	struct mib_instance instance = get(&name);

	assert_int_equal(instance.type, ASN_OCTET_STR);
	assert_string_equal(instance.value.text, text);
}

static void assert_no_instance(struct name name)
{
	struct mib_instance instance;

	assert_int_equal(mib_get(mib_tables, &whole, name.at, name.length, &instance),
			 MIB_NO_INSTANCE);
}

static size_t walk_whole(void)
{
	struct name last = {0};
	struct mib_instance instance;
	size_t visited = 0;

	while (mib_next(mib_tables, &whole, last.at, last.length, false, &instance)) {
		struct name name = {.length = instance.name_length};
		struct mib_instance got, again;

		memcpy(name.at, instance.name, instance.name_length * sizeof(oid));
		assert_true(compare(&last, &name) < 0);
		got = get(&name);
		assert_true(mib_next(mib_tables, &whole, name.at, name.length, true, &again));
		assert_name(&again, &name);
		assert_int_equal(got.type, instance.type);
		if (got.type == ASN_OCTET_STR)
			assert_string_equal(got.value.text, instance.value.text);
		else
			assert_int_equal(got.value.number, instance.value.number);
		last = name;
		visited++;
	}
	return visited;
}

static void a_complete_walk_ascends_and_equals_gets(void **state)
{
	(void)state;
	assert_int_equal(walk_whole(), INSTANCES);
	whole.report = NULL;
	whole.too_old = true;
	assert_int_equal(walk_whole(), 4 * 9 - 1 + 10 + 1);
}

#define ZEROS_10 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define ZEROS_13 ZEROS_10, 0, 0, 0
#define ZEROS_16 ZEROS_13, 0, 0, 0
#define LINK_LOCAL 0xfe, 0x80, ZEROS_13, 1

static void owners_are_indexed_by_name_and_state(void **state)
{
	(void)state;
	assert_number((struct name)NAME(1, 11, 1, 2, 1, '/', 2), ASN_GAUGE, 4);
	assert_number((struct name)NAME(1, 11, 1, 3, 1, '/', 2), ASN_GAUGE, 5);
	assert_text((struct name)NAME(1, 11, 1, 4, 1, '/', 8), "/ closeWait");
	assert_number((struct name)NAME(1, 11, 1, 2, 6, '(', 'n', 'o', 'n', 'e', ')', 8), ASN_GAUGE,
		      6);
	assert_no_instance((struct name)NAME(1, 11, 1, 2, 1, '/', 11));
	assert_no_instance((struct name)NAME(1, 11, 1, 2, 1, 'a', 2));
	assert_text((struct name)NAME(1, 5, 1, 9, 1, 4, 0, 0, 0, 0, 80), "nginx.service, a");
	whole_snapshot.owners_known = false;
	assert_no_instance((struct name)NAME(1, 5, 1, 9, 1, 4, 0, 0, 0, 0, 80));
	whole_snapshot.owners_known = true;
}

static void listeners_are_indexed_as_in_tcp_mib(void **state)
{
	(void)state;
	assert_text((struct name)NAME(1, 5, 1, 6, 1, 4, 0, 0, 0, 0, 80), "0.0.0.0:80");
	assert_text((struct name)NAME(1, 5, 1, 6, 1, 4, 127, 0, 0, 1, 25), "127.0.0.1:25");
	assert_text((struct name)NAME(1, 5, 1, 6, 2, 16, ZEROS_16, 80), "[::]:80");
	assert_text((struct name)NAME(1, 5, 1, 6, 2, 16, 0x20, 1, 0xd, 0xb8, ZEROS_10, 0, 1, 65535),
		    "[2001:db8::1]:65535");
	assert_text((struct name)NAME(1, 5, 1, 6, 4, 20, LINK_LOCAL, 0, 0, 0, 2, 22),
		    "[fe80::1%2]:22");
	assert_text((struct name)NAME(1, 5, 1, 6, 4, 20, LINK_LOCAL, 255, 255, 255, 255, 22),
		    "[fe80::1%4294967295]:22");
	assert_no_instance((struct name)NAME(1, 5, 1, 6, 1, 4, 0, 0, 0, 0, 81));
	assert_no_instance((struct name)NAME(1, 5, 1, 6, 2, 16, LINK_LOCAL, 22));
	assert_number((struct name)NAME(1, 5, 1, 1, 1, 4, 127, 0, 0, 1, 25), ASN_GAUGE, 2);
	assert_number((struct name)NAME(1, 5, 1, 2, 1, 4, 0, 0, 0, 0, 80), ASN_GAUGE, 2);
	assert_number((struct name)NAME(1, 5, 1, 3, 1, 4, 127, 0, 0, 1, 25), ASN_GAUGE, 11);
	assert_number((struct name)NAME(1, 5, 1, 4, 1, 4, 127, 0, 0, 1, 25), ASN_GAUGE, 256);
	assert_number(
		(struct name)NAME(1, 5, 1, 4, 2, 16, 0x20, 1, 0xd, 0xb8, ZEROS_10, 0, 1, 65535),
		ASN_GAUGE, UINT64_C(9) << 32);
	assert_number((struct name)NAME(1, 5, 1, 5, 1, 4, 127, 0, 0, 1, 25), ASN_COUNTER,
		      UINT64_C(1) << 32 | 5);
	assert_number((struct name)NAME(1, 5, 1, 7, 2, 16, ZEROS_16, 80), ASN_GAUGE, 80);
	assert_number((struct name)NAME(1, 5, 1, 8, 2, 16, ZEROS_16, 80), ASN_GAUGE, 99);
	assert_number((struct name)NAME(1, 5, 1, 10, 2, 16, ZEROS_16, 80), ASN_GAUGE, 22);
	assert_number((struct name)NAME(1, 8, 10, 0), ASN_GAUGE, 17);
}

#define WEB 3, 'w', 'e', 'b'
#define UNITS 5, 'u', 'n', 'i', 't', 's'
#define UNKNOWN 7, 'u', 'n', 'k', 'n', 'o', 'w', 'n'

static void watches_have_a_row_for_every_family_and_state(void **state)
{
	(void)state;
	assert_number((struct name)NAME(1, 6, 1, 1, WEB, 1, 5), ASN_GAUGE, 4);
	assert_number((struct name)NAME(1, 6, 1, 1, WEB, 2, 5), ASN_GAUGE, 0);
	assert_number((struct name)NAME(1, 6, 1, 1, WEB, 2, 11), ASN_GAUGE, 5);
	assert_number((struct name)NAME(1, 6, 1, 2, WEB, 2, 11), ASN_GAUGE, 3);
	assert_number((struct name)NAME(1, 6, 1, 3, WEB, 2, 11), ASN_GAUGE, 8);
	assert_text((struct name)NAME(1, 6, 1, 4, WEB, 1, 8), "web ipv4 closeWait");
	assert_no_instance((struct name)NAME(1, 6, 1, 1, WEB, 1, 12));
	assert_no_instance((struct name)NAME(1, 6, 1, 1, WEB, 0, 5));
	assert_no_instance((struct name)NAME(1, 6, 1, 1, 2, 'w', 'e', 'b', 1, 5));
	assert_text((struct name)NAME(1, 10, 1, 2, WEB), "port 80,443");
	assert_number((struct name)NAME(1, 10, 1, 3, WEB), ASN_GAUGE, 9);
	assert_number((struct name)NAME(1, 10, 1, 4, WEB), ASN_GAUGE, 7);
}

static void watches_by_unit_have_no_minisockets(void **state)
{
	(void)state;
	assert_number((struct name)NAME(1, 6, 1, 1, UNITS, 2, 8), ASN_GAUGE, 6);
	assert_number((struct name)NAME(1, 6, 1, 1, UNITS, 2, 7), ASN_GAUGE, 0);
	assert_no_instance((struct name)NAME(1, 6, 1, 1, UNITS, 1, 4));
	assert_no_instance((struct name)NAME(1, 6, 1, 4, UNITS, 1, 11));
	assert_number((struct name)NAME(1, 10, 1, 3, UNITS), ASN_GAUGE, 6);
	assert_no_instance((struct name)NAME(1, 10, 1, 4, UNITS));
	assert_no_instance((struct name)NAME(1, 6, 1, 1, UNKNOWN, 2, 8));
	assert_text((struct name)NAME(1, 10, 1, 2, UNKNOWN), "unit b.service");
	assert_no_instance((struct name)NAME(1, 10, 1, 3, UNKNOWN));
}

static void thresholds_are_served_with_their_status(void **state)
{
	(void)state;
	assert_text((struct name)NAME(1, 7, 1, 2, 2, 'a', 'b'), "watch web established");
	assert_text((struct name)NAME(1, 7, 1, 3, 2, 'a', 'b'), "1:");
	assert_text((struct name)NAME(1, 7, 1, 4, 2, 'a', 'b'), "2:");
	assert_number((struct name)NAME(1, 7, 1, 5, 2, 'a', 'b'), ASN_GAUGE, 4);
	assert_number((struct name)NAME(1, 7, 1, 6, 2, 'a', 'b'), ASN_INTEGER, 1);
	assert_number((struct name)NAME(1, 7, 1, 7, 2, 'a', 'b'), ASN_TIMETICKS, 0);
	assert_number((struct name)NAME(1, 7, 1, 8, 2, 'a', 'b'), ASN_COUNTER, 0);
	assert_text((struct name)NAME(1, 7, 1, 9, 2, 'a', 'b'), "ab");
	assert_number((struct name)NAME(1, 7, 1, 5, 1, 'b'), ASN_GAUGE, 2);
	assert_number((struct name)NAME(1, 7, 1, 6, 1, 'b'), ASN_INTEGER, 2);
	assert_number((struct name)NAME(1, 7, 1, 7, 1, 'b'), ASN_TIMETICKS, 3000);
	assert_number((struct name)NAME(1, 7, 1, 8, 1, 'b'), ASN_COUNTER, 1);
	assert_text((struct name)NAME(1, 7, 1, 10, 1, 'b'), "");
	assert_text((struct name)NAME(1, 7, 1, 10, 1, 'c'),
		    "[fe80::1%2]:22 nginx.service 85 %, [::]:80 nginx.service 80 %, "
		    "0.0.0.0:80 nginx.service 1 %");
	assert_no_instance((struct name)NAME(1, 7, 1, 9, 'a', 'b'));
	assert_no_instance((struct name)NAME(1, 7, 1, 9, 1, 'a', 'b'));
	/* a stale value is not served, but the status is */
	whole.too_old = true;
	assert_no_instance((struct name)NAME(1, 7, 1, 5, 1, 'b'));
	assert_number((struct name)NAME(1, 7, 1, 6, 1, 'b'), ASN_INTEGER, 2);
	/* sysUpTime started after it was raised */
	whole.up_from_ns = 51 * NS_PER_SECOND;
	assert_number((struct name)NAME(1, 7, 1, 7, 1, 'b'), ASN_TIMETICKS, 0);
}

/* Both were at a quarter past noon, and have more octets than a text would. */
static void dates_are_served_with_their_null_characters(void **state)
{
	static const uint8_t started[] = {7, 0xea, 7, 5, 12, 15, 0, 0, '+', 0, 0};
	static const uint8_t since[] = {7, 0xea, 7, 5, 12, 15, 50, 5, '+', 0, 0};
	struct mib_instance instance;

	(void)state;
	setenv("TZ", "UTC0", 1);
	date_read_zone();
	instance = get(&(struct name)NAME(1, 8, 9, 0));
	assert_int_equal(instance.type, ASN_OCTET_STR);
	assert_int_equal(instance.value.length, sizeof(started));
	assert_memory_equal(instance.value.text, started, sizeof(started));
	instance = get(&(struct name)NAME(1, 7, 1, 11, 1, 'b'));
	assert_int_equal(instance.value.length, sizeof(since));
	assert_memory_equal(instance.value.text, since, sizeof(since));
	/* never changed */
	assert_no_instance((struct name)NAME(1, 7, 1, 11, 2, 'a', 'b'));
	instance = get(&(struct name)NAME(1, 7, 1, 9, 2, 'a', 'b'));
	assert_int_equal(instance.value.length, 2);
}

static void known_host_objects_are_served(void **state)
{
	static const enum host_object objects[] = {
		HOST_ORPHANS,        HOST_ORPHANS_MAX,     HOST_TIME_WAITS,
		HOST_TIME_WAITS_MAX, HOST_ALLOCATED,       HOST_MEMORY,
		HOST_MEMORY_MAX,     HOST_SOCKETS_USED,    HOST_LISTEN_OVERFLOWS,
		HOST_LISTEN_DROPS,   HOST_SYNCOOKIES_SENT, HOST_TIME_WAIT_OVERFLOWS,
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(objects); i++) {
		const struct name name = NAME(1, 4, i + 1, 0);

		assert_number(name, i < 8 ? ASN_GAUGE : ASN_COUNTER64, 1000U + objects[i]);
		whole_snapshot.host.known[objects[i]] = false;
		assert_no_instance(name);
	}
}

static void families_have_other_sockets_too(void **state)
{
	(void)state;
	assert_number((struct name)NAME(1, 3, 1, 2, 1), ASN_GAUGE, 1);
	assert_number((struct name)NAME(1, 3, 1, 3, 1), ASN_GAUGE, 1000 + HOST_UDP_IPV4);
	assert_number((struct name)NAME(1, 3, 1, 3, 2), ASN_GAUGE, 1000 + HOST_UDP_IPV6);
	assert_number((struct name)NAME(1, 3, 1, 4, 1), ASN_GAUGE, 1000 + HOST_RAW_IPV4);
	assert_number((struct name)NAME(1, 3, 1, 4, 2), ASN_GAUGE, 1000 + HOST_RAW_IPV6);
	assert_number((struct name)NAME(1, 3, 1, 5, 1), ASN_GAUGE, 1000 + HOST_FRAGMENTS_IPV4);
	assert_number((struct name)NAME(1, 3, 1, 5, 2), ASN_GAUGE, 1000 + HOST_FRAGMENTS_IPV6);
	whole_snapshot.host.known[HOST_UDP_IPV6] = false;
	assert_number((struct name)NAME(1, 3, 1, 3, 1), ASN_GAUGE, 1000 + HOST_UDP_IPV4);
	assert_no_instance((struct name)NAME(1, 3, 1, 3, 2));
}

static void totals_and_other_objects_are_served(void **state)
{
	(void)state;
	assert_number((struct name)NAME(1, 2, 1, 2, 2), ASN_GAUGE, 2);
	assert_text((struct name)NAME(1, 2, 1, 5, 11), "timeWait");
	assert_number((struct name)NAME(1, 8, 7, 0), ASN_INTEGER, 2);
	assert_number((struct name)NAME(1, 9, 1, 0), ASN_COUNTER, 77);
}

#define WHOLE(function) cmocka_unit_test_setup_teardown(function, make_whole, release_whole)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_gets_the_listed_value),
		cmocka_unit_test(a_walk_visits_the_list),
		cmocka_unit_test(a_tree_without_tables_has_nothing),
		cmocka_unit_test(the_tables_are_in_the_order_of_their_places),
		cmocka_unit_test(each_state_has_its_count_and_its_label),
		cmocka_unit_test(counts_that_are_too_old_have_no_rows),
		cmocka_unit_test(the_health_of_refreshes_is_served),
		cmocka_unit_test(there_is_no_age_before_the_first_success),
		WHOLE(a_complete_walk_ascends_and_equals_gets),
		WHOLE(owners_are_indexed_by_name_and_state),
		WHOLE(listeners_are_indexed_as_in_tcp_mib),
		WHOLE(watches_have_a_row_for_every_family_and_state),
		WHOLE(watches_by_unit_have_no_minisockets),
		WHOLE(thresholds_are_served_with_their_status),
		WHOLE(dates_are_served_with_their_null_characters),
		WHOLE(known_host_objects_are_served),
		WHOLE(families_have_other_sockets_too),
		WHOLE(totals_and_other_objects_are_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
