/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET and GETNEXT in the MIB's own tables. The input makes the report that is served and then the
 * names that are asked for; what each should get is looked up in a list of all instances, which is
 * made without the look-up that is tested.
 */
#include "agent/mib_tree.c"

#include "agent/tables.h"
#include "clock.h"
#include "fuzz.h"

#define ROWS_MAX 7
#define NAME_LENGTH_MAX (MIB_NAME_MAX + 4)
/* Of the fixed tables some 200; a listener has 6, a watch 91 and a threshold 10. */
#define INSTANCES_MAX (256 + ROWS_MAX * (6 + 91 + 8))

struct name {
	oid at[NAME_LENGTH_MAX];
	size_t length;
};

static struct name instances[INSTANCES_MAX];
static size_t instances_count;

/* ---- the input ---- */

/* An input that is used up number by number; when nothing is left, they are 0. */
struct input {
	const uint8_t *data;
	size_t left;
};

static uint8_t take_octet(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->data++;
}

static uint32_t take_number(struct input *input)
{
	uint32_t number = 0;

	for (int octet = 0; octet < 4; octet++)
		number = number << 8 | take_octet(input);
	return number;
}

/* ---- the report ---- */

static int compare_listeners(const void *left, const void *right)
{
	return endpoint_compare(&((const struct listener *)left)->endpoint,
				&((const struct listener *)right)->endpoint);
}

static void make_listeners(struct snapshot *snapshot, struct input *input)
{
	size_t count = take_octet(input) % ROWS_MAX;

	snapshot->listeners = calloc(ROWS_MAX, sizeof(*snapshot->listeners));
	assert(snapshot->listeners != NULL);
	for (size_t i = 0; i < count; i++) {
		struct listener *listener = &snapshot->listeners[i];
		struct endpoint *endpoint = &listener->endpoint;
		uint8_t kind = take_octet(input);

		endpoint->family = kind & 1 ? FAMILY_IPV6 : FAMILY_IPV4;
		endpoint->address[3] = take_octet(input);
		if (kind & 1)
			endpoint->address[15] = take_octet(input);
		if ((kind & 3) == 3)
			endpoint->zone = take_number(input);
		endpoint->port = (uint16_t)(take_octet(input) << 8 | take_octet(input));
		listener->queued = take_octet(input);
	}
	qsort(snapshot->listeners, count, sizeof(*snapshot->listeners), compare_listeners);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 ||
		    compare_listeners(&snapshot->listeners[i - 1], &snapshot->listeners[i]) != 0)
			snapshot->listeners[snapshot->listeners_count++] = snapshot->listeners[i];
	}
}

static void make_watches(struct snapshot *snapshot, struct input *input)
{
	size_t count = take_octet(input) % ROWS_MAX;
	struct watches *watches = watches_new();
	struct watch watch;

	assert(watches != NULL);
	while (count-- > 0) {
		watch_of_port((uint16_t)(take_octet(input) << 8 | take_octet(input)), &watch);
		watch.units_count = take_octet(input) & 1;
		watches_add(&watches, &watch);
	}
	assert(snapshot_add_watches(snapshot, watches->count) == 0);
	for (size_t i = 0; i < watches->count; i++) {
		struct watch_count *counted = &snapshot->watches[i];

		strcpy(counted->name, watches->watch[i].name);
		counted->by_unit = watches->watch[i].units_count > 0;
		counted->known = take_octet(input) & 1;
		counted->port_use_known = counted->known && !counted->by_unit;
	}
	free(watches);
}

static void make_host(struct host *host, struct input *input)
{
	uint64_t known = (uint64_t)take_number(input) << 32 | take_number(input);

	for (enum host_object object = 0; object < HOST_OBJECTS; object++) {
		if (known & UINT64_C(1) << object)
			host_set(host, object, known);
	}
}

static void make_name(char name[THRESHOLD_NAME_MAX + 1], struct input *input)
{
	size_t length = 1 + take_octet(input) % THRESHOLD_NAME_MAX;

	for (size_t i = 0; i < length; i++)
		name[i] = (char)('!' + take_octet(input) % ('~' - '!' + 1));
}

static struct evaluation *make_evaluation(struct input *input)
{
	struct thresholds *thresholds = thresholds_new();
	size_t count = take_octet(input) % ROWS_MAX;
	struct evaluation *evaluation;

	assert(thresholds != NULL);
	while (count-- > 0) {
		struct threshold threshold = {.metric_text = "host tcpHostOrphans", .hold = 1};

		make_name(threshold.name, input);
		thresholds_add(&thresholds, &threshold);
	}
	evaluation = evaluation_begin(thresholds, NULL);
	assert(evaluation != NULL);
	for (size_t i = 0; i < thresholds->count; i++)
		evaluation->states[i].has_value = take_octet(input) & 1;
	thresholds_release(thresholds);
	return evaluation;
}

