/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What LibreNMS' application "ss" reads from an "extend ss" line of snmpd.conf: an object of
 * LibreNMS' JSON return format, with the sockets by the names that ss(8) gives to their states.
 * Types and families that are missing are not drawn, and a state that is missing is 0.
 */
#include "cli/formats.h"

/* iproute2, misc/ss.c, sstate_name */
static const char *const state_words[STATES] = {
	[STATE_CLOSED] = "UNCONN",         [STATE_LISTEN] = "LISTEN",
	[STATE_SYN_SENT] = "SYN-SENT",     [STATE_SYN_RECEIVED] = "SYN-RECV",
	[STATE_ESTABLISHED] = "ESTAB",     [STATE_FIN_WAIT_1] = "FIN-WAIT-1",
	[STATE_FIN_WAIT_2] = "FIN-WAIT-2", [STATE_CLOSE_WAIT] = "CLOSE-WAIT",
	[STATE_LAST_ACK] = "LAST-ACK",     [STATE_CLOSING] = "CLOSING",
	[STATE_TIME_WAIT] = "TIME-WAIT",
};

/* @param families those that are added up */
static void write_states(FILE *file, const struct snapshot *snapshot, const struct view *view,
			 const bool families[FAMILIES])
{
	uint32_t total = 0;

	fputc('{', file);
	for (enum tcp_state state = 0; state < STATES; state++) {
		uint32_t sockets = 0;

		if (!view->states[state] || !snapshot_counts(snapshot, state))
			continue;
		for (enum tcp_family family = 0; family < FAMILIES; family++)
			sockets += families[family] ? snapshot->sockets[family][state] : 0;
		fprintf(file, "\"%s\":%u,", state_words[state], sockets);
		total += sockets;
	}
	fprintf(file, "\"TOTAL\":%u}", total);
}

static void write_librenms_counts(FILE *file, const struct snapshot *snapshot,
				  const struct view *view)
{
	static const char *const words[FAMILIES] = {
		[FAMILY_IPV4] = "inet",
		[FAMILY_IPV6] = "inet6",
	};

	fputs("{\"version\":1,\"error\":0,\"errorString\":\"\",\"data\":{", file);
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		bool only[FAMILIES] = {false};

		if (!view->families[family])
			continue;
		only[family] = true;
		fprintf(file, "\"%s\":{\"tcp\":", words[family]);
		write_states(file, snapshot, view, only);
		fputs("},", file);
	}
	fputs("\"tcp\":", file);
	write_states(file, snapshot, view, view->families);
	fputs("}}", file);
}

/* options_parse() permits no other subject. */
const struct format librenms_format = {
	.write = {[VIEW_COUNTS] = write_librenms_counts},
	.end = "\n",
};
