/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/proc.h"

#include "collect/proc_text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const paths[PROC_FILES] = {
	[PROC_SOCKSTAT] = "/proc/self/net/sockstat",
	[PROC_SOCKSTAT6] = "/proc/self/net/sockstat6",
	[PROC_PROTOCOLS] = "/proc/self/net/protocols",
	[PROC_NETSTAT] = "/proc/self/net/netstat",
	[PROC_SNMP] = "/proc/self/net/snmp",
	[PROC_MAX_ORPHANS] = "/proc/sys/net/ipv4/tcp_max_orphans",
	[PROC_MAX_TIME_WAITS] = "/proc/sys/net/ipv4/tcp_max_tw_buckets",
	[PROC_MEMORY] = "/proc/sys/net/ipv4/tcp_mem",
	[PROC_PORT_RANGE] = "/proc/sys/net/ipv4/ip_local_port_range",
	[PROC_RESERVED_PORTS] = "/proc/sys/net/ipv4/ip_local_reserved_ports",
	[PROC_CONNTRACKS] = "/proc/sys/net/netfilter/nf_conntrack_count",
	[PROC_CONNTRACKS_MAX] = "/proc/sys/net/netfilter/nf_conntrack_max",
};

/* Enough for most sysctls: the kernel allocates and clears as much as a read requests. */
#define SYSCTL_SIZE 4096

void proc_initialise(struct proc *proc)
{
	bool missing[PROC_FILES];

	for (enum proc_file file = 0; file < PROC_FILES; file++) {
		proc->descriptors[file] = open(paths[file], O_RDONLY | O_CLOEXEC);
		missing[file] = proc->descriptors[file] < 0 && errno == ENOENT;
	}
	proc->without_ipv6 = proc->descriptors[PROC_SOCKSTAT] >= 0 && missing[PROC_SOCKSTAT6] &&
			     missing[PROC_PROTOCOLS];
}

/* Returns the whole text, or an empty one if it cannot be read or is too long. */
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

int proc_open_conntrack(int descriptors[PROC_CONNTRACK_FILES])
{
	int error;

	descriptors[PROC_CONNTRACK_COUNT] = open(paths[PROC_CONNTRACKS], O_RDONLY | O_CLOEXEC);
	if (descriptors[PROC_CONNTRACK_COUNT] < 0)
		return -errno;
	descriptors[PROC_CONNTRACK_MAX] = open(paths[PROC_CONNTRACKS_MAX], O_RDONLY | O_CLOEXEC);
	if (descriptors[PROC_CONNTRACK_MAX] >= 0)
		return 0;
	error = -errno;
	close(descriptors[PROC_CONNTRACK_COUNT]);
	return error;
}

static void replace_descriptor(struct proc *proc, enum proc_file file, int descriptor)
{
	if (proc->descriptors[file] >= 0)
		close(proc->descriptors[file]);
	proc->descriptors[file] = descriptor;
}

void proc_set_conntrack(struct proc *proc, const int descriptors[PROC_CONNTRACK_FILES])
{
	replace_descriptor(proc, PROC_CONNTRACKS, descriptors[PROC_CONNTRACK_COUNT]);
	replace_descriptor(proc, PROC_CONNTRACKS_MAX, descriptors[PROC_CONNTRACK_MAX]);
}

static ssize_t read_once(struct proc *proc, enum proc_file file, size_t size)
{
	ssize_t length;

	do {
		length = pread(proc->descriptors[file], proc->text, size, 0);
	} while (length < 0 && errno == EINTR);
	return length;
}

/*
 * A sysctl has to be read by one call: the next one is at its end (kernel/sysctl.c). Returns the
 * whole text, which ends with a newline, or an empty one.
 */
static char *read_sysctl(struct proc *proc, enum proc_file file)
{
	ssize_t length = read_once(proc, file, SYSCTL_SIZE);

	if (length == SYSCTL_SIZE)
		length = read_once(proc, file, sizeof(proc->text) - 1);
	if (length <= 0 || proc->text[length - 1] != '\n')
		length = 0;
	proc->text[length] = '\0';
	return proc->text;
}

void proc_read_totals(struct proc *proc, struct host *host)
{
	*host = (struct host){0};
	proc_text_sockstat(read_text(proc, PROC_SOCKSTAT), host);
	proc_text_sockstat(read_text(proc, PROC_SOCKSTAT6), host);
	if (!host->known[HOST_IN_USE_IPV6])
		proc_text_protocols(read_text(proc, PROC_PROTOCOLS), host);
	if (proc->without_ipv6) {
		host_set(host, host_in_use[FAMILY_IPV6], 0);
		host_set(host, host_udp[FAMILY_IPV6], 0);
		host_set(host, host_raw[FAMILY_IPV6], 0);
		host_set(host, host_fragments[FAMILY_IPV6], 0);
	}
	proc_text_netstat(read_text(proc, PROC_SNMP), host);
}

void proc_read(struct proc *proc, struct host *host)
{
	struct port_range range;

	proc_read_totals(proc, host);
	proc_text_netstat(read_text(proc, PROC_NETSTAT), host);
	proc_text_sysctl(read_sysctl(proc, PROC_MAX_ORPHANS), 0, HOST_ORPHANS_MAX, host);
	proc_text_sysctl(read_sysctl(proc, PROC_MAX_TIME_WAITS), 0, HOST_TIME_WAITS_MAX, host);
	proc_text_sysctl(read_sysctl(proc, PROC_MEMORY), 2, HOST_MEMORY_MAX, host);
	proc_text_sysctl(read_sysctl(proc, PROC_CONNTRACKS), 0, HOST_CONNTRACKS, host);
	proc_text_sysctl(read_sysctl(proc, PROC_CONNTRACKS_MAX), 0, HOST_CONNTRACKS_MAX, host);
	if (proc_text_port_range(read_sysctl(proc, PROC_PORT_RANGE), &range))
		proc_text_local_ports(&range, read_sysctl(proc, PROC_RESERVED_PORTS), host,
				      &proc->local_ports);
}

void proc_finalise(struct proc *proc)
{
	for (enum proc_file file = 0; file < PROC_FILES; file++) {
		if (proc->descriptors[file] >= 0)
			close(proc->descriptors[file]);
	}
}
