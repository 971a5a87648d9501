/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A subagent that serves constants as tcpStateCountTable, below a different root, to measure the
 * cost of AgentX. constant_agent AGENTX_ADDRESS runs until it is killed.
 */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* tcpStateCount, Min, Max and Label, of 2 families, of 11 states */
#define FIRST_COLUMN 3
#define COLUMNS 4
#define FAMILIES 2
#define STATES 11
#define INSTANCES (COLUMNS * FAMILIES * STATES)
#define LABEL "ipv4 synReceived"

static const oid root[] = {1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 794};
static const oid entry[] = {1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 794, 1, 1, 1};

struct instance {
	oid name[OID_LENGTH(entry) + 3];
	bool label;
};

static struct instance instances[INSTANCES];

static void fill_instances(void)
{
	for (size_t i = 0; i < INSTANCES; i++) {
		struct instance *instance = &instances[i];
		oid *last = instance->name + OID_LENGTH(entry);

		memcpy(instance->name, entry, sizeof(entry));
		last[0] = FIRST_COLUMN + i / (FAMILIES * STATES);
		last[1] = 1 + i / STATES % FAMILIES;
		last[2] = 1 + i % STATES;
		instance->label = last[0] == FIRST_COLUMN + COLUMNS - 1;
	}
}

static int compare(const netsnmp_variable_list *variable, const struct instance *instance)
{
	return snmp_oid_compare(variable->name, variable->name_length, instance->name,
				OID_LENGTH(instance->name));
}

/* The first instance that is not before @p variable, or INSTANCES. */
static size_t lower_bound(const netsnmp_variable_list *variable)
{
	size_t low = 0, high = INSTANCES;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(variable, &instances[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void set_value(netsnmp_variable_list *variable, const struct instance *instance)
{
	if (instance->label)
		snmp_set_var_typed_value(variable, ASN_OCTET_STR, LABEL, sizeof(LABEL) - 1);
	else
		snmp_set_var_typed_integer(variable, ASN_GAUGE, 123456);
}

static void answer(netsnmp_agent_request_info *info, netsnmp_request_info *request)
{
	netsnmp_variable_list *variable = request->requestvb;
	size_t i = lower_bound(variable);
	bool exact = i < INSTANCES && compare(variable, &instances[i]) == 0;

	if (info->mode == MODE_GET && !exact) {
		netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
		return;
	}
	if (info->mode == MODE_GETNEXT && exact && !request->inclusive)
		i++;
	if (i == INSTANCES)
		return;
	snmp_set_var_objid(variable, instances[i].name, OID_LENGTH(instances[i].name));
	set_value(variable, &instances[i]);
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	(void)handler;
	(void)registration;
	for (netsnmp_request_info *request = requests; request != NULL; request = request->next)
		if (!request->processed)
			answer(info, request);
	return SNMP_ERR_NOERROR;
}

int main(int argc, char *argv[])
{
	char to_standard_error[] = "e";

	if (argc != 2) {
		fprintf(stderr, "usage: constant_agent AGENTX_ADDRESS\n");
		return EXIT_FAILURE;
	}
	fill_instances();
	snmp_log_options(to_standard_error, 0, NULL);
	netsnmp_enable_subagent();
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
	setenv("MIBS", "", 1);
	init_agent("constant_agent");
	netsnmp_register_handler(netsnmp_create_handler_registration(
		"constants", handle, root, OID_LENGTH(root), HANDLER_CAN_RONLY));
	init_snmp("constant_agent");
	for (;;)
		agent_check_and_process(1);
}
