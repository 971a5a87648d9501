/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/notifier.h"

#include "agent/tables.h"

#include <errno.h>
#include <string.h>

/* Below the MIB's root: the notifications; and the columns of a threshold that they carry. */
static const oid raised_notification[] = {0, 1};
static const oid cleared_notification[] = {0, 2};
static const oid carried_columns[] = {9, 2, 5, 3, 7};

static const oid snmp_trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};

void notifier_initialise(struct notifier *notifier, const struct mib *mib, struct session *session)
{
	*notifier = (struct notifier){.mib = mib, .session = session};
}

/* ---- keeping ---- */

static void remove_notice(struct notifier *notifier, size_t place)
{
	judgement_release(notifier->notices[place].judgement);
	notifier->count--;
	memmove(&notifier->notices[place], &notifier->notices[place + 1],
		(notifier->count - place) * sizeof(notifier->notices[0]));
}

/* Those under way may have been read already; the oldest of the others goes. */
static void drop_oldest(struct notifier *notifier)
{
	size_t place = 0;

	while (notifier->notices[place].request != 0)
		place++;
	remove_notice(notifier, place);
	if (notifier->dropped++ == notifier->dropped_logged)
		snmp_log(LOG_WARNING,
			 "more than %d notifications wait for snmpd: the oldest are dropped\n",
			 NOTICES_KEPT);
}

static void log_dropped(struct notifier *notifier)
{
	if (notifier->count > 0 || notifier->dropped == notifier->dropped_logged)
		return;
	snmp_log(LOG_WARNING, "%u notifications were dropped, the others are told\n",
		 notifier->dropped - notifier->dropped_logged);
	notifier->dropped_logged = notifier->dropped;
}

void notifier_tell(struct notifier *notifier, const struct judgement *before,
		   struct judgement *after)
{
	for (size_t threshold = 0; threshold < after->thresholds->count; threshold++) {
		if (before->standing[threshold].status == after->standing[threshold].status)
			continue;
		if (notifier->count == NOTICES_KEPT)
			drop_oldest(notifier);
		notifier->notices[notifier->count++] = (struct notice){
			.judgement = judgement_hold(after),
			.threshold = threshold,
		};
	}
}

/* ---- sending ---- */

static int append_trap_oid(const struct notice *notice, netsnmp_variable_list **variables)
{
	bool raised = notice->judgement->standing[notice->threshold].status == THRESHOLD_RAISED;
	oid notification[MAX_OID_LEN];
	size_t length = mib_root_length + OID_LENGTH(raised_notification);

	memcpy(notification, mib_root, mib_root_length * sizeof(oid));
	memcpy(notification + mib_root_length, raised ? raised_notification : cleared_notification,
	       sizeof(raised_notification));
	if (snmp_varlist_add_variable(variables, snmp_trap_oid, OID_LENGTH(snmp_trap_oid),
				      ASN_OBJECT_ID, notification, length * sizeof(oid)) == NULL)
		return -ENOMEM;
	return 0;
}

static netsnmp_variable_list *variables_of(const struct notifier *notifier,
					   const struct notice *notice)
{
	netsnmp_variable_list *variables = NULL;
	int error = append_trap_oid(notice, &variables);

	for (size_t place = 0; error == 0 && place < OID_LENGTH(carried_columns); place++)
		error = mib_append(notifier->mib, notice->judgement, &threshold_table,
				   notice->threshold, carried_columns[place], &variables);
	if (error != 0) {
		snmp_free_varbind(variables);
		return NULL;
	}
	return variables;
}

static struct notice *find_request(struct notifier *notifier, int request)
{
	for (size_t place = 0; place < notifier->count; place++) {
		if (notifier->notices[place].request == request)
			return &notifier->notices[place];
	}
	return NULL;
}

/* The library calls this for an answer, and for requests that a lost session leaves behind. */
static int answered(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu,
		    void *argument)
{
	struct notifier *notifier = argument;
	struct notice *notice = find_request(notifier, request);

	(void)session;
	if (notice == NULL)
		return 1;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE) {
		notice->request = 0;
		return 1;
	}
	if (pdu->errstat != SNMP_ERR_NOERROR)
		snmp_log(LOG_ERR, "snmpd refuses a notification: error %ld\n", pdu->errstat);
	remove_notice(notifier, (size_t)(notice - notifier->notices));
	log_dropped(notifier);
	return 1;
}

static size_t count_unanswered(const struct notifier *notifier)
{
	size_t unanswered = 0;

	for (size_t place = 0; place < notifier->count; place++)
		unanswered += notifier->notices[place].request != 0;
	return unanswered;
}

void notifier_send(struct notifier *notifier)
{
	size_t unanswered = count_unanswered(notifier);

	for (size_t place = 0; place < notifier->count && unanswered < NOTICES_UNANSWERED;
	     place++) {
		struct notice *notice = &notifier->notices[place];
		netsnmp_variable_list *variables;

		if (notice->request != 0 || !session_is_registered(notifier->session))
			continue;
		variables = variables_of(notifier, notice);
		if (variables == NULL)
			return;
		notice->request = session_notify(notifier->session, variables, answered, notifier);
		if (notice->request == 0)
			return;
		unanswered++;
	}
}

void notifier_finalise(struct notifier *notifier)
{
	while (notifier->count > 0)
		remove_notice(notifier, notifier->count - 1);
}