static struct report *make_report(struct input *input)
{
	struct snapshot *snapshot = snapshot_new();
	struct report *report;

	assert(snapshot != NULL);
	make_listeners(snapshot, input);
	make_watches(snapshot, input);
	make_host(&snapshot->host, input);
	report = report_new(snapshot, 1);
	assert(report != NULL);
	report->evaluation = make_evaluation(input);
	return report;
}

/* ---- the list ---- */

static void list_instance(const struct mib_table *table, const struct mib_object *object,
			  const struct served *served, size_t row)
{
	struct name *name = &instances[instances_count];
	const struct mib_cell cell = {served, row, object->key};
	struct mib_value value;

	if (!object->get(&cell, &value))
		return;
	assert(++instances_count <= INSTANCES_MAX);
	memcpy(name->at, table->at, table->at_length * sizeof(oid));
	name->length = table->at_length;
	name->at[name->length++] = object->number;
	name->length += table->index(served, row, name->at + name->length);
	assert(name->length <= MIB_NAME_MAX);
}

static void list_instances(const struct served *served)
{
	instances_count = 0;
	for (const struct mib_table *const *table = mib_tables; *table != NULL; table++) {
		for (size_t column = 0; column < (*table)->objects_count; column++) {
			for (size_t row = 0; row < (*table)->rows(served); row++)
				list_instance(*table, &(*table)->objects[column], served, row);
		}
	}
}

static int compare(const struct name *left, const struct name *right)
{
	return snmp_oid_compare(left->at, left->length, right->at, right->length);
}

static void check_order(void)
{
	for (size_t i = 1; i < instances_count; i++)
		assert(compare(&instances[i - 1], &instances[i]) < 0);
}

/* ---- asking ---- */

static bool is_called(const struct mib_instance *instance, const struct name *name)
{
	return snmp_oid_compare(instance->name, instance->name_length, name->at, name->length) == 0;
}

static void check_get(const struct served *served, const struct name *name, bool exists)
{
	struct mib_instance instance;
	enum mib_outcome outcome = mib_get(mib_tables, served, name->at, name->length, &instance);

	assert((outcome == MIB_FOUND) == exists);
	if (!exists)
		return;
	assert(is_called(&instance, name));
	if (instance.type == ASN_OCTET_STR)
		assert(memchr(instance.value.text, '\0', sizeof(instance.value.text)) != NULL);
}

static void check_next(const struct served *served, const struct name *name, bool inclusive,
		       size_t expected)
{
	struct mib_instance instance;
	bool found = mib_next(mib_tables, served, name->at, name->length, inclusive, &instance);

	assert(found == (expected < instances_count));
	assert(!found || is_called(&instance, &instances[expected]));
}

static void ask(const struct served *served, const struct name *name)
{
	size_t i = 0;
	bool exists;

	while (i < instances_count && compare(&instances[i], name) < 0)
		i++;
	exists = i < instances_count && compare(&instances[i], name) == 0;
	check_get(served, name, exists);
	check_next(served, name, true, i);
	check_next(served, name, false, i + exists);
}

/* Octets stand for themselves but for the highest, which a whole number follows. */
static oid make_number(struct input *input)
{
	uint8_t octet = take_octet(input);

	return octet == UINT8_MAX ? take_number(input) : octet;
}

/* Some instance's name, or its beginning, with numbers behind it, and one of all changed. */
static struct name make_question(struct input *input)
{
	struct name name = {.length = 0};
	size_t numbers;

	if (instances_count > 0)
		name = instances[take_number(input) % instances_count];
	name.length -= take_octet(input) % (name.length + 1);
	numbers = take_octet(input) % (NAME_LENGTH_MAX - name.length + 1);
	while (numbers-- > 0)
		name.at[name.length++] = make_number(input);
	if (name.length > 0)
		name.at[take_octet(input) % name.length] += (oid)(take_octet(input) % 3) - 1;
	return name;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	uint8_t kind = take_octet(&input);
	const struct history refreshes = {.window_ns = 300 * NS_PER_SECOND};
	struct report *report = make_report(&input);
	struct served served = {.refreshes = &refreshes, .too_old = kind & 1};

	if ((kind & 3) != 3) {
		served.latest = report;
		served.evaluation = report->evaluation;
		served.report = served.too_old ? NULL : report;
	}
	list_instances(&served);
	check_order();
	while (input.left > 0) {
		struct name name = make_question(&input);

		ask(&served, &name);
	}
	report_release(report);
	return 0;
}
