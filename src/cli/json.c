/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/formats.h"
#include "cli/summary.h"

#include <inttypes.h>

/* What comes before an element, after @p written others. */
static const char *separator(size_t written)
{
	return written == 0 ? "" : ",";
}

/* "ipv4":{"closed":0,...},"ipv6":{...} */
static void write_sockets(FILE *file, const struct view *view,
			  const uint32_t sockets[FAMILIES][STATES])
{
	size_t families = 0;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		size_t states = 0;

		if (!view->families[family])
			continue;
		fprintf(file, "%s\"%s\":{", separator(families++), tcp_family_name(family));
		for (enum tcp_state state = 0; state < STATES; state++) {
			if (view->states[state])
				fprintf(file, "%s\"%s\":%u", separator(states++),
					tcp_state_name(state), sockets[family][state]);
		}
		fputc('}', file);
	}
}

static void write_counts(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fputc('{', file);
	write_sockets(file, view, snapshot->sockets);
	fputc('}', file);
}

static void write_ports(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fputc('[', file);
	for (size_t place = 0; place < snapshot->ports_count; place++) {
		const struct port_count *port = &snapshot->ports[place];

		fprintf(file, "%s{\"port\":%u,\"service\":\"%s\",", separator(place),
			port->port.number, port->port.service);
		write_sockets(file, view, port->sockets);
		fputc('}', file);
	}
	fputc(']', file);
}

static void write_listeners(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	char address[ENDPOINT_TEXT_SIZE];
	size_t written = 0;

	fputc('[', file);
	for (size_t place = 0; place < snapshot->listeners_count; place++) {
		const struct listener *listener = &snapshot->listeners[place];
		const struct endpoint *endpoint = &listener->endpoint;

		if (!view->families[endpoint->family])
			continue;
		endpoint_address_text(endpoint, address);
		fprintf(file,
			"%s{\"family\":\"%s\",\"address\":\"%s\",\"port\":%u,\"sockets\":%u,"
			"\"queued\":%u,\"backlog\":%u,\"dropped\":%u}",
			separator(written++), tcp_family_name(endpoint->family), address,
			endpoint->port, listener->sockets, listener->queued, listener->backlog,
			listener->dropped);
	}
	fputc(']', file);
}

static void write_number(FILE *file, const char *name, struct summary_number number)
{
	fprintf(file, "\"%s\":", name);
	if (number.known)
		fprintf(file, "%" PRId64, number.value);
	else
		fputs("null", file);
}

static void write_summary(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	const struct summary summary = summary_of(snapshot);

	(void)view;
	fputc('{', file);
	for (enum summary_total total = 0; total < SUMMARY_TOTALS; total++) {
		fputs(separator(total), file);
		write_number(file, summary_total_name(total), summary.totals[total]);
	}
	for (enum summary_transport transport = 0; transport < SUMMARY_TRANSPORTS; transport++) {
		fprintf(file, ",\"%s\":{", summary_transport_name(transport));
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			fputs(separator(family), file);
			write_number(file, tcp_family_name(family),
				     summary.in_use[transport][family]);
		}
		fputc('}', file);
	}
	fputc('}', file);
}

const struct format json_format = {
	.write =
		{
			[VIEW_COUNTS] = write_counts,
			[VIEW_PORTS] = write_ports,
			[VIEW_LISTENERS] = write_listeners,
			[VIEW_SUMMARY] = write_summary,
		},
	.end = "\n",
};
