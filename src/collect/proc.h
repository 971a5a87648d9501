/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's texts about the host, read from /proc.
 *
 * Files are opened once, before anything is read: reading them again is cheaper than opening them,
 * and needs no right to open a file. What is not there then is not known for good.
 */
#ifndef COLLECT_PROC_H
#define COLLECT_PROC_H

#include "model/host.h"

/** net/netstat is the longest, some 4 KiB. */
#define PROC_TEXT_SIZE 32768

enum proc_file {
	PROC_SOCKSTAT,
	PROC_SOCKSTAT6,
	PROC_NETSTAT,
	PROC_SNMP,
	PROC_MAX_ORPHANS,
	PROC_MAX_TIME_WAITS,
	PROC_MEMORY,
	PROC_FILES,
};

struct proc {
	int descriptors[PROC_FILES]; /**< -1: it could not be opened */
	char text[PROC_TEXT_SIZE];
};

/** Opens the files of the caller's network namespace, as many as there are. */
void proc_initialise(struct proc *proc);

/** Reads only what the kernel counts of sockets: sockstat and sockstat6. */
void proc_read_sockstat(struct proc *proc, struct host *host);

/** Reads everything; what cannot be read is not known in @p host. */
void proc_read(struct proc *proc, struct host *host);

/** Closes the files. */
void proc_finalise(struct proc *proc);

#endif
