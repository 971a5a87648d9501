/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers of another host: complete, corrupted and truncated ones.
 */
#include "cli/remote_text.c"

#include "unit.h"

#define TEXT_SIZE 16384
#define NOW_NS (INT64_C(1000) * NS_PER_SECOND)

static const struct watched_ports no_ports = {.count = 0};

/* ---- texts ---- */

static void append(char text[TEXT_SIZE], const char *more)
{
	assert_true(strlen(text) + strlen(more) < TEXT_SIZE);
	strcat(text, more);
}

/* Every cell has a different number, or @p value. */
static void append_cells(char text[TEXT_SIZE], const char *before, const char *value)
{
	char line[80], number[16];

	for (int family = 1; family <= 2; family++) {
		for (int state = 1; state <= 11; state++) {
			snprintf(number, sizeof(number), "%d", 100 * family + state);
			snprintf(line, sizeof(line), "%s%d.%d %s\n", before, family, state,
				 value == NULL ? number : value);
			append(text, line);
		}
	}
}

static void append_states(char text[TEXT_SIZE], const char *value)
{
	append_cells(text, "1.1.1.3.", value);
}

/* The watches called 80 and 443. */
#define FILTER_80 "1.10.1.2.2.56.48 port 80\n"
#define FILTER_443 "1.10.1.2.3.52.52.51 port 443\n"
#define COUNTS_80 "1.6.1.1.2.56.48."
#define COUNTS_443 "1.6.1.1.3.52.52.51."

#define REFRESH "1.8.2.0 63\n1.8.3.0 567\n1.8.6.0 \n1.8.7.0 2\n1.8.10.0 12\n"
#define FAMILIES_AND_HOST                                                                   \
	"1.3.1.3.1 7\n1.3.1.3.2 8\n1.3.1.4.1 9\n1.3.1.4.2 10\n1.3.1.5.1 11\n1.3.1.5.2 12\n" \
	"1.4.1.0 1\n1.4.2.0 noSuchInstance\n1.4.9.0 18446744073709551615\n"
#define LISTENER_IPV4                                                \
	"1.5.1.1.1.4.127.0.0.1.80 2\n1.5.1.2.1.4.127.0.0.1.80 3\n"   \
	"1.5.1.4.1.4.127.0.0.1.80 128\n1.5.1.5.1.4.127.0.0.1.80 5\n" \
	"1.5.1.7.1.4.127.0.0.1.80 4\n1.5.1.8.1.4.127.0.0.1.80 99\n"  \
	"1.5.1.10.1.4.127.0.0.1.80 6\n"
#define IPV6_ADDRESS "254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1"
#define IPV6_INDEX "2.16." IPV6_ADDRESS ".443"
#define IPV6Z_INDEX "4.20." IPV6_ADDRESS ".0.0.1.2.22"
#define LISTENER_IPV6(index)                                                            \
	"1.5.1.1." index " 1\n1.5.1.2." index " 0\n1.5.1.4." index " 5\n1.5.1.5." index \
	" 4294967295\n1.5.1.7." index " 0\n1.5.1.8." index " 0\n1.5.1.10." index " 0\n"

/* The objects of every answer, and @p more. */
static void write_answer(char text[TEXT_SIZE], const char *more)
{
	text[0] = '\0';
	append(text, REFRESH);
	append_states(text, NULL);
	append(text, more);
}

/* ---- results ---- */

static int parse_answer(const char *text, const struct watched_ports *ports,
			struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE])
{
	const struct remote_request request = {
		.ports = ports,
		.watches = ports == NULL,
		.owners = true,
		.thresholds = true,
	};
	char *copy = strdup(text);
	int error;

	problem[0] = '\0';
	*snapshot = NULL;
	error = remote_text_parse(copy, &request, NOW_NS, snapshot, problem);
	free(copy);
	assert_true((error == 0) == (*snapshot != NULL));
	assert_true((error == 0) == (problem[0] == '\0'));
	assert_null(strchr(problem, '\n'));
	return error;
}

static struct snapshot *parse_well(const char *text, const struct watched_ports *ports)
{
	char problem[REMOTE_PROBLEM_SIZE];
	struct snapshot *snapshot;

	if (parse_answer(text, ports, &snapshot, problem) != 0)
		fail_msg("%s", problem);
	return snapshot;
}

