/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP-STATE-COUNT-MIB as a module of net-snmp's agent library: one handler on the root of the MIB.
 *
 * All objects of one SNMP request are served from one report. The master sends several AgentX
 * requests for one SNMP request, one for each repetition of a GETBULK, but gives them the same
 * transaction id. The report is held by that id.
 */
#ifndef AGENT_MIB_H
#define AGENT_MIB_H

#include "agent/mib_tree.h"

/** How many SNMP requests can be pending without one of them seeing a newer report. */
#define MIB_REQUESTS 8

struct mib_request {
	long transaction;
	struct report *latest; /**< held; NULL if there was none */
	int64_t begun_ns;
	bool taken;
};

struct mib {
	const struct history *refreshes;
	int64_t max_age_ns; /**< older counts are not served; 0: three refresh intervals */
	const uint32_t *notifications_dropped;
	int64_t started_real_ns; /**< when the agent was started, since 1970 */
	int64_t up_from_ns;      /**< when snmpd's sysUpTime was 0, on the clock of clock.h */
	struct mib_request requests[MIB_REQUESTS];
	size_t next_request; /**< the oldest, which is replaced next */
};

extern const oid mib_root[];
extern const size_t mib_root_length;

/**
 * Registers @p mib with the agent library, which it must outlive.
 * @param context the SNMP context; "" is the default one
 * @return 0, or -ENOMEM, and the library has logged the reason
 */
int mib_register(struct mib *mib, const char *context);

/**
 * Begins a new AgentX session: transaction ids restart, and sysUpTime may. To be called when the
 * library knows sysUpTime.
 */
void mib_begin_session(struct mib *mib);

/**
 * Appends the value of a row's @p column to @p variables, as a GET would return it if @p evaluation
 * were the latest one.
 * @return 0, -ENOENT if it has no value, or -ENOMEM
 */
int mib_append(const struct mib *mib, struct evaluation *evaluation, const struct mib_table *table,
	       size_t row, oid column, netsnmp_variable_list **variables);

/** Forgets pending requests, and releases their reports. */
void mib_forget_requests(struct mib *mib);

#endif
