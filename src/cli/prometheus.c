/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/formats.h"
#include "cli/summary.h"

#include <inttypes.h>

static void write_heading(FILE *file, const char *name, const char *type, const char *help)
{
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A sample for each state of each family; @p labels end with a comma, if there are any. */
static void write_sockets(FILE *file, const char *name, const struct view *view,
			  const uint32_t sockets[FAMILIES][STATES], const char *labels)
{
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++) {
			if (view->families[family] && view->states[state])
				fprintf(file, "%s{%sfamily=\"%s\",state=\"%s\"} %u\n", name, labels,
					tcp_family_name(family), tcp_state_name(state),
					sockets[family][state]);
		}
	}
}

static void write_counts(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	write_heading(file, "tcp_sockets", "gauge", "TCP sockets by address family and state.");
	write_sockets(file, "tcp_sockets", view, snapshot->sockets, "");
}

static void write_ports(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	char labels[sizeof("port=\"65535\",service=\"\",") + SERVICE_NAME_SIZE];

	write_heading(file, "tcp_port_sockets", "gauge",
		      "TCP sockets of a local port by address family and state.");
	for (size_t place = 0; place < snapshot->ports_count; place++) {
		const struct port_count *port = &snapshot->ports[place];

		snprintf(labels, sizeof(labels), "port=\"%u\",service=\"%s\",", port->port.number,
			 port->port.service);
		write_sockets(file, "tcp_port_sockets", view, port->sockets, labels);
	}
}

/* ---- listeners ---- */

struct listener_metric {
	const char *name;
	const char *type;
	const char *help;
	uint32_t (*value)(const struct listener *listener);
};

static uint32_t sockets(const struct listener *listener)
{
	return listener->sockets;
}

static uint32_t queued(const struct listener *listener)
{
	return listener->queued;
}

static uint32_t backlog(const struct listener *listener)
{
	return listener->backlog;
}

static uint32_t dropped(const struct listener *listener)
{
	return listener->dropped;
}

static void write_listener_metric(FILE *file, const struct snapshot *snapshot,
				  const struct view *view, const struct listener_metric *metric)
{
	char address[ENDPOINT_TEXT_SIZE];

	write_heading(file, metric->name, metric->type, metric->help);
	for (size_t place = 0; place < snapshot->listeners_count; place++) {
		const struct listener *listener = &snapshot->listeners[place];
		const struct endpoint *endpoint = &listener->endpoint;

		if (!view->families[endpoint->family])
			continue;
		endpoint_address_text(endpoint, address);
		fprintf(file, "%s{family=\"%s\",address=\"%s\",port=\"%u\"} %u\n", metric->name,
			tcp_family_name(endpoint->family), address, endpoint->port,
			metric->value(listener));
	}
}

static void write_listeners(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	static const struct listener_metric metrics[] = {
		{"tcp_listen_sockets", "gauge", "Sockets that listen at the endpoint.", sockets},
		{"tcp_listen_queued_connections", "gauge", "Connections that wait for accept().",
		 queued},
		{"tcp_listen_backlog_connections", "gauge",
		 "Connections that may wait for accept().", backlog},
		{"tcp_listen_dropped_packets_total", "counter",
		 "Packets that found no place in the queue.", dropped},
	};

	for (size_t place = 0; place < sizeof(metrics) / sizeof(metrics[0]); place++)
		write_listener_metric(file, snapshot, view, &metrics[place]);
}

/* ---- summary ---- */

static void write_number(FILE *file, const char *name, const char *labels,
			 struct summary_number number)
{
	if (number.known)
		fprintf(file, "%s%s %" PRId64 "\n", name, labels, number.value);
}

static void write_summary(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	static const struct {
		const char *name;
		const char *help;
	} totals[SUMMARY_TOTALS] = {
		[SUMMARY_SOCKETS] = {"sockets_used", "Sockets of all kinds."},
		[SUMMARY_TCP_TOTAL] = {"tcp_sockets_allocated",
				       "TCP sockets, TIME_WAIT among them."},
		[SUMMARY_ESTABLISHED] = {"tcp_sockets_established",
					 "TCP sockets in ESTABLISHED or CLOSE_WAIT."},
		[SUMMARY_CLOSED] = {"tcp_sockets_closed",
				    "TCP sockets not in use, TIME_WAIT among them."},
		[SUMMARY_ORPHANED] = {"tcp_sockets_orphaned", "TCP sockets that no process holds."},
		[SUMMARY_TIME_WAIT] = {"tcp_sockets_time_wait", "TCP sockets in TIME_WAIT."},
	};
	const struct summary summary = summary_of(snapshot);
	char labels[64];

	(void)view;
	for (enum summary_total total = 0; total < SUMMARY_TOTALS; total++) {
		if (summary.totals[total].known)
			write_heading(file, totals[total].name, "gauge", totals[total].help);
		write_number(file, totals[total].name, "", summary.totals[total]);
	}
	write_heading(file, "sockets_in_use", "gauge", "Sockets by transport and address family.");
	for (enum summary_transport transport = 0; transport < SUMMARY_TRANSPORTS; transport++) {
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			snprintf(labels, sizeof(labels), "{transport=\"%s\",family=\"%s\"}",
				 summary_transport_name(transport), tcp_family_name(family));
			write_number(file, "sockets_in_use", labels,
				     summary.in_use[transport][family]);
		}
	}
}

const struct format prometheus_format = {
	.write =
		{
			[VIEW_COUNTS] = write_counts,
			[VIEW_PORTS] = write_ports,
			[VIEW_LISTENERS] = write_listeners,
			[VIEW_SUMMARY] = write_summary,
		},
	.end = "",
};
