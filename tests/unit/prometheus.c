/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Prometheus text format: every view, and unknown values. In the system tests, promtool checks
 * the format.
 */
#include "cli/prometheus.c"

#include "fixture.h"
#include "unit.h"

#include <string.h>

static void assert_prometheus(const struct view *view, const char *expected)
{
	FILE *file = output_open();

	format_write(&prometheus_format, file, fixture_snapshot(), view);
	output_assert(file, expected);
}

static void counts_are_labelled(void **state)
{
	struct view view = {
		.families[FAMILY_IPV4] = true,
		.states = {[STATE_ESTABLISHED] = true, [STATE_TIME_WAIT] = true},
	};

	(void)state;
	assert_prometheus(&view, "# HELP tcp_sockets TCP sockets by address family and state.\n"
				 "# TYPE tcp_sockets gauge\n"
				 "tcp_sockets{family=\"ipv4\",state=\"established\"} 30\n"
				 "tcp_sockets{family=\"ipv4\",state=\"timeWait\"} 4\n");
}

static void a_state_that_is_not_counted_has_no_sample(void **state)
{
	struct view view = {.families = {true, true}, .states[STATE_CLOSED] = true};
	struct snapshot counted = *fixture_snapshot();
	FILE *file = output_open();

	(void)state;
	assert_prometheus(&view, "# HELP tcp_sockets TCP sockets by address family and state.\n"
				 "# TYPE tcp_sockets gauge\n");
	counted.closed_counted = true;
	counted.sockets[FAMILY_IPV6][STATE_CLOSED] = 3;
	format_write(&prometheus_format, file, &counted, &view);
	output_assert(file, "# HELP tcp_sockets TCP sockets by address family and state.\n"
			    "# TYPE tcp_sockets gauge\n"
			    "tcp_sockets{family=\"ipv4\",state=\"closed\"} 0\n"
			    "tcp_sockets{family=\"ipv6\",state=\"closed\"} 3\n");
}

static void unknown_numbers_of_watches_are_missing(void **state)
{
	struct view view = {
		.subject = VIEW_WATCHES,
		.families[FAMILY_IPV6] = true,
		.states = {[STATE_LISTEN] = true, [STATE_TIME_WAIT] = true},
	};

	(void)state;
	assert_prometheus(
		&view,
		"# HELP tcp_watch_sockets TCP sockets of a watch by address family and state.\n"
		"# TYPE tcp_watch_sockets gauge\n"
		"tcp_watch_sockets{watch=\"443\",family=\"ipv6\",state=\"listen\"} 0\n"
		"tcp_watch_sockets{watch=\"443\",family=\"ipv6\",state=\"timeWait\"} 0\n"
		"tcp_watch_sockets{watch=\"8080\",family=\"ipv6\",state=\"listen\"} 1\n"
		"# HELP tcp_watch_port_use_ratio Local ports that a watch uses, of those that the "
		"kernel chooses from.\n"
		"# TYPE tcp_watch_port_use_ratio gauge\n"
		"tcp_watch_port_use_ratio{watch=\"443\"} 0.07\n");
}

static void ports_are_labelled(void **state)
{
	struct view view = {
		.subject = VIEW_PORTS,
		.ports = &fixture_ports,
		.families[FAMILY_IPV4] = true,
		.states[STATE_LISTEN] = true,
	};

	(void)state;
	assert_prometheus(
		&view,
		"# HELP tcp_port_sockets TCP sockets of a local port by address family and state.\n"
		"# TYPE tcp_port_sockets gauge\n"
		"tcp_port_sockets{port=\"443\",service=\"https\",family=\"ipv4\",state=\"listen\"} "
		"2\n"
		"tcp_port_sockets{port=\"8080\",service=\"\",family=\"ipv4\",state=\"listen\"} "
		"0\n");
}

static void services_are_escaped(void **state)
{
	static const char *const names[][2] = {
		{"a\"z", "a\\\"z"},
		{"back\\slash", "back\\\\slash"},
		{"m\xc3\xbcnze", "m\xc3\xbcnze"},
		{"m\xfcnze", "m\\\\xfcnze"},
		{"a\nb\033", "a\\nb\\\\x1b"},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(names); i++) {
		char expected[256];

		snprintf(
			expected, sizeof(expected),
			"# HELP tcp_port_sockets TCP sockets of a local port by address family and "
			"state.\n"
			"# TYPE tcp_port_sockets gauge\n"
			"tcp_port_sockets{port=\"80\",service=\"%s\",family=\"ipv4\","
			"state=\"listen\"} 0\n",
			names[i][1]);
		assert_service(&prometheus_format, names[i][0], expected);
	}
}

