/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extremes of whole reports, snapshots by chance, against all the snapshots before.
 */
#include "model/history.c"

#include "unit.h"

#include <stdbool.h>
#include <string.h>

#define STEPS 40
#define KEYS 6
#define SPAN_NS 9

/* The ports and listeners that may be there; which are is another matter at each step. */
static struct {
	uint32_t sockets[FAMILIES][STATES];
	bool has_port[KEYS];
	uint32_t ports[KEYS][FAMILIES][STATES];
	bool listens[KEYS];
	uint32_t queued[KEYS];
} seen[STEPS];

static uint16_t port_of(size_t key)
{
	return (uint16_t)(key == KEYS - 1 ? UINT16_MAX : key + 1);
}

static struct endpoint endpoint_of(size_t key)
{
	return (struct endpoint){
		.family = key < KEYS / 2 ? FAMILY_IPV4 : FAMILY_IPV6,
		.zone = key == KEYS - 1 ? 7 : 0,
		.port = (uint16_t)(80 + key % 2),
		.address = {[3] = (uint8_t)(key % (KEYS / 2))},
	};
}

static void random_counts(uint32_t sockets[FAMILIES][STATES])
{
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		for (enum tcp_state state = 0; state < STATES; state++)
			sockets[family][state] = unit_random(100);
}

/* ---- made at a step ---- */

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

static void make_listeners(size_t step, struct snapshot *snapshot)
{
	snapshot->listeners = calloc(KEYS, sizeof(*snapshot->listeners));
	for (size_t key = 0; key < KEYS; key++) {
		seen[step].listens[key] = unit_random(5) != 0;
		seen[step].queued[key] = unit_random(100);
		if (seen[step].listens[key])
			snapshot->listeners[snapshot->listeners_count++] = (struct listener){
				.endpoint = endpoint_of(key),
				.sockets = 1,
				.queued = seen[step].queued[key],
			};
	}
}

static struct report *make_report(size_t step)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->taken_ns = (int64_t)step;
	random_counts(seen[step].sockets);
	memcpy(snapshot->sockets, seen[step].sockets, sizeof(snapshot->sockets));
	make_ports(step, snapshot);
	make_listeners(step, snapshot);
	return report_new(snapshot, 1);
}

/* ---- and compared ---- */

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

static void assert_queue(size_t step, size_t key, const struct extremes *found)
{
	struct extremes expected = {UINT32_MAX, 0};

	for (size_t past = step;; past--) {
		widen(&expected, seen[past].queued[key]);
		if (past == first_step(step) || !seen[past - 1].listens[key])
			break;
	}
	assert_extremes(found, &expected);
}

static void each_report_has_the_extremes_of_what_it_has(void **state)
{
	(void)state;
	for (int sequence = 0; sequence < 50; sequence++) {
		struct history history;

		assert_int_equal(history_initialise(&history), 0);
		for (size_t step = 0; step < STEPS; step++) {
			struct report *report = make_report(step);
			size_t port = 0, listener = 0;

			assert_int_equal(history_add(&history, report, SPAN_NS), 0);
			assert_int_equal(report->window_ns, SPAN_NS);
			assert_sockets(step, report);
			for (size_t key = 0; key < KEYS; key++) {
				if (seen[step].has_port[key])
					assert_port(step, key, report->ports[port++]);
				if (seen[step].listens[key])
					assert_queue(step, key, &report->queued[listener++]);
			}
			report_release(report);
		}
		history_finalise(&history);
		history_finalise(&history);
	}
}

/* As of 64 ports that are all watched. */
static void there_is_room_for_all_watched_ports(void **state)
{
	struct snapshot *snapshot = snapshot_new();
	struct history history;
	struct report *report;

	(void)state;
	assert_int_equal(history_initialise(&history), 0);
	snapshot->ports = calloc(WATCHED_PORTS_MAX, sizeof(*snapshot->ports));
	snapshot->ports_count = WATCHED_PORTS_MAX;
	for (uint16_t port = 0; port < WATCHED_PORTS_MAX; port++) {
		snapshot->ports[port].port.number = (uint16_t)(port + 1);
		snapshot->ports[port].sockets[FAMILY_IPV6][STATE_TIME_WAIT] = port;
	}
	report = report_new(snapshot, 1);
	assert_int_equal(history_add(&history, report, SPAN_NS), 0);
	for (uint32_t port = 0; port < WATCHED_PORTS_MAX; port++)
		assert_int_equal(report->ports[port][FAMILY_IPV6][STATE_TIME_WAIT].max, port);
	report_release(report);
	history_finalise(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_report_has_the_extremes_of_what_it_has),
		cmocka_unit_test(there_is_room_for_all_watched_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
