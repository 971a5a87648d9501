/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/devices.h"
#include "cli/formats.h"
#include "cli/summary.h"
#include "utf8.h"

#include <inttypes.h>

static void write_prometheus_heading(FILE *file, const char *name, const char *type,
				     const char *help)
{
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Writes a label value. Octets that are not UTF-8, and control characters, become \xHH. */
static void write_prometheus_value(FILE *file, const char *text)
{
	uint32_t character;
	size_t length;

	for (; (length = utf8_decode(text, &character)) > 0; text += length) {
		if (character == '\n')
			fputs("\\n", file);
		else if (character == '"' || character == '\\')
			fprintf(file, "\\%c", *text);
		else if (utf8_is_printable(character))
			fwrite(text, 1, length, file);
		else
			for (size_t i = 0; i < length; i++)
				fprintf(file, "\\\\x%02x", (unsigned char)text[i]);
	}
}

static void write_port_labels(FILE *file, const struct watched_port *port)
{
	char text[PORT_TEXT_SIZE];

	watched_port_text(port, text);
	fprintf(file, "port=\"%s\",service=\"", text);
	write_prometheus_value(file, port->service);
	fputs("\",", file);
}

/*
 * Writes a sample for each counted state of each family: of @p watch, or of all sockets if it is
 * NULL. If it is that of @p port, the labels are the port's.
 */
static void write_prometheus_sockets(FILE *file, const char *name, const struct snapshot *snapshot,
				     const struct view *view, const struct watch_count *watch,
				     const struct watched_port *port)
{
	const uint32_t(*sockets)[STATES] = watch == NULL ? snapshot->sockets : watch->sockets;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++) {
			if (!view->families[family] || !view->states[state] ||
			    !snapshot_counts_watch(snapshot, watch, state))
				continue;
			fprintf(file, "%s{", name);
			if (port != NULL)
				write_port_labels(file, port);
			else if (watch != NULL)
				fprintf(file, "watch=\"%s\",", watch->name);
			fprintf(file, "family=\"%s\",state=\"%s\"} %u\n", tcp_family_name(family),
				tcp_state_name(state), sockets[family][state]);
		}
	}
}

static void write_prometheus_counts(FILE *file, const struct snapshot *snapshot,
				    const struct view *view)
{
	write_prometheus_heading(file, "tcp_sockets", "gauge",
				 "TCP sockets by address family and state.");
	write_prometheus_sockets(file, "tcp_sockets", snapshot, view, NULL, NULL);
}

static void write_prometheus_ports(FILE *file, const struct snapshot *snapshot,
				   const struct view *view)
{
	write_prometheus_heading(file, "tcp_port_sockets", "gauge",
				 "TCP sockets of a local port by address family and state.");
	for (size_t i = 0; i < view->ports->count; i++) {
		const struct watched_port *port = &view->ports->port[i];

		write_prometheus_sockets(file, "tcp_port_sockets", snapshot, view,
					 watched_port_count(snapshot, port), port);
	}
}

static void write_prometheus_watches(FILE *file, const struct snapshot *snapshot,
				     const struct view *view)
{
	write_prometheus_heading(file, "tcp_watch_sockets", "gauge",
				 "TCP sockets of a watch by address family and state.");
	for (size_t i = 0; i < snapshot->watches_count; i++)
		write_prometheus_sockets(file, "tcp_watch_sockets", snapshot, view,
					 &snapshot->watches[i], NULL);
	write_prometheus_heading(
		file, "tcp_watch_port_use_ratio", "gauge",
		"Local ports that a watch uses, of those that the kernel chooses from.");
	for (size_t i = 0; i < snapshot->watches_count; i++) {
		const struct watch_count *watch = &snapshot->watches[i];

		if (watch->port_use_known)
			fprintf(file, "tcp_watch_port_use_ratio{watch=\"%s\"} %.2f\n", watch->name,
				watch->port_use / 100.0);
	}
}

/* ---- listeners ---- */

struct listener_metric {
	const char *name;
	const char *type;
	const char *help;
	void (*write)(FILE *file, const struct listener *listener);
};

static void write_listening(FILE *file, const struct listener *listener)
{
	fprintf(file, "%u", listener->sockets);
}

static void write_queued(FILE *file, const struct listener *listener)
{
	fprintf(file, "%" PRIu64, listener->queued);
}

static void write_backlog(FILE *file, const struct listener *listener)
{
	fprintf(file, "%" PRIu64, listener->backlog);
}

static void write_percent(FILE *file, uint32_t percent)
{
	fprintf(file, "%u.%02u", percent / 100, percent % 100);
}

static void write_fill(FILE *file, const struct listener *listener)
{
	write_percent(file, listener->fill);
}

static void write_fill_max(FILE *file, const struct listener *listener)
{
	write_percent(file, listener->fill_max);
}

static void write_syn_queue(FILE *file, const struct listener *listener)
{
	fprintf(file, "%u", listener->syn_queue);
}

static void write_dropped(FILE *file, const struct listener *listener)
{
	fprintf(file, "%" PRIu64, listener->dropped);
}