static void assert_refused(const char *text, const struct watched_ports *ports, int error,
			   const char *words)
{
	char problem[REMOTE_PROBLEM_SIZE];
	struct snapshot *snapshot;

	if (parse_answer(text, ports, &snapshot, problem) != error)
		fail_msg("%s: %s", problem, text);
	if (strstr(problem, words) == NULL)
		fail_msg("%s", problem);
}

static void assert_senseless(const char *more)
{
	char text[TEXT_SIZE];

	write_answer(text, more);
	assert_refused(text, &no_ports, -EPROTO, "");
}

/* ---- complete answers ---- */

static void every_object_has_its_place(void **state)
{
	char text[TEXT_SIZE];
	struct snapshot *snapshot;

	(void)state;
	write_answer(text, FAMILIES_AND_HOST);
	snapshot = parse_well(text, &no_ports);
	assert_true(snapshot->taken_ns == NOW_NS - 63 * NS_PER_TICK);
	assert_int_equal(snapshot->duration_us, 567);
	assert_int_equal(snapshot->method, METHOD_DERIVED);
	for (uint32_t family = 0; family < FAMILIES; family++) {
		for (uint32_t of = 0; of < STATES; of++)
			assert_int_equal(snapshot->sockets[family][of],
					 100 * (family + 1) + of + 1);
	}
	assert_int_equal(snapshot->host.value[HOST_UDP_IPV4], 7);
	assert_int_equal(snapshot->host.value[HOST_UDP_IPV6], 8);
	assert_int_equal(snapshot->host.value[HOST_RAW_IPV4], 9);
	assert_int_equal(snapshot->host.value[HOST_FRAGMENTS_IPV6], 12);
	assert_int_equal(snapshot->host.value[HOST_ORPHANS], 1);
	assert_false(snapshot->host.known[HOST_ORPHANS_MAX]);
	assert_true(snapshot->host.value[HOST_LISTEN_OVERFLOWS] == UINT64_MAX);
	assert_int_equal(snapshot->listeners_count, 0);
	snapshot_free(snapshot);
}

static void listeners_are_received_row_by_row(void **state)
{
	char text[TEXT_SIZE];
	struct snapshot *snapshot;
	const struct listener *listeners;

	(void)state;
	write_answer(text, LISTENER_IPV4 LISTENER_IPV6(IPV6_INDEX) LISTENER_IPV6(IPV6Z_INDEX));
	snapshot = parse_well(text, &no_ports);
	listeners = snapshot->listeners;
	assert_int_equal(snapshot->listeners_count, 3);
	assert_int_equal(listeners[0].endpoint.family, FAMILY_IPV4);
	assert_memory_equal(listeners[0].endpoint.address, "\x7f\0\0\1", 5);
	assert_int_equal(listeners[0].endpoint.port, 80);
	assert_int_equal(listeners[0].sockets, 2);
	assert_int_equal(listeners[0].queued, 3);
	assert_int_equal(listeners[0].backlog, 128);
	assert_int_equal(listeners[0].dropped, 5);
	assert_int_equal(listeners[0].fill, 4);
	assert_int_equal(listeners[0].fill_max, 99);
	assert_int_equal(listeners[0].syn_queue, 6);
	assert_int_equal(listeners[0].devices_count, 0);
	assert_true(snapshot->listeners_tracked);
	assert_int_equal(snapshot->listeners_omitted, 12);
	assert_int_equal(listeners[1].endpoint.family, FAMILY_IPV6);
	assert_int_equal(listeners[1].endpoint.zone, 0);
	assert_int_equal(listeners[1].dropped, UINT32_MAX);
	assert_int_equal(listeners[2].endpoint.zone, 258);
	assert_int_equal(listeners[2].endpoint.port, 22);
	snapshot_free(snapshot);
}

static void watched_ports_have_a_row_for_each_state(void **state)
{
	const struct watched_ports ports = {.port = {{.number = 80}, {.number = 443}}, .count = 2};
	char text[TEXT_SIZE];
	struct snapshot *snapshot;

	(void)state;
	write_answer(text, FILTER_443);
	append_cells(text, COUNTS_443, NULL);
	assert_refused(text, &ports, -EPROTO, "incomplete answer");
	append_cells(text, COUNTS_80, "9");
	assert_refused(text, &ports, -EPROTO, "incomplete answer");
	append(text, FILTER_80);
	snapshot = parse_well(text, &ports);
	assert_int_equal(snapshot->watches_count, 2);
	assert_string_equal(snapshot->watches[0].name, "80");
	assert_int_equal(snapshot->watches[0].sockets[FAMILY_IPV6][STATE_TIME_WAIT], 9);
	assert_int_equal(snapshot->watches[1].sockets[FAMILY_IPV6][STATE_TIME_WAIT], 211);
	snapshot_free(snapshot);
	write_answer(text, FILTER_443 "1.10.1.2.2.56.48 noSuchInstance\n");
	append_cells(text, COUNTS_443, NULL);
	append_cells(text, COUNTS_80, "noSuchInstance");
	assert_refused(text, &ports, -ENOENT, "port 80 is not watched");
}

