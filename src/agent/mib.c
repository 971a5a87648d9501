/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/mib.h"

#include "agent/tables.h"
#include "build.h"
#include "clock.h"

#include <errno.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <string.h>

#define INTERVALS_OF_MAX_AGE 3

const oid mib_root[] = {MIB_ROOT};
const size_t mib_root_length = OID_LENGTH(mib_root);

static struct mib_request *find_request(struct mib *mib, long transaction)
{
	for (size_t i = 0; i < MIB_REQUESTS; i++) {
		struct mib_request *request = &mib->requests[i];

		if (request->taken && request->transaction == transaction)
			return request;
	}
	return NULL;
}

/* All requests of snmpd itself, for its monitors, have id 0: each of them is a separate one. */
static struct mib_request *begin_request(struct mib *mib, long transaction)
{
	struct mib_request *request = &mib->requests[mib->next_request];

	mib->next_request = (mib->next_request + 1) % MIB_REQUESTS;
	report_release(request->latest);
	request->transaction = transaction;
	request->latest = report_hold(mib->refreshes->latest);
	request->begun_ns = clock_now_ns();
	request->taken = transaction != 0;
	return request;
}

static int64_t max_age_ns(const struct mib *mib)
{
	return mib->max_age_ns != 0 ? mib->max_age_ns
				    : INTERVALS_OF_MAX_AGE * mib->refreshes->interval_ns;
}

static struct served served_data(struct mib *mib, long transaction)
{
	struct mib_request *request = find_request(mib, transaction);
	struct served served = {
		.refreshes = mib->refreshes,
		.notifications_dropped = *mib->notifications_dropped,
		.started_real_ns = mib->started_real_ns,
		.up_from_ns = mib->up_from_ns,
	};

	if (request == NULL)
		request = begin_request(mib, transaction);
	served.now_ns = request->begun_ns;
	served.latest = request->latest;
	if (served.latest == NULL)
		return served;
	served.evaluation = served.latest->evaluation;
	served.too_old = report_age_ns(served.latest, served.now_ns) > max_age_ns(mib);
	served.report = served.too_old ? NULL : served.latest;
	return served;
}

/* Returns 0, or -ENOMEM, and the variable has no value. */
static int set_value(netsnmp_variable_list *variable, const struct mib_instance *instance)
{
	const struct mib_value *value = &instance->value;
	struct counter64 counter64 = {
		.high = (u_long)(value->number >> 32),
		.low = (u_long)(value->number & UINT32_MAX),
	};
	int failed;

	switch (instance->type) {
	case ASN_GAUGE: /* RFC 2578, section 7.1.7: latches at its maximum */
		failed = snmp_set_var_typed_integer(
			variable, instance->type,
			(long)(value->number > UINT32_MAX ? UINT32_MAX : value->number));
		break;
	case ASN_OCTET_STR:
		failed = snmp_set_var_typed_value(variable, instance->type, value->text,
						  value->length);
		break;
	case ASN_COUNTER64:
		failed = snmp_set_var_typed_value(variable, instance->type, &counter64,
						  sizeof(counter64));
		break;
	case ASN_COUNTER: /* RFC 2578, section 7.1.6: wraps */
		failed = snmp_set_var_typed_integer(variable, instance->type,
						    (long)(value->number & UINT32_MAX));
		break;
	default:
		failed = snmp_set_var_typed_integer(variable, instance->type, (long)value->number);
		break;
	}
	return failed ? -ENOMEM : 0;
}

/* The response to the whole request is an error, without values. */
static void fail_request(netsnmp_agent_request_info *info, netsnmp_request_info *request)
{
	snmp_set_var_typed_value(request->requestvb, ASN_NULL, NULL, 0);
	netsnmp_set_request_error(info, request, SNMP_ERR_GENERR);
}

static void answer_get(const struct served *served, netsnmp_agent_request_info *info,
		       netsnmp_request_info *request)
{
	netsnmp_variable_list *variable = request->requestvb;
	struct mib_instance instance;

	switch (mib_get(mib_tables, served, variable->name + mib_root_length,
			variable->name_length - mib_root_length, &instance)) {
	case MIB_FOUND:
		if (set_value(variable, &instance) != 0)
			fail_request(info, request);
		break;
	case MIB_NO_OBJECT:
		netsnmp_set_request_error(info, request, SNMP_NOSUCHOBJECT);
		break;
	case MIB_NO_INSTANCE:
		netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
		break;
	}
}

