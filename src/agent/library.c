/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/library.h"

#include "agent/session.h"
#include "agent/settings.h"

#include <errno.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <stdlib.h>
#include <string.h>

/* Not AGENT_NAME: the library would also read tcp-state-agent.conf, but not strictly. */
#define LIBRARY_NAME AGENT_NAME "-library"

void library_initialise(void)
{
	netsnmp_enable_subagent();
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	setenv("MIBS", "", 1);
	setenv("LC_ALL", "C", 1); /* init_snmp() calls setlocale(LC_CTYPE, "") */
	init_agent(LIBRARY_NAME);
	session_prepare_library();
}

int library_read_configuration(bool without_defaults, char **agentx_socket)
{
	const char *configured;

	if (without_defaults)
		netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	init_snmp(LIBRARY_NAME);
	configured = netsnmp_ds_get_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET);
	*agentx_socket = NULL;
	if (configured == NULL)
		return 0;
	*agentx_socket = strdup(configured);
	return *agentx_socket != NULL ? 0 : -ENOMEM;
}

void library_set_socket(const char *agentx_socket)
{
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, agentx_socket);
}