static void write_listener_labels(FILE *file, const struct listener *listener)
{
	const struct endpoint *endpoint = &listener->endpoint;
	char address[ENDPOINT_TEXT_SIZE], devices[DEVICES_TEXT_SIZE];

	endpoint_address_text(endpoint, address);
	devices_text(listener, devices);
	fprintf(file, "{family=\"%s\",address=\"%s\",port=\"%u\"",
		tcp_family_name(endpoint->family), address, endpoint->port);
	if (devices[0] != '\0') {
		fputs(",devices=\"", file);
		write_prometheus_value(file, devices);
		fputc('"', file);
	}
	fputc('}', file);
}

static void write_listener_metric(FILE *file, const struct snapshot *snapshot,
				  const struct view *view, const struct listener_metric *metric)
{
	write_prometheus_heading(file, metric->name, metric->type, metric->help);
	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		const struct listener *listener = &snapshot->listeners[i];

		if (!view_has_listener(view, listener))
			continue;
		fputs(metric->name, file);
		write_listener_labels(file, listener);
		fputc(' ', file);
		metric->write(file, listener);
		fputc('\n', file);
	}
}

static void write_prometheus_listeners(FILE *file, const struct snapshot *snapshot,
				       const struct view *view)
{
	static const struct listener_metric metrics[] = {
		{"tcp_listen_sockets", "gauge", "Sockets that listen on the endpoint.",
		 write_listening},
		{"tcp_listen_queued_connections", "gauge", "Connections that wait for accept().",
		 write_queued},
		{"tcp_listen_backlog_connections", "gauge",
		 "Connections that may wait for accept().", write_backlog},
		{"tcp_listen_fill_ratio", "gauge",
		 "How full the accept queue of the fullest socket is.", write_fill},
		{"tcp_listen_syn_queue_requests", "gauge",
		 "Connection requests in SYN_RECV that the endpoint takes.", write_syn_queue},
	};
	static const struct listener_metric fill_max = {
		"tcp_listen_fill_max_ratio", "gauge",
		"The largest tcp_listen_fill_ratio within the window of the agent.",
		write_fill_max};
	static const struct listener_metric dropped = {
		"tcp_listen_dropped_segments_total", "counter",
		"Segments that the endpoint discarded, port scans among them.", write_dropped};
	/* A single count does not include sockets that have been closed, so this is not a counter.
	 */
	static const struct listener_metric dropped_by_open = {
		"tcp_listen_dropped_segments", "gauge",
		"Segments that the open sockets of the endpoint discarded, port scans among them.",
		write_dropped};

	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		write_listener_metric(file, snapshot, view, &metrics[i]);
	if (snapshot->listeners_tracked)
		write_listener_metric(file, snapshot, view, &fill_max);
	write_listener_metric(file, snapshot, view,
			      snapshot->listeners_tracked ? &dropped : &dropped_by_open);
}

/* ---- summary ---- */

static void write_prometheus_number(FILE *file, const char *name, const char *labels,
				    struct summary_number number)
{
	if (number.known)
		fprintf(file, "%s%s %" PRId64 "\n", name, labels, number.value);
}

static void write_prometheus_summary(FILE *file, const struct snapshot *snapshot,
				     const struct view *view)
{
	static const struct {
		const char *name;
		const char *help;
	} totals[SUMMARY_TOTALS] = {
		[SUMMARY_SOCKETS] = {"sockets_used", "Sockets of all kinds."},
		[SUMMARY_TCP_TOTAL] = {"tcp_sockets_allocated",
				       "TCP sockets, TIME_WAIT among them."},
		[SUMMARY_ESTABLISHED] = {"tcp_ss_estab_sockets",
					 "TCP sockets in ESTABLISHED or CLOSE_WAIT."},
		[SUMMARY_CLOSED] = {"tcp_ss_closed_sockets",
				    "TCP sockets not in use, TIME_WAIT among them."},
		[SUMMARY_ORPHANED] = {"tcp_sockets_orphaned", "TCP sockets that no process holds."},
		[SUMMARY_TIME_WAIT] = {"tcp_sockets_time_wait", "TCP sockets in TIME_WAIT."},
	};
	const struct summary summary = summary_of(snapshot);
	char labels[64];

	(void)view;
	for (enum summary_total total = 0; total < SUMMARY_TOTALS; total++) {
		if (summary.totals[total].known)
			write_prometheus_heading(file, totals[total].name, "gauge",
						 totals[total].help);
		write_prometheus_number(file, totals[total].name, "", summary.totals[total]);
	}
	write_prometheus_heading(file, "sockets_in_use", "gauge",
				 "Sockets by transport and address family.");
	for (enum summary_transport transport = 0; transport < SUMMARY_TRANSPORTS; transport++) {
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			snprintf(labels, sizeof(labels), "{transport=\"%s\",family=\"%s\"}",
				 summary_transport_name(transport), tcp_family_name(family));
			write_prometheus_number(file, "sockets_in_use", labels,
						summary.in_use[transport][family]);
		}
	}
}

const struct format prometheus_format = {
	.write =
		{
			[VIEW_COUNTS] = write_prometheus_counts,
			[VIEW_PORTS] = write_prometheus_ports,
			[VIEW_WATCHES] = write_prometheus_watches,
			[VIEW_LISTENERS] = write_prometheus_listeners,
			[VIEW_SUMMARY] = write_prometheus_summary,
		},
	.end = "",
};
