/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/devices.h"
#include "cli/formats.h"
#include "cli/summary.h"
#include "utf8.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_SIZE_MAX \
	(DEVICES_TEXT_SIZE > WATCH_TEXT_MAX + 1 ? DEVICES_TEXT_SIZE : WATCH_TEXT_MAX + 1)

_Static_assert(TEXT_SIZE_MAX >= SERVICE_NAME_SIZE, "the longest text");

/* Writes text escaped by utf8_escape(), and quoted if necessary. */
static void write_csv_text(FILE *file, const char *text)
{
	char escaped[UTF8_ESCAPED_SIZE(TEXT_SIZE_MAX)];

	utf8_escape(escaped, sizeof(escaped), text, UTF8_ANYWHERE);
	if (strpbrk(escaped, "\",") == NULL) {
		fputs(escaped, file);
		return;
	}
	fputc('"', file);
	for (const char *octet = escaped; *octet != '\0'; octet++)
		fprintf(file, *octet == '"' ? "\"%c" : "%c", *octet);
	fputc('"', file);
}

static void write_port(FILE *file, const struct watched_port *port)
{
	char text[PORT_TEXT_SIZE];

	watched_port_text(port, text);
	fprintf(file, "%s,", text);
	write_csv_text(file, port->service);
	fputc(',', file);
}

static void write_watch(FILE *file, const struct watch_count *watch)
{
	fprintf(file, "%s,", watch->name);
	write_csv_text(file, watch->text);
	if (watch->port_use_known)
		fprintf(file, ",%u,", watch->port_use);
	else
		fputs(",,", file);
}

/*
 * Writes a row for each state of each family: of @p watch, or of all sockets if it is NULL. If it
 * is that of @p port, the row begins with the port instead. Unknown counts are empty.
 */
static void write_csv_sockets(FILE *file, const struct snapshot *snapshot, const struct view *view,
			      const struct watch_count *watch, const struct watched_port *port)
{
	const uint32_t(*sockets)[STATES] = watch == NULL ? snapshot->sockets : watch->sockets;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = 0; state < STATES; state++) {
			if (!view->families[family] || !view->states[state])
				continue;
			if (port != NULL)
				write_port(file, port);
			else if (watch != NULL && view->subject == VIEW_WATCHES)
				write_watch(file, watch);
			fprintf(file, "%s,%s,", tcp_family_name(family), tcp_state_name(state));
			if (snapshot_counts_watch(snapshot, watch, state))
				fprintf(file, "%u", sockets[family][state]);
			fputc('\n', file);
		}
	}
}

static void write_csv_counts(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fprintf(file, "family,state,sockets\n");
	write_csv_sockets(file, snapshot, view, view_selection(view, snapshot), NULL);
}

static void write_csv_ports(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fprintf(file, "port,service,family,state,sockets\n");
	for (size_t i = 0; i < view->ports->count; i++) {
		const struct watched_port *port = &view->ports->port[i];

		write_csv_sockets(file, snapshot, view, watched_port_count(snapshot, port), port);
	}
}

static void write_csv_watches(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fprintf(file, "watch,conditions,portUse,family,state,sockets\n");
	for (size_t i = 0; i < snapshot->watches_count; i++)
		write_csv_sockets(file, snapshot, view, &snapshot->watches[i], NULL);
}

/* Values that the agent does not serve, or that only an agent has, are empty. */
static void write_csv_listener(FILE *file, const struct listener *listener, bool followed)
{
	const struct endpoint *endpoint = &listener->endpoint;
	char text[DEVICES_TEXT_SIZE > ENDPOINT_TEXT_SIZE ? DEVICES_TEXT_SIZE : ENDPOINT_TEXT_SIZE];

	endpoint_address_text(endpoint, text);
	fprintf(file, "%s,%s,%u,%u,%" PRIu64 ",%" PRIu64 ",%u,", tcp_family_name(endpoint->family),
		text, endpoint->port, listener->sockets, listener->queued, listener->backlog,
		listener->fill);
	if (followed)
		fprintf(file, "%u", listener->fill_max);
	fprintf(file, ",%u,", listener->syn_queue);
	devices_text(listener, text);
	write_csv_text(file, text);
	fprintf(file, ",%" PRIu64 "\n", listener->dropped);
}

static void write_csv_listeners(FILE *file, const struct snapshot *snapshot,
				const struct view *view)
{
	fprintf(file, "family,address,port,sockets,queued,backlog,fill,fillMax,synQueue,devices,"
		      "dropped\n");
	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		const struct listener *listener = &snapshot->listeners[i];

		if (view_has_listener(view, listener))
			write_csv_listener(file, listener, snapshot->listeners_tracked);
	}
}

static void write_csv_number(FILE *file, const char *name, const char *family,
			     struct summary_number number)
{
	fprintf(file, "%s,%s,", name, family);
	if (number.known)
		fprintf(file, "%" PRId64, number.value);
	fputc('\n', file);
}

static void write_csv_summary(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	const struct summary summary = summary_of(snapshot);

	(void)view;
	fprintf(file, "count,family,sockets\n");
	for (enum summary_total total = 0; total < SUMMARY_TOTALS; total++)
		write_csv_number(file, summary_total_name(total), "", summary.totals[total]);
	for (enum summary_transport transport = 0; transport < SUMMARY_TRANSPORTS; transport++) {
		for (enum tcp_family family = 0; family < FAMILIES; family++)
			write_csv_number(file, summary_transport_name(transport),
					 tcp_family_name(family),
					 summary.in_use[transport][family]);
	}
}

static void write_csv_key(FILE *file, const struct groups *groups, const struct group *group,
			  enum group_key key)
{
	const struct group_process *process = group_process(groups, group);
	char text[GROUP_TEXT_SIZE];

	if (key == KEY_PROCESS && process != NULL) {
		write_csv_text(file, process->name);
		fprintf(file, ",%d,", process->pid);
		return;
	}
	if (group_text(groups, group, key, text))
		write_csv_text(file, text);
	fputs(key == KEY_PROCESS ? ",," : ",", file);
}

/* Values that a group does not have are empty. */
static void write_csv_groups(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	const struct groups *groups = &snapshot->groups;

	(void)view;
	for (size_t i = 0; i < groups->keys.count; i++)
		fprintf(file, "%s,%s", group_key_name(groups->keys.key[i]),
			groups->keys.key[i] == KEY_PROCESS ? "pid," : "");
	fputs(groups->port_use_known ? "sockets,portUse,portUsePeerPort\n" : "sockets\n", file);
	for (size_t i = 0; i < groups->count; i++) {
		const struct group *group = &groups->group[i];

		for (size_t key = 0; key < groups->keys.count; key++)
			write_csv_key(file, groups, group, groups->keys.key[key]);
		fprintf(file, "%u", group->sockets);
		if (groups->port_use_known && group->port_use_port != 0)
			fprintf(file, ",%u,%u", group->port_use, group->port_use_port);
		else if (groups->port_use_known)
			fputs(",,", file);
		fputc('\n', file);
	}
}

const struct format csv_format = {
	.write =
		{
			[VIEW_COUNTS] = write_csv_counts,
			[VIEW_PORTS] = write_csv_ports,
			[VIEW_WATCHES] = write_csv_watches,
			[VIEW_LISTENERS] = write_csv_listeners,
			[VIEW_SUMMARY] = write_csv_summary,
			[VIEW_GROUPS] = write_csv_groups,
		},
	.end = "",
};
