/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/notifier.h"

#include "agent/logging.h"
#include "agent/threshold_table.h"
#include "mib_objects.h"

#include <errno.h>
#include <string.h>

/* The objects of tcpThresholdRaised and tcpThresholdCleared, in the order of the MIB. */
static const oid notification_columns[] = {
	tcpThresholdLabel, tcpThresholdMetric,     tcpThresholdValue,     tcpThresholdRange,
	tcpThresholdSince, tcpThresholdClearRange, tcpThresholdSinceDate, tcpThresholdTop,
};

static const oid snmp_trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};

void notifier_initialise(struct notifier *notifier, const struct mib *mib, struct session *session)
{
	*notifier = (struct notifier){.mib = mib, .session = session};
}

/* ---- the queue ---- */

static void remove_notification(struct notifier *notifier, size_t i)
{
	evaluation_release(notifier->queue[i].evaluation);
	notifier->count--;
	memmove(&notifier->queue[i], &notifier->queue[i + 1],
		(notifier->count - i) * sizeof(notifier->queue[0]));
}

/* Drops the oldest that was not sent: snmpd may already have read those that were. */
static void drop_oldest(struct notifier *notifier)
{
	size_t i = 0;

	while (notifier->queue[i].request != 0)
		i++;
	remove_notification(notifier, i);
	if (notifier->dropped++ == notifier->dropped_logged)
		log_line(LOG_WARNING,
			 "more than %d notifications queued for snmpd, dropping the oldest",
			 NOTIFICATIONS_QUEUED);
}

static void log_dropped(struct notifier *notifier)
{
	if (notifier->count > 0 || notifier->dropped == notifier->dropped_logged)
		return;
	log_line(LOG_WARNING, "%u notifications dropped, all others sent",
		 notifier->dropped - notifier->dropped_logged);
	notifier->dropped_logged = notifier->dropped;
}

void notifier_add(struct notifier *notifier, const struct evaluation *before,
		  struct evaluation *after)
{
	for (size_t threshold = 0; threshold < after->thresholds->count; threshold++) {
		if (before->states[threshold].status == after->states[threshold].status)
			continue;
		if (notifier->count == NOTIFICATIONS_QUEUED)
			drop_oldest(notifier);
		notifier->queue[notifier->count++] = (struct notification){
			.evaluation = evaluation_hold(after),
			.threshold = threshold,
		};
	}
}

/* ---- sending ---- */

static int append_trap_oid(const struct notification *notification,
			   netsnmp_variable_list **variables)
{
	bool raised = notification->evaluation->states[notification->threshold].status ==
		      THRESHOLD_RAISED;
	oid trap_oid[MAX_OID_LEN];
	size_t length = mib_root_length;

	memcpy(trap_oid, mib_root, mib_root_length * sizeof(oid));
	trap_oid[length++] = tcpStateCountNotifications;
	trap_oid[length++] = raised ? tcpThresholdRaised : tcpThresholdCleared;
	if (snmp_varlist_add_variable(variables, snmp_trap_oid, OID_LENGTH(snmp_trap_oid),
				      ASN_OBJECT_ID, trap_oid, length * sizeof(oid)) == NULL)
		return -ENOMEM;
	return 0;
}

static netsnmp_variable_list *make_variables(const struct notifier *notifier,
					     const struct notification *notification)
{
	netsnmp_variable_list *variables = NULL;

	if (append_trap_oid(notification, &variables) != 0)
		goto failed;
	for (size_t i = 0; i < OID_LENGTH(notification_columns); i++) {
		if (mib_append(notifier->mib, notification->evaluation, &threshold_table,
			       notification->threshold, notification_columns[i], &variables) != 0)
			goto failed;
	}
	return variables;

failed:
	snmp_free_varbind(variables);
	return NULL;
}

static struct notification *find_sent(struct notifier *notifier, int request)
{
	for (size_t i = 0; i < notifier->count; i++) {
		if (notifier->queue[i].request == request)
			return &notifier->queue[i];
	}
	return NULL;
}

/* Called by the library for a response, and for each unanswered request of a lost session. */
static int notification_answered(int operation, netsnmp_session *session, int request,
				 netsnmp_pdu *pdu, void *argument)
{
	struct notifier *notifier = argument;
	struct notification *notification = find_sent(notifier, request);

	(void)session;
	if (notification == NULL)
		return 1;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE) {
		notification->request = 0;
		return 1;
	}
	if (pdu->errstat != SNMP_ERR_NOERROR)
		log_line(LOG_ERR, "snmpd refused a notification: error %ld", pdu->errstat);
	remove_notification(notifier, (size_t)(notification - notifier->queue));
	log_dropped(notifier);
	return 1;
}

static size_t count_unanswered(const struct notifier *notifier)
{
	size_t unanswered = 0;

	for (size_t i = 0; i < notifier->count; i++)
		unanswered += notifier->queue[i].request != 0;
	return unanswered;
}

void notifier_send(struct notifier *notifier)
{
	size_t unanswered = count_unanswered(notifier);

	for (size_t i = 0; i < notifier->count && unanswered < NOTIFICATIONS_UNANSWERED; i++) {
		struct notification *notification = &notifier->queue[i];
		netsnmp_variable_list *variables;

		if (notification->request != 0 || !session_is_registered(notifier->session))
			continue;
		variables = make_variables(notifier, notification);
		if (variables == NULL)
			return;
		notification->request = session_notify(notifier->session, variables,
						       notification_answered, notifier);
		if (notification->request == 0)
			return;
		unanswered++;
	}
}

void notifier_finalise(struct notifier *notifier)
{
	while (notifier->count > 0)
		remove_notification(notifier, notifier->count - 1);
}
