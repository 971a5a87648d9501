/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends a notification for each threshold that is raised or cleared, in order and at least once.
 *
 * Notifications are queued while snmpd is away. A sent one is kept until snmpd has responded; if
 * the session is lost first, it is not known whether snmpd read it, and it is sent in the next
 * session, with the same label and tcpThresholdSinceDate. At most NOTIFICATIONS_UNANSWERED are
 * unanswered at a time, so that the socket of a hung snmpd does not fill up and block the agent.
 */
#ifndef AGENT_NOTIFIER_H
#define AGENT_NOTIFIER_H

#include "agent/mib.h"
#include "agent/session.h"
#include "model/evaluation.h"

#define NOTIFICATIONS_QUEUED 256
#define NOTIFICATIONS_UNANSWERED 32

/** The transition of one threshold. */
struct notification {
	struct evaluation *evaluation; /**< held */
	size_t threshold;
	int request; /**< id of the unanswered AgentX request; 0: not sent */
};

struct notifier {
	const struct mib *mib;
	struct session *session;
	struct notification queue[NOTIFICATIONS_QUEUED]; /**< oldest first */
	size_t count;
	uint32_t dropped; /**< oldest ones, when the queue was full */
	uint32_t dropped_logged;
};

/** @p mib and @p session must outlive @p notifier. */
void notifier_initialise(struct notifier *notifier, const struct mib *mib, struct session *session);

/** Queues a notification for each difference between two evaluations of the same thresholds. */
void notifier_add(struct notifier *notifier, const struct evaluation *before,
		  struct evaluation *after);

/** Sends what can be sent now. To be called in every iteration of the main loop. */
void notifier_send(struct notifier *notifier);

void notifier_finalise(struct notifier *notifier);

#endif
