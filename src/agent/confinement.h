/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restricts a process to the system calls and files that it still needs, so that an attacker who
 * takes it over through a bug, here or in a library, can do no more.
 *
 * There are three layers, each effective without the others: no_new_privs, so that no program gains
 * rights; Landlock, which denies access to files (Linux 5.13); and a seccomp filter, which allows
 * the system calls that are needed. A denied call fails with EPERM or EACCES instead of killing the
 * process: a later C library may make another call in passing.
 */
#ifndef AGENT_CONFINEMENT_H
#define AGENT_CONFINEMENT_H

enum confined {
	/**
	 * Uses netlink, unix sockets to snmpd, syslog and the service manager, and descriptors that
	 * are open. Opens no file, starts no program, reaches no network.
	 */
	CONFINED_AGENT,
	/**
	 * Additionally reads files, removes one given file, and starts and kills child processes,
	 * which are confined in the same way.
	 */
	CONFINED_HELPER,
};

/**
 * Confines the calling thread and the threads that it starts, permanently. A layer that the kernel
 * or the build lacks is logged and skipped.
 * @param removable for CONFINED_HELPER: the path of the file that it may remove; or NULL
 */
void confinement_enter(enum confined confined, const char *removable);

#endif