static void a_watch_of_other_sockets_is_refused(void **state)
{
	const struct watched_ports ports = {.port = {{.number = 80}}, .count = 1};
	char text[TEXT_SIZE];

	(void)state;
	write_answer(text, "1.10.1.2.2.56.48 port 80,8080\n");
	append_cells(text, COUNTS_80, "9");
	assert_refused(text, &ports, -ENOENT, "does not count port 80: port 80,8080");
	write_answer(text, FILTER_80 FILTER_80);
	append_cells(text, COUNTS_80, "9");
	assert_refused(text, &ports, -EPROTO, "unexpected answer");
	write_answer(text, FILTER_443);
	assert_refused(text, &ports, -EPROTO, "unexpected answer");
}

/* A watch of ports, one of a unit, and one of a unit that is unknown. */
static void all_watches_are_read(void **state)
{
	char text[TEXT_SIZE];
	struct snapshot *snapshot;

	(void)state;
	write_answer(text, FILTER_80 "1.10.1.4.2.56.48 12\n");
	append_cells(text, COUNTS_80, NULL);
	append(text, FILTER_443 "1.10.1.4.3.52.52.51 noSuchInstance\n");
	append_cells(text, COUNTS_443, "noSuchInstance");
	snapshot = parse_well(text, NULL);
	assert_int_equal(snapshot->watches_count, 2);
	assert_string_equal(snapshot->watches[0].text, "port 80");
	assert_true(snapshot->watches[0].known && !snapshot->watches[0].by_unit);
	assert_int_equal(snapshot->watches[0].port_use, 12);
	assert_int_equal(snapshot->watches[0].sockets[FAMILY_IPV6][STATE_TIME_WAIT], 211);
	assert_false(snapshot->watches[1].known);
	assert_false(snapshot->watches[1].port_use_known);
	snapshot_free(snapshot);
	write_answer(text, FILTER_443 FILTER_80);
	assert_refused(text, NULL, -EPROTO, "unexpected answer");
	write_answer(text, FILTER_80);
	assert_refused(text, NULL, -EPROTO, "incomplete answer");
	write_answer(text, "");
	snapshot = parse_well(text, NULL);
	assert_int_equal(snapshot->watches_count, 0);
	snapshot_free(snapshot);
}

static void closed_is_counted_if_a_count_is_positive(void **state)
{
	const struct watched_ports ports = {.port = {{.number = 80}}, .count = 1};
	char text[TEXT_SIZE];
	struct snapshot *snapshot;

	(void)state;
	write_answer(text, FILTER_80);
	append_cells(text, COUNTS_80, "0");
	snapshot = parse_well(text, &ports);
	assert_true(snapshot->closed_counted);
	snapshot_free(snapshot);
	strcpy(text, REFRESH);
	append_states(text, "0");
	snapshot = parse_well(text, &no_ports);
	assert_false(snapshot->closed_counted);
	snapshot_free(snapshot);
	append(text, FILTER_80);
	append_cells(text, COUNTS_80, "1");
	snapshot = parse_well(text, &ports);
	assert_true(snapshot->closed_counted);
	snapshot_free(snapshot);
}

/* ---- missing objects ---- */

static void an_absent_agent_is_reported(void **state)
{
	char text[TEXT_SIZE] = "1.8.2.0 noSuchObject\n1.8.3.0 noSuchObject\n";

	(void)state;
	append_states(text, "noSuchObject");
	assert_refused(text, &no_ports, -ENOENT, "tcp-state-agent is not running, or the view ");
}

