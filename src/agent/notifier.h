/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells of thresholds that were raised or cleared: each transition once, and in order.
 *
 * What cannot be sent is kept until snmpd is back. What was sent is kept until snmpd has answered:
 * if the session is lost before, nobody knows whether it was read, and it is sent again in the next
 * one. Never more than NOTICES_UNANSWERED are under way, so that a hung snmpd's socket cannot fill
 * up and block the agent.
 */
#ifndef AGENT_NOTIFIER_H
#define AGENT_NOTIFIER_H

#include "agent/mib.h"
#include "agent/session.h"
#include "model/judgement.h"

#define NOTICES_KEPT 256
#define NOTICES_UNANSWERED 32

/** A transition to be told: that of one threshold, as it stood then. */
struct notice {
	struct judgement *judgement; /**< held */
	size_t threshold;
	int request; /**< id of the AgentX request that waits for its answer; 0: not sent */
};

struct notifier {
	const struct mib *mib;
	struct session *session;
	struct notice notices[NOTICES_KEPT]; /**< the oldest first */
	size_t count;
	uint32_t dropped; /**< the oldest are, when there are more than can be kept */
	uint32_t dropped_logged;
};

/** @p mib and @p session must outlive @p notifier. */
void notifier_initialise(struct notifier *notifier, const struct mib *mib, struct session *session);

/** Tells what differs between two judgements of the same thresholds. */
void notifier_tell(struct notifier *notifier, const struct judgement *before,
		   struct judgement *after);

/** Sends what can be sent now. To be called in every turn of the main loop. */
void notifier_send(struct notifier *notifier);

void notifier_finalise(struct notifier *notifier);

#endif
