/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's texts about the host: sockstat, netstat, snmp and numbers in sysctls.
 *
 * Each function reads a text that ends with 0, and may change it. What is missing, or is not as it
 * should be, stays unknown; nothing is guessed.
 */
#ifndef COLLECT_PROC_TEXT_H
#define COLLECT_PROC_TEXT_H

#include "model/host.h"

#include <stddef.h>

/** /proc/net/sockstat and sockstat6: lines of a name and pairs of word and number. */
void proc_text_sockstat(char *text, struct host *host);

/** /proc/net/netstat and snmp: pairs of lines, one with words and one with their numbers. */
void proc_text_netstat(char *text, struct host *host);

/** A sysctl: the number at @p place, from 0 on, is that of @p object. */
void proc_text_sysctl(char *text, size_t place, enum host_object object, struct host *host);

#endif