/* Prefixes @p name with the root; returns the length. */
static size_t prefix_root(const oid *name, size_t name_length, oid whole_name[MAX_OID_LEN])
{
	memcpy(whole_name, mib_root, sizeof(mib_root));
	memcpy(whole_name + mib_root_length, name, name_length * sizeof(oid));
	return mib_root_length + name_length;
}

/* Leaves the variable unchanged at the end of the MIB: the library then looks elsewhere. */
static void answer_getnext(const struct served *served, netsnmp_agent_request_info *info,
			   netsnmp_request_info *request)
{
	netsnmp_variable_list *variable = request->requestvb;
	struct mib_instance instance;
	oid name[MAX_OID_LEN];
	size_t length;

	if (!mib_next(mib_tables, served, variable->name + mib_root_length,
		      variable->name_length - mib_root_length, request->inclusive != 0, &instance))
		return;
	length = prefix_root(instance.name, instance.name_length, name);
	if (snmp_set_var_objid(variable, name, length) != 0 || set_value(variable, &instance) != 0)
		fail_request(info, request);
}

/* The library checks this too, but a master may send anything. */
static bool below_root(const netsnmp_variable_list *variable)
{
	return variable->name_length >= mib_root_length &&
	       snmp_oid_compare(variable->name, mib_root_length, mib_root, mib_root_length) == 0;
}

static int handle_requests(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
			   netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	struct mib *mib = registration->my_reg_void;
	struct served served = served_data(mib, info->asp->pdu->transid);

	(void)handler;
	for (netsnmp_request_info *request = requests; request != NULL; request = request->next) {
		if (request->processed || !below_root(request->requestvb))
			continue;
		if (info->mode == MODE_GET)
			answer_get(&served, info, request);
		else if (info->mode == MODE_GETNEXT)
			answer_getnext(&served, info, request);
	}
	return SNMP_ERR_NOERROR;
}

int mib_register(struct mib *mib, const char *context)
{
	netsnmp_handler_registration *registration = netsnmp_create_handler_registration(
		"tcpStateCountMIB", handle_requests, mib_root, mib_root_length, HANDLER_CAN_RONLY);

	if (registration == NULL)
		return -ENOMEM;
	registration->my_reg_void = mib;
	registration->contextName = strdup(context);
	return netsnmp_register_handler(registration) == MIB_REGISTERED_OK ? 0 : -ENOMEM;
}

void mib_forget_requests(struct mib *mib)
{
	for (size_t i = 0; i < MIB_REQUESTS; i++) {
		report_release(mib->requests[i].latest);
		mib->requests[i] = (struct mib_request){0};
	}
}

/* Computed once per session: otherwise it would occasionally differ by a tick. */
void mib_begin_session(struct mib *mib)
{
	mib_forget_requests(mib);
	mib->up_from_ns = clock_now_ns() - (int64_t)netsnmp_get_agent_uptime() * NS_PER_TICK;
}

int mib_append(const struct mib *mib, struct evaluation *evaluation, const struct mib_table *table,
	       size_t row, oid column, netsnmp_variable_list **variables)
{
	const struct served served = {
		.evaluation = evaluation,
		.refreshes = mib->refreshes,
		.up_from_ns = mib->up_from_ns,
	};
	oid name[MIB_NAME_MAX], whole_name[MAX_OID_LEN];
	size_t length = table->at_length;
	struct mib_instance instance;
	netsnmp_variable_list *variable;

	memcpy(name, table->at, length * sizeof(oid));
	name[length++] = column;
	length += table->index(&served, row, name + length);
	if (mib_get(mib_tables, &served, name, length, &instance) != MIB_FOUND)
		return -ENOENT;
	length = prefix_root(name, length, whole_name);
	variable = snmp_varlist_add_variable(variables, whole_name, length, ASN_NULL, NULL, 0);
	if (variable == NULL)
		return -ENOMEM;
	return set_value(variable, &instance);
}