static void drops_of_open_sockets_are_not_a_counter(void **state)
{
	struct view view = fixture_view_all(VIEW_LISTENERS);

	(void)state;
	view.families[FAMILY_IPV6] = false;
	assert_prometheus(
		&view,
		"# HELP tcp_listen_sockets Sockets that listen on the endpoint.\n"
		"# TYPE tcp_listen_sockets gauge\n"
		"tcp_listen_sockets{family=\"ipv4\",address=\"192.0.2.1\",port=\"443\"} 2\n"
		"# HELP tcp_listen_queued_connections Connections that wait for accept().\n"
		"# TYPE tcp_listen_queued_connections gauge\n"
		"tcp_listen_queued_connections"
		"{family=\"ipv4\",address=\"192.0.2.1\",port=\"443\"} 96\n"
		"# HELP tcp_listen_backlog_connections Connections that may wait for accept().\n"
		"# TYPE tcp_listen_backlog_connections gauge\n"
		"tcp_listen_backlog_connections"
		"{family=\"ipv4\",address=\"192.0.2.1\",port=\"443\"} 128\n"
		"# HELP tcp_listen_fill_ratio How full the accept queue of the fullest socket is.\n"
		"# TYPE tcp_listen_fill_ratio gauge\n"
		"tcp_listen_fill_ratio"
		"{family=\"ipv4\",address=\"192.0.2.1\",port=\"443\"} 0.93\n"
		"# HELP tcp_listen_syn_queue_requests Connection requests in SYN_RECV that the "
		"endpoint takes.\n"
		"# TYPE tcp_listen_syn_queue_requests gauge\n"
		"tcp_listen_syn_queue_requests"
		"{family=\"ipv4\",address=\"192.0.2.1\",port=\"443\"} 4\n"
		"# HELP tcp_listen_dropped_segments Segments that the open sockets of the endpoint "
		"discarded, port scans among them.\n"
		"# TYPE tcp_listen_dropped_segments gauge\n"
		"tcp_listen_dropped_segments"
		"{family=\"ipv4\",address=\"192.0.2.1\",port=\"443\"} 7\n");
}

static void unknown_values_are_left_out(void **state)
{
	struct view view = fixture_view_all(VIEW_SUMMARY);

	(void)state;
	assert_prometheus(
		&view,
		"# HELP sockets_used Sockets of all kinds.\n# TYPE sockets_used gauge\n"
		"sockets_used 200\n"
		"# HELP tcp_sockets_allocated TCP sockets, TIME_WAIT among them.\n"
		"# TYPE tcp_sockets_allocated gauge\ntcp_sockets_allocated 44\n"
		"# HELP tcp_ss_estab_sockets TCP sockets in ESTABLISHED or CLOSE_WAIT.\n"
		"# TYPE tcp_ss_estab_sockets gauge\ntcp_ss_estab_sockets 30\n"
		"# HELP tcp_ss_closed_sockets TCP sockets not in use, TIME_WAIT among them.\n"
		"# TYPE tcp_ss_closed_sockets gauge\ntcp_ss_closed_sockets 11\n"
		"# HELP tcp_sockets_orphaned TCP sockets that no process holds.\n"
		"# TYPE tcp_sockets_orphaned gauge\ntcp_sockets_orphaned 1\n"
		"# HELP tcp_sockets_time_wait TCP sockets in TIME_WAIT.\n"
		"# TYPE tcp_sockets_time_wait gauge\ntcp_sockets_time_wait 4\n"
		"# HELP sockets_in_use Sockets by transport and address family.\n"
		"# TYPE sockets_in_use gauge\n"
		"sockets_in_use{transport=\"raw\",family=\"ipv4\"} 0\n"
		"sockets_in_use{transport=\"raw\",family=\"ipv6\"} 7\n"
		"sockets_in_use{transport=\"udp\",family=\"ipv4\"} 5\n"
		"sockets_in_use{transport=\"udp\",family=\"ipv6\"} 6\n"
		"sockets_in_use{transport=\"tcp\",family=\"ipv4\"} 32\n"
		"sockets_in_use{transport=\"tcp\",family=\"ipv6\"} 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_labelled),
		cmocka_unit_test(a_state_that_is_not_counted_has_no_sample),
		cmocka_unit_test(ports_are_labelled),
		cmocka_unit_test(unknown_numbers_of_watches_are_missing),
		cmocka_unit_test(services_are_escaped),
		cmocka_unit_test(drops_of_open_sockets_are_not_a_counter),
		cmocka_unit_test(unknown_values_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