/* If other objects of the agent are served, it is running. */
static void a_view_that_hides_the_counts_is_reported(void **state)
{
	static const char *const others[] = {"1.8.2.0 63\n", "1.8.2.0 noSuchInstance\n",
					     "1.4.1.0 5\n"};
	char text[TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ENTRIES(others); i++) {
		strcpy(text, others[i]);
		append_states(text, "noSuchObject");
		assert_refused(text, &no_ports, -ENOENT,
			       "the view of this community or user hides the counts; "
			       "snmpd.conf there: view NAME included .1.3.6.1.4.1.");
	}
}

static void stale_counts_are_reported_with_their_age(void **state)
{
	char text[TEXT_SIZE] = "1.8.2.0 4599\n1.8.6.0 counting: |denied|\t\xff\n";

	(void)state;
	append_states(text, "noSuchInstance");
	assert_refused(text, &no_ports, -ESTALE,
		       "the last counts are 45 s old and no longer served (maxAge): "
		       "counting: |denied|\t\xff");
	strcpy(text, "1.8.2.0 noSuchInstance\n1.8.6.0 \n");
	append_states(text, "noSuchInstance");
	assert_refused(text, &no_ports, -ESTALE, "has not counted anything yet");
	strcpy(text, "1.8.2.0 noSuchObject\n1.8.6.0 noSuchObject\n");
	append_states(text, "noSuchInstance");
	assert_refused(text, &no_ports, -ESTALE, "the view hides why (tcpRefresh)");
}

/* A single missing row is not zero. */
static void one_missing_row_spoils_all(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	write_answer(text, "");
	*strstr(text, "1.1.1.3.2.11 211") = '\0';
	assert_refused(text, &no_ports, -EPROTO, "incomplete answer");
	append(text, "1.1.1.3.2.10 210\n");
	assert_refused(text, &no_ports, -EPROTO, "1.1.1.3.2.10");
	write_answer(text, "");
	strcpy(strstr(text, "1.1.1.3.2.11 211"), "1.1.1.3.2.11 noSuchInstance\n");
	assert_refused(text, &no_ports, -ESTALE, "no longer served");
}

/* ---- invalid answers ---- */

static void inconsistent_values_are_refused(void **state)
{
	static const char *const more[] = {
		"x\n",
		"1.4.1.0 1",
		"\n",
		"1.4.1.0\n",
		"1.4.1.0 \n",
		"1.4.1.0 -1\n",
		"1.4.1.0 +1\n",
		"1.4.1.0  1\n",
		"1.4.1.0 1 \n",
		"1.4.1.0 1x\n",
		"1.4.1.0 0x1\n",
		"1.4.1.0 18446744073709551616\n",
		"1.4.1.0 type 4\n",
		"1.4.1.0 1\n1.4.1.0 1\n",
		"1.4.0.0 1\n",
		"1.4.27.0 1\n",
		"1.4.1.1 1\n",
		"1.4.1.0.0 1\n",
		".1.4.1.0 1\n",
		"1..4.1.0 1\n",
		"1.4.1.0. 1\n",
		"1.4.4294967297.0 1\n",
		"2.4.1.0 1\n",
		"1.2.1.2.1 1\n",
		"1.1.1.3.1.5 1\n",
		"1.1.1.4.1.5 1\n",
		"1.1.1.3.0.5 1\n",
		"1.1.1.3.3.5 1\n",
		"1.1.1.3.1.0 1\n",
		"1.1.1.3.1.12 1\n",
		"1.3.1.2.1 1\n",
		"1.3.1.6.1 1\n",
		"1.3.1.3.3 1\n",
		"1.3.1.3.1 1\n1.3.1.3.1 1\n",
		"1.8.2.0 1\n",
		"1.8.1.0 1\n",
		"1.8.8.0 1\n",
		"1.6.1.4.1.443.5 1\n",
		/* listeners: missing or repeated columns, columns of another row, invalid indexes
		 */
		"1.5.1.1.1.4.127.0.0.1.80 1\n",
		"1.5.1.2.1.4.127.0.0.1.80 1\n",
		LISTENER_IPV4 LISTENER_IPV4,
		LISTENER_IPV6(IPV6_INDEX) LISTENER_IPV4,
		"1.5.1.1.1.4.127.0.0.1.80 2\n1.5.1.2.1.4.127.0.0.1.81 3\n",
		"1.5.1.1.1.4.127.0.0.1.80 2\n1.5.1.4.1.4.127.0.0.1.80 3\n",
		"1.5.1.1.1.4.127.0.0.1.80 noSuchInstance\n",
		"1.5.1.1.1.4.127.0.0.1.80 4294967296\n",
		LISTENER_IPV6("1.4.127.0.0.256.80"),
		LISTENER_IPV6("1.4.127.0.0.1.65536"),
		LISTENER_IPV6("1.3.127.0.0.80"),
		LISTENER_IPV6("1.4.127.0.0.80"),
		LISTENER_IPV6("2.4.127.0.0.1.80"),
		LISTENER_IPV6("3.8.127.0.0.1.0.0.0.1.80"),
		LISTENER_IPV6("1.16." IPV6_ADDRESS ".443"),
		LISTENER_IPV6("4.16." IPV6_ADDRESS ".443"),
		LISTENER_IPV6("4.20." IPV6_ADDRESS ".0.0.0.0.22"),
		LISTENER_IPV6("4.20." IPV6_ADDRESS ".0.0.1.256.22"),
		LISTENER_IPV6("2.20." IPV6_ADDRESS ".0.0.1.2.22"),
		LISTENER_IPV6(IPV6Z_INDEX ".0"),
		LISTENER_IPV6("2"),
	};

	(void)state;
	for (size_t text = 0; text < ENTRIES(more); text++)
		assert_senseless(more[text]);
}

