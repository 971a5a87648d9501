/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/devices.h"
#include "cli/formats.h"
#include "cli/summary.h"
#include "utf8.h"

#include <inttypes.h>

/* The separator before an element that follows @p written others. */
static const char *separator(size_t written)
{
	return written == 0 ? "" : ",";
}

/* Octets that are not UTF-8 become readable as \xHH. All other text is read back unchanged. */
static void write_string(FILE *file, const char *text)
{
	uint32_t character;
	size_t length;

	fputc('"', file);
	for (; (length = utf8_decode(text, &character)) > 0; text += length) {
		if (character == UTF8_ILL_FORMED)
			fprintf(file, "\\\\x%02x", (unsigned char)*text);
		else if (!utf8_is_printable(character))
			fprintf(file, "\\u%04x", character);
		else
			fprintf(file, "%s%.*s", character == '"' || character == '\\' ? "\\" : "",
				(int)length, text);
	}
	fputc('"', file);
}

/* "ipv4":{"closed":null,"listen":0,...},"ipv6":{...}: of @p watch, or of all sockets if NULL */
static void write_json_sockets(FILE *file, const struct snapshot *snapshot, const struct view *view,
			       const struct watch_count *watch)
{
	const uint32_t(*sockets)[STATES] = watch == NULL ? snapshot->sockets : watch->sockets;
	size_t families = 0;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		size_t states = 0;

		if (!view->families[family])
			continue;
		fprintf(file, "%s\"%s\":{", separator(families++), tcp_family_name(family));
		for (enum tcp_state state = 0; state < STATES; state++) {
			if (!view->states[state])
				continue;
			fprintf(file, "%s\"%s\":", separator(states++), tcp_state_name(state));
			if (snapshot_counts_watch(snapshot, watch, state))
				fprintf(file, "%u", sockets[family][state]);
			else
				fputs("null", file);
		}
		fputc('}', file);
	}
}

static void write_json_counts(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fputc('{', file);
	write_json_sockets(file, snapshot, view, view_selection(view, snapshot));
	fputc('}', file);
}

static void write_json_ports(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fputc('[', file);
	for (size_t i = 0; i < view->ports->count; i++) {
		const struct watched_port *port = &view->ports->port[i];

		char text[PORT_TEXT_SIZE];

		watched_port_text(port, text);
		fprintf(file,
			port->last == 0 ? "%s{\"port\":%s,\"service\":"
					: "%s{\"port\":\"%s\",\"service\":",
			separator(i), text);
		write_string(file, port->service);
		fputc(',', file);
		write_json_sockets(file, snapshot, view, watched_port_count(snapshot, port));
		fputc('}', file);
	}
	fputc(']', file);
}

static void write_json_watches(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	fputc('[', file);
	for (size_t i = 0; i < snapshot->watches_count; i++) {
		const struct watch_count *watch = &snapshot->watches[i];

		fprintf(file, "%s{\"watch\":\"%s\",\"conditions\":", separator(i), watch->name);
		write_string(file, watch->text);
		if (watch->port_use_known)
			fprintf(file, ",\"portUse\":%u,", watch->port_use);
		else
			fputs(",\"portUse\":null,", file);
		write_json_sockets(file, snapshot, view, watch);
		fputc('}', file);
	}
	fputc(']', file);
}

static void write_json_devices(FILE *file, const struct listener *listener)
{
	char name[IF_NAMESIZE];

	fputc('[', file);
	for (size_t i = 0; i < listener->devices_count; i++) {
		devices_name(listener, i, name);
		fputs(separator(i), file);
		write_string(file, name);
	}
	fputc(']', file);
}

/* Values that the agent does not serve, or that only an agent has, are null. */
static void write_json_listener(FILE *file, const struct listener *listener, bool followed)
{
	const struct endpoint *endpoint = &listener->endpoint;
	char address[ENDPOINT_TEXT_SIZE];

	endpoint_address_text(endpoint, address);
	fprintf(file,
		"{\"family\":\"%s\",\"address\":\"%s\",\"port\":%u,\"sockets\":%u,\"queued\":"
		"%" PRIu64 ",\"backlog\":%" PRIu64 ",\"fill\":%u,\"fillMax\":",
		tcp_family_name(endpoint->family), address, endpoint->port, listener->sockets,
		listener->queued, listener->backlog, listener->fill);
	if (followed)
		fprintf(file, "%u", listener->fill_max);
	else
		fputs("null", file);
	fprintf(file, ",\"synQueue\":%u,\"devices\":", listener->syn_queue);
	if (followed)
		fputs("null", file);
	else
		write_json_devices(file, listener);
	fprintf(file, ",\"dropped\":%" PRIu64 "}", listener->dropped);
}

