/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP-STATE-COUNT-MIB as net-snmp's agent library sees it: one handler on the MIB's root.
 *
 * All objects of one SNMP request are served from one report. snmpd's master asks in several
 * AgentX requests for one SNMP request (each repetition of a GETBULK is one), but gives all of them
 * the same transaction id; so the report is held by that.
 */
#ifndef AGENT_MIB_H
#define AGENT_MIB_H

#include "agent/mib_tree.h"

/** How many SNMP requests may be under way at once without one of them seeing a newer report. */
#define MIB_REQUESTS 8

struct mib_request {
	long transaction;
	struct report *latest; /**< held; NULL if there was none */
	int64_t begun_ns;
	bool taken;
};

struct mib {
	const struct refreshes *refreshes;
	int64_t max_age_ns; /**< what is older is not told; 0: three intervals, as they really are
			     */
	const uint32_t *notifications_dropped;
	int64_t up_from_ns; /**< when snmpd's sysUpTime was 0, on the clock of clock.h */
	struct mib_request requests[MIB_REQUESTS];
	size_t next_request; /**< the place to be used next: the oldest */
};

extern const oid mib_root[];
extern const size_t mib_root_length;

/**
 * Registers @p mib, which must outlive the agent library, with that library.
 * @param context the SNMP context to be served in; "" is the default one
 * @return 0, or -ENOMEM; the library has then logged why
 */
int mib_register(struct mib *mib, const char *context);

/**
 * Begins a new AgentX session: transaction ids begin anew, and perhaps sysUpTime. To be called when
 * the library knows sysUpTime.
 */
void mib_begin_session(struct mib *mib);

/**
 * Appends to @p variables the value of a row's @p column, just as a GET would answer it if
 * @p judgement were the latest one.
 * @return 0, or -ENOENT: it has no value, or -ENOMEM
 */
int mib_append(const struct mib *mib, struct judgement *judgement, const struct mib_table *table,
	       size_t row, oid column, netsnmp_variable_list **variables);

/** Forgets the requests under way. */
void mib_finalise(struct mib *mib);

#endif
