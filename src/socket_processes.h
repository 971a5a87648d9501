/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the processes that have sockets open, in /proc/PID/fd.
 */
#ifndef SOCKET_PROCESSES_H
#define SOCKET_PROCESSES_H

#include "model/groups.h"

#include <stddef.h>
#include <stdint.h>

struct socket_process {
	uint64_t inode;   /**< of the socket */
	uint32_t process; /**< index + 1 of its process */
};

struct socket_processes {
	struct socket_process *sockets; /**< from malloc(), in ascending order of their inodes */
	size_t count;
	struct group_process *processes; /**< from malloc() */
	uint32_t processes_count;
};

/**
 * Finds the processes of @p processes->sockets, whose inodes are set and may be in any order. A
 * socket of several processes belongs to the one with the lowest number, and one of none that can
 * be seen to a process with number 0.
 * @return 0, -ENOMEM, or -errno: /proc cannot be read
 */
int socket_processes_find(struct socket_processes *processes);

/** The process of a socket: index + 1, or 0. */
uint32_t socket_processes_get(const struct socket_processes *processes, uint64_t inode);

#endif