static void an_answer_without_its_refresh_is_incomplete(void **state)
{
	static const char *const refreshes[] = {
		"",
		"1.8.3.0 567\n1.8.7.0 2\n",
		"1.8.2.0 63\n1.8.7.0 2\n",
		"1.8.2.0 63\n1.8.3.0 567\n",
	};

	(void)state;
	for (size_t position = 0; position < ENTRIES(refreshes); position++) {
		char text[TEXT_SIZE] = "";

		append(text, refreshes[position]);
		append_states(text, NULL);
		assert_refused(text, &no_ports, -EPROTO, "incomplete answer");
	}
}

/* Lost octets never result in a number that was not written. */
static void a_cut_answer_is_refused(void **state)
{
	char text[TEXT_SIZE], cut[TEXT_SIZE];

	(void)state;
	write_answer(text, "");
	for (size_t length = 0; length < strlen(text); length++) {
		memcpy(cut, text, length);
		cut[length] = '\0';
		assert_refused(cut, &no_ports, -EPROTO, "");
	}
}

static void no_garbage_is_too_much(void **state)
{
	static const char letters[] = "1234567890..... \n";
	char text[200], problem[REMOTE_PROBLEM_SIZE];
	struct snapshot *snapshot;

	(void)state;
	for (int time = 0; time < 20000; time++) {
		size_t length = unit_random(sizeof(text));

		for (size_t position = 0; position < length; position++)
			text[position] = letters[unit_random(sizeof(letters) - 1)];
		text[length] = '\0';
		assert_int_equal(parse_answer(text, &no_ports, &snapshot, problem), -EPROTO);
	}
}

/* ---- owners and thresholds ---- */

/* a.service and (none), which is shorter, in closeWait and listen */
#define OWNER_NONE_ROWS \
	"1.11.1.2.6.40.110.111.110.101.41.2 0\n1.11.1.2.6.40.110.111.110.101.41.8 3\n"
#define OWNER_A_ROWS                                        \
	"1.11.1.2.9.97.46.115.101.114.118.105.99.101.2 1\n" \
	"1.11.1.2.9.97.46.115.101.114.118.105.99.101.8 4\n"

static void owners_are_read(void **state)
{
	char text[TEXT_SIZE];
	struct snapshot *snapshot;

	(void)state;
	write_answer(text, OWNER_NONE_ROWS OWNER_A_ROWS);
	snapshot = parse_well(text, &no_ports);
	assert_true(snapshot->owners_known);
	assert_int_equal(snapshot->owners_count, 2);
	assert_string_equal(snapshot->owners[1].name, "a.service");
	assert_int_equal(snapshot->owners[1].sockets[FAMILY_IPV4][STATE_CLOSE_WAIT], 4);
	assert_int_equal(snapshot->owner_states, 1U << STATE_LISTEN | 1U << STATE_CLOSE_WAIT);
	snapshot_free(snapshot);
}

