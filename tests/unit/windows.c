/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extremes of reports of random snapshots, compared with all previous snapshots.
 */
#include <stdbool.h>
#include <stdlib.h>

static bool out_of_memory;

static void *calloc_or_not(size_t count, size_t size)
{
	return out_of_memory ? NULL : calloc(count, size);
}

#define calloc calloc_or_not
#include "model/windows.c"
#undef calloc

#include "unit.h"

#include <string.h>

#define STEPS 40
#define KEYS 6
#define SPAN_NS 9

/* At each step, some of the ports exist. */
static struct {
	uint32_t sockets[FAMILIES][STATES];
	bool has_port[KEYS];
	uint32_t ports[KEYS][FAMILIES][STATES];
} seen[STEPS];

static uint16_t port_of(size_t key)
{
	return (uint16_t)(key == KEYS - 1 ? UINT16_MAX : key + 1);
}

static void random_counts(uint32_t sockets[FAMILIES][STATES])
{
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		for (enum tcp_state state = 0; state < STATES; state++)
			sockets[family][state] = unit_random(100);
}

/* ---- creating reports ---- */

static void make_ports(size_t step, struct snapshot *snapshot)
{
	snapshot->ports = calloc(KEYS, sizeof(*snapshot->ports));
	for (size_t key = 0; key < KEYS; key++) {
		struct port_count *port = &snapshot->ports[snapshot->ports_count];

		seen[step].has_port[key] = unit_random(5) != 0;
		random_counts(seen[step].ports[key]);
		if (!seen[step].has_port[key])
			continue;
		port->port.number = port_of(key);
		memcpy(port->sockets, seen[step].ports[key], sizeof(port->sockets));
		snapshot->ports_count++;
	}
}

static struct report *make_report(size_t step)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->taken_ns = (int64_t)step;
	random_counts(seen[step].sockets);
	memcpy(snapshot->sockets, seen[step].sockets, sizeof(snapshot->sockets));
	make_ports(step, snapshot);
	return report_new(snapshot, 1);
}

/* ---- comparing them ---- */

static void widen(struct extremes *extremes, uint32_t value)
{
	extremes->min = value < extremes->min ? value : extremes->min;
	extremes->max = value > extremes->max ? value : extremes->max;
}

static void assert_extremes(const struct extremes *left, const struct extremes *right)
{
	assert_int_equal(left->min, right->min);
	assert_int_equal(left->max, right->max);
}

static size_t first_step(size_t step)
{
	return step < SPAN_NS ? 0 : step - SPAN_NS;
}

static void assert_sockets(size_t step, const struct report *report)
{
	for (enum tcp_state state = 0; state < STATES; state++) {
		struct extremes total = {UINT32_MAX, 0};

		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			struct extremes expected = {UINT32_MAX, 0};

			for (size_t past = first_step(step); past <= step; past++)
				widen(&expected, seen[past].sockets[family][state]);
			assert_extremes(&report->sockets[family][state], &expected);
		}
		for (size_t past = first_step(step); past <= step; past++)
			widen(&total, seen[past].sockets[FAMILY_IPV4][state] +
					      seen[past].sockets[FAMILY_IPV6][state]);
		assert_extremes(&report->totals[state], &total);
	}
}

static void assert_port(size_t step, size_t key, const struct extremes found[FAMILIES][STATES])
{
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++) {
			struct extremes expected = {UINT32_MAX, 0};

			for (size_t past = step;; past--) {
				widen(&expected, seen[past].ports[key][family][state]);
				if (past == first_step(step) || !seen[past - 1].has_port[key])
					break;
			}
			assert_extremes(&found[family][state], &expected);
		}
	}
}

static void each_report_has_the_extremes_of_its_rows(void **state)
{
	(void)state;
	for (int sequence = 0; sequence < 50; sequence++) {
		struct windows windows = {0};

		for (size_t step = 0; step < STEPS; step++) {
			struct report *report = make_report(step);
			size_t port = 0;

			assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
			assert_int_equal(report->window_ns, SPAN_NS);
			assert_sockets(step, report);
			for (size_t key = 0; key < KEYS; key++) {
				if (seen[step].has_port[key])
					assert_port(step, key, report->ports[port++]);
			}
			report_release(report);
		}
		windows_finalise(&windows);
		windows_finalise(&windows);
	}
}

static void all_watched_ports_fit(void **state)
{
	struct snapshot *snapshot = snapshot_new();
	struct windows windows = {0};
	struct report *report;

	(void)state;
	snapshot->ports = calloc(WATCHED_PORTS_MAX, sizeof(*snapshot->ports));
	snapshot->ports_count = WATCHED_PORTS_MAX;
	for (uint16_t port = 0; port < WATCHED_PORTS_MAX; port++) {
		snapshot->ports[port].port.number = (uint16_t)(port + 1);
		snapshot->ports[port].sockets[FAMILY_IPV6][STATE_TIME_WAIT] = port;
	}
	report = report_new(snapshot, 1);
	assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
	for (uint32_t port = 0; port < WATCHED_PORTS_MAX; port++)
		assert_int_equal(report->ports[port][FAMILY_IPV6][STATE_TIME_WAIT].max, port);
	report_release(report);
	windows_finalise(&windows);
}

/* A report of a snapshot with @p count ports, each with @p established sockets. */
static struct report *report_with_ports(size_t count, int64_t taken_ns, uint32_t established)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->taken_ns = taken_ns;
	snapshot->ports = calloc(count + 1, sizeof(*snapshot->ports));
	snapshot->ports_count = count;
	for (size_t i = 0; i < count; i++) {
		snapshot->ports[i].port.number = port_of(i);
		snapshot->ports[i].sockets[FAMILY_IPV4][STATE_ESTABLISHED] = established;
	}
	return report_new(snapshot, 1);
}

static void add_ports(struct windows *windows, size_t count, int64_t taken_ns, uint32_t established,
		      int result)
{
	struct report *report = report_with_ports(count, taken_ns, established);

	assert_int_equal(windows_add(windows, report, SPAN_NS), result);
	report_release(report);
}

static void without_memory_the_ports_keep_their_windows(void **state)
{
	struct windows windows = {0};
	struct report *report;

	(void)state;
	add_ports(&windows, 2, 0, 7, 0);
	out_of_memory = true;
	add_ports(&windows, 3, 1, 5, -ENOMEM);
	out_of_memory = false;
	assert_int_equal(windows.ports_count, 2);
	report = report_with_ports(3, 2, 5);
	assert_int_equal(windows_add(&windows, report, SPAN_NS), 0);
	assert_int_equal(report->ports[1][FAMILY_IPV4][STATE_ESTABLISHED].max, 7);
	assert_int_equal(report->ports[2][FAMILY_IPV4][STATE_ESTABLISHED].max, 5);
	report_release(report);
	windows_finalise(&windows);
}

static void no_ports_need_no_memory(void **state)
{
	struct windows windows = {0};

	(void)state;
	out_of_memory = true;
	add_ports(&windows, 0, 0, 0, 0);
	out_of_memory = false;
	assert_null(windows.ports);
	windows_finalise(&windows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_report_has_the_extremes_of_its_rows),
		cmocka_unit_test(all_watched_ports_fit),
		cmocka_unit_test(without_memory_the_ports_keep_their_windows),
		cmocka_unit_test(no_ports_need_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
