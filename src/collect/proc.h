/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the kernel's counters and limits from /proc.
 *
 * Files are opened once, before anything is read: rereading is cheaper than reopening, and needs no
 * permission to open a file. A file that is missing then stays unknown, except for the conntrack
 * files, which a process with that permission can add.
 */
#ifndef COLLECT_PROC_H
#define COLLECT_PROC_H

#include "collect/port_set.h"
#include "model/host.h"

#include <stdbool.h>

/** The longest file is ip_local_reserved_ports, with up to 12 bytes for three ports. */
#define PROC_TEXT_SIZE (256 * 1024)

enum proc_file {
	PROC_SOCKSTAT,
	PROC_SOCKSTAT6,
	PROC_PROTOCOLS,
	PROC_NETSTAT,
	PROC_SNMP,
	PROC_MAX_ORPHANS,
	PROC_MAX_TIME_WAITS,
	PROC_MEMORY,
	PROC_PORT_RANGE,
	PROC_RESERVED_PORTS,
	PROC_CONNTRACKS,
	PROC_CONNTRACKS_MAX,
	PROC_FILES,
};

struct proc {
	int descriptors[PROC_FILES]; /**< -1 if it could not be opened */
	bool without_ipv6;           /**< sockstat exists, sockstat6 and protocols do not */
	struct port_set local_ports; /**< those of HOST_LOCAL_PORTS, if it is known */
	char text[PROC_TEXT_SIZE];
};

/** Opens the files of the caller's network namespace, as far as they exist. */
void proc_initialise(struct proc *proc);

/** Files that exist only while the nf_conntrack kernel module is loaded. */
enum proc_conntrack_file {
	PROC_CONNTRACK_COUNT,
	PROC_CONNTRACK_MAX,
	PROC_CONNTRACK_FILES,
};

/**
 * Opens the conntrack files of the caller's network namespace.
 * @return 0, and the caller closes the descriptors; or -errno
 */
int proc_open_conntrack(int descriptors[PROC_CONNTRACK_FILES]);

/** Reads these conntrack files from now on, and closes the previous ones. */
void proc_set_conntrack(struct proc *proc, const int descriptors[PROC_CONNTRACK_FILES]);

/**
 * Reads only the kernel's counts of sockets and of connections opened: sockstat, sockstat6 and
 * snmp. Without sockstat6, as on hosts booted with ipv6.disable=1, protocols is read.
 */
void proc_read_totals(struct proc *proc, struct host *host);

/** Reads all files; objects that cannot be read are unknown in @p host. */
void proc_read(struct proc *proc, struct host *host);

/** Closes the files. */
void proc_finalise(struct proc *proc);

#endif
