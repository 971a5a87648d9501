/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/check_rows.h"

#include <stdlib.h>

/* ---- names ---- */

static const struct {
	const char *word;
	enum tcp_state state;
} statuses[STATUSES] = {
	[STATUS_ESTABLISHED] = {"established", STATE_ESTABLISHED},
	[STATUS_SYN_SENT] = {"syn_sent", STATE_SYN_SENT},
	[STATUS_SYN_RECV] = {"syn_recv", STATE_SYN_RECEIVED},
	[STATUS_FIN_WAIT1] = {"fin_wait1", STATE_FIN_WAIT_1},
	[STATUS_FIN_WAIT2] = {"fin_wait2", STATE_FIN_WAIT_2},
	[STATUS_TIME_WAIT] = {"time_wait", STATE_TIME_WAIT},
	[STATUS_CLOSE] = {"close", STATE_CLOSED},
	[STATUS_CLOSE_WAIT] = {"close_wait", STATE_CLOSE_WAIT},
	[STATUS_LAST_ACK] = {"last_ack", STATE_LAST_ACK},
	[STATUS_LISTEN] = {"listen", STATE_LISTEN},
	[STATUS_CLOSING] = {"closing", STATE_CLOSING},
	[STATUS_NONE] = {"none", STATES},
};

const char *check_type_word(enum check_type type)
{
	static const char *const words[TYPES] = {
		[TYPE_TCP] = "tcp",
		[TYPE_TCP6] = "tcp6",
		[TYPE_UDP] = "udp",
		[TYPE_UDP6] = "udp6",
	};

	return words[type];
}

const char *check_status_word(enum check_status status)
{
	return statuses[status].word;
}

/* ---- counts ---- */

static bool is_udp(enum check_type type)
{
	return type == TYPE_UDP || type == TYPE_UDP6;
}

static bool exists(enum check_type type, enum check_status status)
{
	return is_udp(type) == (status == STATUS_NONE);
}

/* If the kernel reports UDP only for IPv4, IPv6 is disabled and has no sockets. */
static void count_udp(const struct host *host, struct check_row *row)
{
	const enum host_object object = row->type == TYPE_UDP ? HOST_UDP_IPV4 : HOST_UDP_IPV6;

	row->known = host->known[HOST_UDP_IPV4];
	row->sockets = host->value[object];
}

/* @param watch NULL: all sockets */
static void count_tcp(const struct snapshot *snapshot, const struct watch_count *watch,
		      struct check_row *row)
{
	const enum tcp_family family = row->type == TYPE_TCP ? FAMILY_IPV4 : FAMILY_IPV6;
	const enum tcp_state state = statuses[row->status].state;
	const uint32_t(*sockets)[STATES] = watch == NULL ? snapshot->sockets : watch->sockets;

	row->known = snapshot_counts_watch(snapshot, watch, state);
	row->sockets = row->known ? sockets[family][state] : 0;
}

/* ---- rows ---- */

enum verdict check_judge(const struct check *check, double number)
{
	if (check->has_critical && !range_contains(&check->critical, number))
		return VERDICT_CRITICAL;
	if (check->has_warning && !range_contains(&check->warning, number))
		return VERDICT_WARNING;
	return VERDICT_OK;
}

enum verdict verdict_worse(enum verdict left, enum verdict right)
{
	static const int badness[] = {
		[VERDICT_OK] = 0,
		[VERDICT_UNKNOWN] = 1,
		[VERDICT_WARNING] = 2,
		[VERDICT_CRITICAL] = 3,
	};

	return badness[left] >= badness[right] ? left : right;
}

/*
 * Without a filter, rows that are zero and OK would only hide the others, and so would those that a
 * watch does not have.
 */
static bool is_printed(const struct check *check, const struct check_row *row)
{
	if (check->subject == CHECK_WATCH && !check->filtered && !row->known)
		return false;
	return check->filtered || row->sockets > 0 || row->verdict != VERDICT_OK;
}

static struct check_row make_row(const struct check *check, const struct snapshot *snapshot,
				 enum check_type type, enum check_status status)
{
	const struct watch_count *watch =
		check->subject == CHECK_WATCH ? snapshot_watch(snapshot, check->watch) : NULL;
	struct check_row row = {.type = type, .status = status};

	if (is_udp(type))
		count_udp(&snapshot->host, &row);
	else
		count_tcp(snapshot, watch, &row);
	row.verdict = row.known ? check_judge(check, (double)row.sockets) : VERDICT_UNKNOWN;
	return row;
}

static bool is_asked_for(const struct check *check, enum check_type type, enum check_status status)
{
	if (check->subject == CHECK_WATCH && is_udp(type))
		return false;
	return exists(type, status) && check->types[type] && check->statuses[status];
}

bool check_asks_for_any(const struct check *check)
{
	for (enum check_type type = 0; type < TYPES; type++) {
		for (enum check_status status = 0; status < STATUSES; status++) {
			if (is_asked_for(check, type, status))
				return true;
		}
	}
	return false;
}

/* Rows with equal counts keep the order of types and statuses. */
static int compare_rows(const void *left_place, const void *right_place)
{
	const struct check_row *left = left_place, *right = right_place;

	if (left->known != right->known)
		return left->known ? -1 : 1;
	if (left->sockets != right->sockets)
		return left->sockets > right->sockets ? -1 : 1;
	if (left->type != right->type)
		return left->type < right->type ? -1 : 1;
	return left->status < right->status ? -1 : left->status > right->status;
}

void check_rows_make(const struct check *check, const struct snapshot *snapshot,
		     struct check_rows *rows)
{
	rows->count = 0;
	for (enum check_type type = 0; type < TYPES; type++) {
		for (enum check_status status = 0; status < STATUSES; status++) {
			struct check_row row;

			if (!is_asked_for(check, type, status))
				continue;
			row = make_row(check, snapshot, type, status);
			if (is_printed(check, &row))
				rows->row[rows->count++] = row;
		}
	}
	qsort(rows->row, rows->count, sizeof(rows->row[0]), compare_rows);
}

enum verdict check_rows_verdict(const struct check_rows *rows)
{
	enum verdict worst = VERDICT_OK;

	for (size_t row = 0; row < rows->count; row++)
		worst = verdict_worse(worst, rows->row[row].verdict);
	return worst;
}