static void write_json_listeners(FILE *file, const struct snapshot *snapshot,
				 const struct view *view)
{
	size_t written = 0;

	fputc('[', file);
	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		const struct listener *listener = &snapshot->listeners[i];

		if (!view_has_listener(view, listener))
			continue;
		fputs(separator(written++), file);
		write_json_listener(file, listener, snapshot->listeners_tracked);
	}
	fputc(']', file);
}

static void write_json_number(FILE *file, const char *name, struct summary_number number)
{
	fprintf(file, "\"%s\":", name);
	if (number.known)
		fprintf(file, "%" PRId64, number.value);
	else
		fputs("null", file);
}

static void write_json_summary(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	const struct summary summary = summary_of(snapshot);

	(void)view;
	fputc('{', file);
	for (enum summary_total total = 0; total < SUMMARY_TOTALS; total++) {
		fputs(separator(total), file);
		write_json_number(file, summary_total_name(total), summary.totals[total]);
	}
	for (enum summary_transport transport = 0; transport < SUMMARY_TRANSPORTS; transport++) {
		fprintf(file, ",\"%s\":{", summary_transport_name(transport));
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			fputs(separator(family), file);
			write_json_number(file, tcp_family_name(family),
					  summary.in_use[transport][family]);
		}
		fputc('}', file);
	}
	fputc('}', file);
}

static void write_json_text(FILE *file, bool known, const char *text)
{
	if (known)
		write_string(file, text);
	else
		fputs("null", file);
}

static void write_json_key(FILE *file, const struct groups *groups, const struct group *group,
			   enum group_key key)
{
	char text[GROUP_TEXT_SIZE];
	const bool known = group_text(groups, group, key, text);

	fprintf(file, "\"%s\":", group_key_name(key));
	if (key == KEY_PROCESS) {
		const struct group_process *process = group_process(groups, group);

		write_json_text(file, known, process == NULL ? text : process->name);
		if (process == NULL)
			fputs(",\"pid\":null,", file);
		else
			fprintf(file, ",\"pid\":%d,", process->pid);
		return;
	}
	if (known && (key == KEY_PORT || key == KEY_PEER_PORT))
		fputs(text, file);
	else
		write_json_text(file, known, text);
	fputc(',', file);
}

static void write_json_groups(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	const struct groups *groups = &snapshot->groups;

	(void)view;
	fputs("{\"by\":[", file);
	for (size_t i = 0; i < groups->keys.count; i++)
		fprintf(file, "%s\"%s\"", separator(i), group_key_name(groups->keys.key[i]));
	fprintf(file, "],\"total\":%" PRIu64 ",\"groups\":[", groups->total);
	for (size_t i = 0; i < groups->count; i++) {
		const struct group *group = &groups->group[i];

		fprintf(file, "%s{", separator(i));
		for (size_t key = 0; key < groups->keys.count; key++)
			write_json_key(file, groups, group, groups->keys.key[key]);
		fprintf(file, "\"sockets\":%u", group->sockets);
		if (groups->port_use_known && group->port_use_port != 0)
			fprintf(file, ",\"portUse\":%u,\"portUsePeerPort\":%u", group->port_use,
				group->port_use_port);
		fputc('}', file);
	}
	fputs("]}", file);
}

/* ---- the envelope ---- */

/* Changes when a program that reads the previous version would read something wrong. */
#define JSON_VERSION 1

static void write_json(FILE *file, const struct snapshot *snapshot, const struct view *view)
{
	static const struct {
		const char *name;
		void (*write)(FILE *file, const struct snapshot *snapshot, const struct view *view);
	} subjects[VIEW_SUBJECTS] = {
		[VIEW_COUNTS] = {"counts", write_json_counts},
		[VIEW_PORTS] = {"ports", write_json_ports},
		[VIEW_WATCHES] = {"watches", write_json_watches},
		[VIEW_LISTENERS] = {"listeners", write_json_listeners},
		[VIEW_SUMMARY] = {"summary", write_json_summary},
		[VIEW_GROUPS] = {"sockets", write_json_groups},
	};
	char time[VIEW_TIME_SIZE];

	view_time_text(view, time);
	fprintf(file, "{\"version\":%d,\"time\":\"%s\",\"host\":", JSON_VERSION, time);
	write_string(file, view->host == NULL ? "" : view->host);
	fprintf(file, ",\"method\":\"%s\",", count_method_name(snapshot->method));
	if (view->ports != NULL && view->ports->conditions[0] != '\0') {
		fputs("\"conditions\":", file);
		write_string(file, view->ports->conditions);
		fputc(',', file);
	}
	fprintf(file, "\"%s\":", subjects[view->subject].name);
	subjects[view->subject].write(file, snapshot, view);
	fputc('}', file);
}

const struct format json_format = {
	.write =
		{
			[VIEW_COUNTS] = write_json,
			[VIEW_PORTS] = write_json,
			[VIEW_WATCHES] = write_json,
			[VIEW_LISTENERS] = write_json,
			[VIEW_SUMMARY] = write_json,
			[VIEW_GROUPS] = write_json,
		},
	.end = "\n",
};
