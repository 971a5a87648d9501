/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses the contents of /proc files: sockstat, protocols, netstat, snmp and sysctls.
 *
 * Each function takes a null-terminated text and may modify it. Objects that are missing or
 * malformed stay unknown.
 */
#ifndef COLLECT_PROC_TEXT_H
#define COLLECT_PROC_TEXT_H

#include "collect/port_set.h"
#include "model/host.h"

#include <stdbool.h>
#include <stddef.h>

struct port_range {
	unsigned int low, high;
};

/** /proc/net/sockstat and sockstat6: lines of a name, and of pairs of a word and a number. */
void proc_text_sockstat(char *text, struct host *host);

/**
 * /proc/net/protocols: a line for each protocol of the kernel, with its number of sockets. Sets the
 * counts of IPv6 sockets, which equal those of sockstat6; they are 0 if the kernel has no IPv6
 * (net/ipv6/af_inet6.c, inet6_init).
 */
void proc_text_protocols(char *text, struct host *host);

/** /proc/net/netstat and snmp: pairs of lines, one with words and one with their numbers. */
void proc_text_netstat(char *text, struct host *host);

/** A sysctl: sets @p object to the number at @p index, counted from 0. */
void proc_text_sysctl(char *text, size_t index, enum host_object object, struct host *host);

/** net.ipv4.ip_local_port_range. @return false if @p text is malformed */
bool proc_text_port_range(const char *text, struct port_range *range);

/**
 * net.ipv4.ip_local_reserved_ports: @p ports are those in @p range that are not reserved, and
 * HOST_LOCAL_PORTS is their number. It is unknown if the text was truncated, and therefore does not
 * end with a newline.
 */
void proc_text_local_ports(const struct port_range *range, const char *text, struct host *host,
			   struct port_set *ports);

#endif
