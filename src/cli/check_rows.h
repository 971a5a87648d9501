/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of sockets by type and status that check_tcp_states tests and prints, with the names of
 * netstat and the Linuxfabrik network-connections check.
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

/** In the kernel's order (include/net/tcp_states.h). UDP sockets have only the last one. */
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

/** The exit status of a monitoring plugin. */
enum verdict {
	VERDICT_OK,
	VERDICT_WARNING,
	VERDICT_CRITICAL,
	VERDICT_UNKNOWN,
};

/** What is tested. */
enum check_subject {
	CHECK_SOCKETS,
	CHECK_WATCH,      /**< the sockets of a watch */
	CHECK_LISTEN,     /**< the fill level of an accept queue */
	CHECK_LIMITS,     /**< the use of the host's limits */
	CHECK_THRESHOLDS, /**< the number of raised thresholds */
};

/** The requested rows and their limits. */
struct check {
	enum check_subject subject;
	const char *watch; /**< its name, for CHECK_WATCH */
	bool types[TYPES];
	bool statuses[STATUSES];
	bool filtered; /**< some rows are not requested; rows that are zero are then printed, too */
	bool has_warning, has_critical;
	struct range warning, critical; /**< a number of sockets outside is a problem */
};

struct check_row {
	enum check_type type;
	enum check_status status;
	bool known; /**< false if the kernel does not report it */
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

/** Whether a socket can have a requested type and status. */
bool check_asks_for_any(const struct check *check);

/** Whether a number is critical, or else a warning. */
enum verdict check_judge(const struct check *check, double number);

/** The worse of both, in the order critical, warning, unknown, OK. */
enum verdict verdict_worse(enum verdict left, enum verdict right);

/** The rows to print, in descending order of sockets, with unknown ones last. */
void check_rows_make(const struct check *check, const struct snapshot *snapshot,
		     struct check_rows *rows);

/** The worst status of all rows, in the order critical, warning, unknown, OK. */
enum verdict check_rows_verdict(const struct check_rows *rows);

#endif
