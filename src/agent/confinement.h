/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel lets a process do once it has all that it needs, so that whoever takes it over
 * through a fault of ours, or of a library, can do no more.
 *
 * Three layers, of which each holds without the others: no_new_privs, by which no program gives
 * rights that the process has not; Landlock, which closes the file system (Linux 5.13); and a
 * seccomp filter, which lets through the system calls that are needed and no others. What is denied
 * fails with EPERM or EACCES: a call that a later C library makes in passing shall not end the
 * agent.
 */
#ifndef AGENT_CONFINEMENT_H
#define AGENT_CONFINEMENT_H

/** Whom confinement_enter() is for. */
enum confined {
	/**
	 * Speaks to the kernel by netlink, to snmpd, syslog and the service manager through unix
	 * sockets, and through what is open; opens no file, starts no program, reaches no network.
	 */
	CONFINED_AGENT,
	/** The same, and may read files, and remove the one that it is given. */
	CONFINED_ATTENDANT,
};

/**
 * Confines the calling thread and those that it will start, for good. What the kernel or the build
 * lacks is logged and left out.
 * @param removable for CONFINED_ATTENDANT: the path of the file that it may remove; or NULL
 */
void confinement_enter(enum confined confined, const char *removable);

#endif
