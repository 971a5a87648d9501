/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/proc.h"

#include "collect/proc_text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const paths[PROC_FILES] = {
	[PROC_SOCKSTAT] = "/proc/self/net/sockstat",
	[PROC_SOCKSTAT6] = "/proc/self/net/sockstat6",
	[PROC_NETSTAT] = "/proc/self/net/netstat",
	[PROC_SNMP] = "/proc/self/net/snmp",
	[PROC_MAX_ORPHANS] = "/proc/sys/net/ipv4/tcp_max_orphans",
	[PROC_MAX_TIME_WAITS] = "/proc/sys/net/ipv4/tcp_max_tw_buckets",
	[PROC_MEMORY] = "/proc/sys/net/ipv4/tcp_mem",
};

void proc_initialise(struct proc *proc)
{
	for (enum proc_file file = 0; file < PROC_FILES; file++)
		proc->descriptors[file] = open(paths[file], O_RDONLY | O_CLOEXEC);
}

/* Returns the whole text, or an empty one if it cannot be read or is longer than there is room. */
static char *read_text(struct proc *proc, enum proc_file file)
{
	size_t length = 0;
	ssize_t more;

	do {
		more = pread(proc->descriptors[file], proc->text + length,
			     sizeof(proc->text) - length, (off_t)length);
		if (more > 0)
			length += (size_t)more;
	} while (more > 0 || (more < 0 && errno == EINTR));
	if (more < 0 || length == sizeof(proc->text))
		length = 0;
	proc->text[length] = '\0';
	return proc->text;
}

void proc_read_sockstat(struct proc *proc, struct host *host)
{
	*host = (struct host){0};
	proc_text_sockstat(read_text(proc, PROC_SOCKSTAT), host);
	proc_text_sockstat(read_text(proc, PROC_SOCKSTAT6), host);
}

void proc_read(struct proc *proc, struct host *host)
{
	proc_read_sockstat(proc, host);
	proc_text_netstat(read_text(proc, PROC_NETSTAT), host);
	proc_text_netstat(read_text(proc, PROC_SNMP), host);
	proc_text_sysctl(read_text(proc, PROC_MAX_ORPHANS), 0, HOST_ORPHANS_MAX, host);
	proc_text_sysctl(read_text(proc, PROC_MAX_TIME_WAITS), 0, HOST_TIME_WAITS_MAX, host);
	proc_text_sysctl(read_text(proc, PROC_MEMORY), 2, HOST_MEMORY_MAX, host);
}

void proc_finalise(struct proc *proc)
{
	for (enum proc_file file = 0; file < PROC_FILES; file++) {
		if (proc->descriptors[file] >= 0)
			close(proc->descriptors[file]);
	}
}
