/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct listener listeners[] = {
	{
		.endpoint = {.family = FAMILY_IPV4, .address = {192, 0, 2, 1}, .port = 443},
		.sockets = 2,
		.fill = 93,
		.fill_max = 105,
		.queued = 96,
		.backlog = 128,
		.dropped = 7,
		.syn_queue = 4,
	},
	{
		.endpoint = {.family = FAMILY_IPV6,
			     .address = {0xfe, 0x80, [15] = 1},
			     .zone = 3,
			     .port = 8080},
		.sockets = 1,
		.queued = 0,
		.backlog = 5,
	},
};

static struct watch_count watches[] = {
	{
		.name = "443",
		.text = "port 443",
		.known = true,
		.port_use_known = true,
		.port_use = 7,
		.sockets[FAMILY_IPV4] = {[STATE_LISTEN] = 2, [STATE_ESTABLISHED] = 20},
	},
	{
		.name = "8080",
		.text = "port 8080",
		.known = true,
		.by_unit = true,
		.sockets[FAMILY_IPV6] = {[STATE_LISTEN] = 1},
	},
};

const struct snapshot *fixture_snapshot(void)
{
	static struct snapshot snapshot = {
		.sockets[FAMILY_IPV4] =
			{[STATE_LISTEN] = 2, [STATE_ESTABLISHED] = 30, [STATE_TIME_WAIT] = 4},
		.sockets[FAMILY_IPV6] = {[STATE_LISTEN] = 1},
		.listeners = listeners,
		.listeners_count = ENTRIES(listeners),
		.watches = watches,
		.watches_count = ENTRIES(watches),
	};
	struct host *host = &snapshot.host;

	host_set(host, HOST_SOCKETS_USED, 200);
	host_set(host, HOST_ALLOCATED, 40);
	host_set(host, HOST_TIME_WAITS, 4);
	host_set(host, HOST_ORPHANS, 1);
	host_set(host, HOST_IN_USE_IPV4, 32);
	host_set(host, HOST_IN_USE_IPV6, 1);
	host_set(host, HOST_UDP_IPV4, 5);
	host_set(host, HOST_UDP_IPV6, 6);
	host_set(host, HOST_RAW_IPV4, 0);
	host_set(host, HOST_RAW_IPV6, 7);
	return &snapshot;
}

const struct watched_ports fixture_ports = {
	.port = {{.number = 443, .service = "https"}, {.number = 8080}},
	.count = 2,
};

struct view fixture_view_all(enum view_subject subject)
{
	struct view view = {
		.subject = subject,
		.ports = subject == VIEW_PORTS ? &fixture_ports : NULL,
	};

	memset(view.families, true, sizeof(view.families));
	memset(view.states, true, sizeof(view.states));
	return view;
}

static char *text;
static size_t length;

FILE *output_open(void)
{
	FILE *file = open_memstream(&text, &length);

	assert_non_null(file);
	return file;
}

void output_assert(FILE *file, const char *expected)
{
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, expected);
	free(text);
}

void assert_service(const struct format *format, const char *service, const char *expected)
{
	struct watch_count count = {.name = "80", .known = true};
	struct watched_ports ports = {.port = {{.number = 80}}, .count = 1};
	const struct snapshot snapshot = {.watches = &count, .watches_count = 1};
	const struct view view = {
		.subject = VIEW_PORTS,
		.families[FAMILY_IPV4] = true,
		.states[STATE_LISTEN] = true,
		.ports = &ports,
	};
	FILE *file = output_open();

	strcpy(ports.port[0].service, service);
	format_write(format, file, &snapshot, &view);
	output_assert(file, expected);
}
