/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows that check_tcp_states tests and tells: sockets by type and status, named as netstat and
 * the Linuxfabrik network-connections check name them.
 */
#ifndef CLI_CHECK_ROWS_H
#define CLI_CHECK_ROWS_H

#include "model/range.h"
#include "model/snapshot.h"

#include <stdbool.h>

enum check_type {
	TYPE_TCP,
	TYPE_TCP6,
	TYPE_UDP,
	TYPE_UDP6,
	TYPES,
};

/** In the kernel's order (include/net/tcp_states.h); UDP sockets have none but the last. */
enum check_status {
	STATUS_ESTABLISHED,
	STATUS_SYN_SENT,
	STATUS_SYN_RECV,
	STATUS_FIN_WAIT1,
	STATUS_FIN_WAIT2,
	STATUS_TIME_WAIT,
	STATUS_CLOSE,
	STATUS_CLOSE_WAIT,
	STATUS_LAST_ACK,
	STATUS_LISTEN,
	STATUS_CLOSING,
	STATUS_NONE,
	STATUSES,
};

/** The exit status of a monitoring plug-in. */
enum verdict {
	VERDICT_OK,
	VERDICT_WARNING,
	VERDICT_CRITICAL,
	VERDICT_UNKNOWN,
};

/** What is asked for. */
struct check {
	bool types[TYPES];
	bool statuses[STATUSES];
	bool filtered; /**< not all is, and then rows that are zero are told too */
	bool has_warning, has_critical;
	struct range warning, critical; /**< a number of sockets outside of them is not fine */
};

struct check_row {
	enum check_type type;
	enum check_status status;
	bool known; /**< false where the kernel does not tell */
	uint64_t sockets;
	enum verdict verdict;
};

#define CHECK_ROWS_MAX (2 * (STATUSES - 1) + 2)

struct check_rows {
	struct check_row row[CHECK_ROWS_MAX];
	size_t count;
};

/** "tcp" to "udp6". */
const char *check_type_word(enum check_type type);

/** "established" to "none". */
const char *check_status_word(enum check_status status);

/** Whether any socket is of a type and status that are asked for. */
bool check_asks_for_any(const struct check *check);

/** The rows to tell of: the most sockets first, and what is not known last. */
void check_rows_make(const struct check *check, const struct snapshot *snapshot,
		     struct check_rows *rows);

/** The worst of all: critical, warning, unknown, OK. */
enum verdict check_rows_verdict(const struct check_rows *rows);

#endif
