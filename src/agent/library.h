/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net-snmp's agent library: its initialisation and its own configuration.
 */
#ifndef AGENT_LIBRARY_H
#define AGENT_LIBRARY_H

#include <stdbool.h>

/** To be called once, before any other function of the library but those for logging. */
void library_initialise(void);

/**
 * Reads net-snmp's own configuration, snmp.conf and agentx.conf.
 * @param without_defaults reads no file
 * @param agentx_socket the agentXSocket of that configuration, or NULL; the caller's to free
 * @return 0, or -ENOMEM
 */
int library_read_configuration(bool without_defaults, char **agentx_socket);

/** Has the session connect to @p agentx_socket; NULL is the built-in default. */
void library_set_socket(const char *agentx_socket);

#endif
