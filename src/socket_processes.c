/* SPDX-License-Identifier: BSD-2-Clause */
#include "socket_processes.h"

#include "array.h"
#include "number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scan {
	struct socket_processes *processes;
	int root;
	size_t missing; /* sockets without a process so far */
	size_t allocated;
};

static int compare_sockets(const void *left, const void *right)
{
	const struct socket_process *one = left, *other = right;

	return (one->inode > other->inode) - (one->inode < other->inode);
}

static struct socket_process *find_socket(const struct socket_processes *processes, uint64_t inode)
{
	const struct socket_process key = {.inode = inode};

	if (processes->count == 0)
		return NULL;
	return bsearch(&key, processes->sockets, processes->count, sizeof(key), compare_sockets);
}

/* A link to a socket is "socket:[INODE]" (fs/socket.c, sockfs_dname). Links are not followed,
 * because the file system of another file may hang. */
static bool read_socket_link(int directory, const char *name, uint64_t *inode)
{
	char link[sizeof("socket:[18446744073709551615]")];
	const ssize_t length = readlinkat(directory, name, link, sizeof(link) - 1);
	const char *number = link + strlen("socket:[");

	if (length < (ssize_t)strlen("socket:[0]") || strncmp(link, "socket:[", 8) != 0)
		return false;
	link[length] = '\0';
	return number_take(&number, UINT64_MAX, inode);
}

/* @return index + 1, or 0 if out of memory */
static uint32_t append_process(struct scan *scan, int pid)
{
	struct socket_processes *processes = scan->processes;
	char path[sizeof("2147483647/comm")];
	struct group_process *process =
		array_with_room(processes->processes, processes->processes_count, &scan->allocated,
				sizeof(*process));
	int file;

	if (process == NULL)
		return 0;
	processes->processes = process;
	process = &processes->processes[processes->processes_count++];
	*process = (struct group_process){.pid = pid};
	snprintf(path, sizeof(path), "%d/comm", pid);
	file = pid == 0 ? -1 : openat(scan->root, path, O_RDONLY | O_CLOEXEC);
	if (file >= 0) {
		const ssize_t length = read(file, process->name, sizeof(process->name) - 1);

		process->name[length > 0 ? length : 0] = '\0';
		process->name[strcspn(process->name, "\n")] = '\0';
		close(file);
	}
	return processes->processes_count;
}

static int scan_descriptors(struct scan *scan, int pid, DIR *entries)
{
	const struct dirent *entry;
	uint32_t process = 0;

	while (scan->missing > 0 && (entry = readdir(entries)) != NULL) {
		struct socket_process *socket;
		uint64_t inode;

		if (!read_socket_link(dirfd(entries), entry->d_name, &inode))
			continue;
		socket = find_socket(scan->processes, inode);
		if (socket == NULL || socket->process != 0)
			continue;
		if (process == 0)
			process = append_process(scan, pid);
		if (process == 0)
			return -ENOMEM;
		socket->process = process;
		scan->missing--;
	}
	return 0;
}

static int scan_process(struct scan *scan, int pid)
{
	char path[sizeof("2147483647/fd")];
	int directory, error;
	DIR *entries;

	snprintf(path, sizeof(path), "%d/fd", pid);
	directory = openat(scan->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return 0;
	entries = fdopendir(directory);
	if (entries == NULL) {
		close(directory);
		return -ENOMEM;
	}
	error = scan_descriptors(scan, pid, entries);
	closedir(entries);
	return error;
}

static int assign_unseen(struct scan *scan)
{
	struct socket_processes *processes = scan->processes;
	const uint32_t unseen = append_process(scan, 0);

	for (size_t i = 0; i < processes->count; i++) {
		if (processes->sockets[i].process == 0)
			processes->sockets[i].process = unseen;
	}
	return unseen == 0 ? -ENOMEM : 0;
}

int socket_processes_find(struct socket_processes *processes)
{
	struct scan scan = {.processes = processes, .missing = processes->count};
	const struct dirent *entry;
	DIR *entries = opendir("/proc");
	uint64_t pid;
	int error = 0;

	if (entries == NULL)
		return -errno;
	scan.root = dirfd(entries);
	if (processes->count > 1)
		qsort(processes->sockets, processes->count, sizeof(*processes->sockets),
		      compare_sockets);
	while (error == 0 && scan.missing > 0 && (entry = readdir(entries)) != NULL) {
		if (number_parse(entry->d_name, 1, INT_MAX, &pid))
			error = scan_process(&scan, (int)pid);
	}
	if (error == 0 && scan.missing > 0)
		error = assign_unseen(&scan);
	closedir(entries);
	return error;
}

uint32_t socket_processes_get(const struct socket_processes *processes, uint64_t inode)
{
	const struct socket_process *socket = find_socket(processes, inode);

	return socket == NULL ? 0 : socket->process;
}