static void owners_out_of_order_are_refused(void **state)
{
	(void)state;
	assert_senseless(OWNER_A_ROWS OWNER_NONE_ROWS);
	assert_senseless(OWNER_A_ROWS OWNER_A_ROWS);
	assert_senseless("1.11.1.2.1.97.8 1\n1.11.1.2.1.97.2 1\n");
	assert_senseless("1.11.1.2.1.97.12 1\n");             /* not a state */
	assert_senseless("1.11.1.2.2.97.8 1\n");              /* shorter than it says */
	assert_senseless("1.11.1.2.1.0.8 1\n");               /* a null character */
	assert_senseless("1.11.1.2.1.256.8 1\n");             /* not an octet */
	assert_senseless("1.11.1.2.0.8 1\n");                 /* no name */
	assert_senseless("1.11.1.2.1.97.8 noSuchInstance\n"); /* not a count */
	assert_senseless("1.11.1.3.1.97.8 1\n");              /* not requested */
}

#define RAISED_A                                                             \
	"1.7.1.6.1.97 2\n1.7.1.6.1.98 1\n1.7.1.2.1.97 state any closeWait\n" \
	"1.7.1.3.1.97 4\n1.7.1.5.1.97 7\n1.7.1.10.1.97 a.service 7\n"        \
	"1.7.1.11.1.97 2026-11-27 03:00:12+01:00\n"

static void raised_thresholds_are_read(void **state)
{
	const struct raised_threshold *raised;
	char text[TEXT_SIZE];
	struct snapshot *snapshot;

	(void)state;
	write_answer(text, "1.2.1.3.8 1\n1.2.1.4.8 9\n1.2.1.3.11 noSuchInstance\n" RAISED_A);
	snapshot = parse_well(text, &no_ports);
	assert_int_equal(snapshot->agent->thresholds, 2);
	assert_int_equal(snapshot->agent->raised_count, 1);
	raised = &snapshot->agent->raised[0];
	assert_string_equal(raised->name, "a");
	assert_string_equal(raised->range, "4");
	assert_string_equal(raised->top, "a.service 7");
	assert_string_equal(raised->since, "2026-11-27 03:00:12+01:00");
	assert_true(raised->has_value);
	assert_int_equal(raised->value, 7);
	assert_int_equal(snapshot->agent->minimum[STATE_CLOSE_WAIT], 1);
	assert_int_equal(snapshot->agent->maximum[STATE_CLOSE_WAIT], 9);
	assert_false(snapshot->agent->extremes_known[STATE_TIME_WAIT]);
	snapshot_free(snapshot);
}

static void senseless_thresholds_are_refused(void **state)
{
	(void)state;
	assert_senseless("1.7.1.6.1.97 3\n");                 /* neither status */
	assert_senseless("1.7.1.6.1.98 1\n1.7.1.6.1.97 1\n"); /* out of order */
	assert_senseless("1.7.1.6.1.97 1\n1.7.1.6.1.97 1\n"); /* twice */
	assert_senseless("1.7.1.5.1.97 7\n");                 /* not after a metric */
	assert_senseless("1.7.1.2.1.97 x\n1.7.1.5.1.98 7\n"); /* of another threshold */
	assert_senseless("1.7.1.2.1.97 x\n1.7.1.7.1.97 7\n"); /* not requested */
	assert_senseless("1.2.1.3.8 1\n1.2.1.3.8 1\n");       /* twice */
	assert_senseless("1.2.1.2.8 1\n");                    /* not requested */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_object_has_its_place),
		cmocka_unit_test(listeners_are_received_row_by_row),
		cmocka_unit_test(watched_ports_have_a_row_for_each_state),
		cmocka_unit_test(owners_are_read),
		cmocka_unit_test(owners_out_of_order_are_refused),
		cmocka_unit_test(raised_thresholds_are_read),
		cmocka_unit_test(senseless_thresholds_are_refused),
		cmocka_unit_test(a_watch_of_other_sockets_is_refused),
		cmocka_unit_test(all_watches_are_read),
		cmocka_unit_test(closed_is_counted_if_a_count_is_positive),
		cmocka_unit_test(an_absent_agent_is_reported),
		cmocka_unit_test(a_view_that_hides_the_counts_is_reported),
		cmocka_unit_test(stale_counts_are_reported_with_their_age),
		cmocka_unit_test(one_missing_row_spoils_all),
		cmocka_unit_test(inconsistent_values_are_refused),
		cmocka_unit_test(an_answer_without_its_refresh_is_incomplete),
		cmocka_unit_test(a_cut_answer_is_refused),
		cmocka_unit_test(no_garbage_is_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
