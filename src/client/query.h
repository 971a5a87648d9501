/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One attempt to read all objects: requests, their responses, and the text that is made of them.
 *
 * A table that is not served looks as if it had ended, and an object as if the kernel did not
 * report it. Therefore each request begins with two guards, objects that always exist:
 * tcpRefreshes, which restarts with the agent, and a row that is withdrawn with all others.
 */
#ifndef CLIENT_QUERY_H
#define CLIENT_QUERY_H

#include "build.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define ENTRIES(array) (sizeof(array) / sizeof((array)[0]))
#define ROOT_LENGTH ENTRIES(((const oid[]){MIB_ROOT}))

#define QUERY_GUARDS 2

enum outcome {
	OUTCOME_DONE,
	OUTCOME_INTERRUPTED, /**< the agent exited, restarted or withdrew its counts meanwhile */
	OUTCOME_MIXED,       /**< complete, but from more than one refresh */
	OUTCOME_FAILED,      /**< and the error is printed */
};

struct query {
	netsnmp_session *session;
	FILE *answer;         /**< is printed if the query completes */
	enum outcome outcome; /**< no more requests are sent unless it is OUTCOME_DONE */
	bool has_response;
	bool absent;              /**< the first response has no counts */
	uint32_t first_refreshes; /**< tcpRefreshes in the first response */
	uint32_t refreshes;       /**< and in the last one */
};

/** Creates a PDU that begins with the guards. */
netsnmp_pdu *query_create_pdu(int command);

/**
 * Sends @p pdu, which the library frees, and checks the guards of the response.
 * @param variable the first variable after the guards
 * @return the response, to be freed with snmp_free_pdu(); or NULL, and the outcome is set
 */
netsnmp_pdu *query_send(struct query *query, netsnmp_pdu *pdu,
			const netsnmp_variable_list **variable);

/** Sends @p pdu and writes all variables after the guards of the response. */
void query_send_and_write(struct query *query, netsnmp_pdu *pdu);

/** Whether the name of @p variable is longer than @p name and begins with it. */
bool query_is_below(const netsnmp_variable_list *variable, const oid *name, size_t length);

/** Writes a line of the answer. Sets the outcome if @p variable is not an object of the MIB. */
void query_write(struct query *query, const netsnmp_variable_list *variable);

/** Sets the outcome after a response with objects that were not requested. */
void query_fail_unexpected(struct query *query);

/**
 * Prints why there is no response to standard error.
 * @param error as s_snmp_errno
 * @param begun_ns when the request was sent, on the clock of clock.h
 */
void query_print_error(int error, int64_t begun_ns);

#endif
