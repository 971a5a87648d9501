/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prometheus' text format: every view, and what is not known. promtool judges the format itself, in
 * the system tests.
 */
#include "cli/prometheus.c"

#include "shown.h"
#include "unit.h"

static void assert_prometheus(const struct view *view, const char *expected)
{
	FILE *file = shown_open();

	format_write(&prometheus_format, file, shown_snapshot(), view);
	shown_assert(file, expected);
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

static void ports_are_labelled(void **state)
{
	struct view view = {
		.subject = VIEW_PORTS,
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

static void drops_are_a_counter(void **state)
{
	struct view view = shown_all(VIEW_LISTENERS);

	(void)state;
	view.families[FAMILY_IPV6] = false;
	assert_prometheus(
		&view,
		"# HELP tcp_listen_sockets Sockets that listen at the endpoint.\n"
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
		"# HELP tcp_listen_dropped_packets_total Packets that found no place in the "
		"queue.\n"
		"# TYPE tcp_listen_dropped_packets_total counter\n"
		"tcp_listen_dropped_packets_total"
		"{family=\"ipv4\",address=\"192.0.2.1\",port=\"443\"} 7\n");
}

static void what_is_not_known_is_left_out(void **state)
{
	struct view view = shown_all(VIEW_SUMMARY);

	(void)state;
	assert_prometheus(
		&view, "# HELP sockets_used Sockets of all kinds.\n# TYPE sockets_used gauge\n"
		       "sockets_used 200\n"
		       "# HELP tcp_sockets_allocated TCP sockets, TIME_WAIT among them.\n"
		       "# TYPE tcp_sockets_allocated gauge\ntcp_sockets_allocated 44\n"
		       "# HELP tcp_sockets_established TCP sockets in ESTABLISHED or CLOSE_WAIT.\n"
		       "# TYPE tcp_sockets_established gauge\ntcp_sockets_established 30\n"
		       "# HELP tcp_sockets_closed TCP sockets not in use, TIME_WAIT among them.\n"
		       "# TYPE tcp_sockets_closed gauge\ntcp_sockets_closed 11\n"
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
		cmocka_unit_test(ports_are_labelled),
		cmocka_unit_test(drops_are_a_counter),
		cmocka_unit_test(what_is_not_known_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
