/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/formats.h"
#include "cli/summary.h"

#include <inttypes.h>

/* A row for each state of each family, behind @p prefix. */
static void write_sockets(FILE *file, const struct view *view,
			  const uint32_t sockets[FAMILIES][STATES], const char *prefix)
{
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++) {
			if (view->families[family] && view->states[state])
				fprintf(file, "%s%s,%s,%u\n", prefix, tcp_family_name(family),
					tcp_state_name(state), sockets[family][state]);
		}
	}
}

static void write_counts(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fprintf(file, "family,state,sockets\n");
	write_sockets(file, view, snapshot->sockets, "");
}

static void write_ports(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	char prefix[sizeof("65535,,") + SERVICE_NAME_SIZE];

	fprintf(file, "port,service,family,state,sockets\n");
	for (size_t place = 0; place < snapshot->ports_count; place++) {
		const struct port_count *port = &snapshot->ports[place];

		snprintf(prefix, sizeof(prefix), "%u,%s,", port->port.number, port->port.service);
		write_sockets(file, view, port->sockets, prefix);
	}
}

static void write_listeners(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	char address[ENDPOINT_TEXT_SIZE];

	fprintf(file, "family,address,port,sockets,queued,backlog,dropped\n");
	for (size_t place = 0; place < snapshot->listeners_count; place++) {
		const struct listener *listener = &snapshot->listeners[place];
		const struct endpoint *endpoint = &listener->endpoint;

		if (!view->families[endpoint->family])
			continue;
		endpoint_address_text(endpoint, address);
		fprintf(file, "%s,%s,%u,%u,%u,%u,%u\n", tcp_family_name(endpoint->family), address,
			endpoint->port, listener->sockets, listener->queued, listener->backlog,
			listener->dropped);
	}
}

static void write_number(FILE *file, const char *name, const char *family,
			 struct summary_number number)
{
	fprintf(file, "%s,%s,", name, family);
	if (number.known)
		fprintf(file, "%" PRId64, number.value);
	fputc('\n', file);
}

static void write_summary(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	const struct summary summary = summary_of(snapshot);

	(void)view;
	fprintf(file, "count,family,sockets\n");
	for (enum summary_total total = 0; total < SUMMARY_TOTALS; total++)
		write_number(file, summary_total_name(total), "", summary.totals[total]);
	for (enum summary_transport transport = 0; transport < SUMMARY_TRANSPORTS; transport++) {
		for (enum tcp_family family = 0; family < FAMILIES; family++)
			write_number(file, summary_transport_name(transport),
				     tcp_family_name(family), summary.in_use[transport][family]);
	}
}

const struct format csv_format = {
	.write =
		{
			[VIEW_COUNTS] = write_counts,
			[VIEW_PORTS] = write_ports,
			[VIEW_LISTENERS] = write_listeners,
			[VIEW_SUMMARY] = write_summary,
		},
	.end = "",
};
