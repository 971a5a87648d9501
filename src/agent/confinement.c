/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/confinement.h"

#include "build.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <sys/prctl.h>

/* The sanitizers read files at the end, and stop threads, in ways that change with each release. */
#if CONFINED

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Landlock: include/uapi/linux/landlock.h, of which distributions have older ones ---- */

struct ruleset_attributes {
	uint64_t handled_files;
	uint64_t handled_network;
	uint64_t scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

#define VERSION_FLAG 1U
#define RULE_PATH_BENEATH 1

#define FILES_READ (1U << 2 | 1U << 3) /* files, directories */
#define FILES_REMOVE (1U << 5)
#define FILES_ALL ((1U << 13) - 1)
#define FILES_REFER (1U << 13)          /* since version 2 */
#define FILES_TRUNCATE (1U << 14)       /* 3 */
#define NETWORK_ALL (1U << 0 | 1U << 1) /* bind and connect of TCP, 4 */
#define FILES_IOCTL (1U << 15)          /* 5 */
#define SCOPE_SIGNALS (1U << 1)         /* 6 */

/* All that this kernel's Landlock can take away. */
static struct ruleset_attributes everything(long version)
{
	struct ruleset_attributes attributes = {.handled_files = FILES_ALL};

	if (version >= 2)
		attributes.handled_files |= FILES_REFER;
	if (version >= 3)
		attributes.handled_files |= FILES_TRUNCATE;
	if (version >= 4)
		attributes.handled_network = NETWORK_ALL;
	if (version >= 5)
		attributes.handled_files |= FILES_IOCTL;
	if (version >= 6)
		attributes.scoped = SCOPE_SIGNALS;
	return attributes;
}

static int allow_beneath(int ruleset, const char *path, uint64_t allowed)
{
	struct path_beneath rule = {.allowed = allowed};
	int error = 0;

	rule.parent = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
		error = -errno;
	close(rule.parent);
	return error;
}

/* A directory that cannot be opened has nothing that could be removed. */
static int allow_removing(int ruleset, const char *removable)
{
	char *path = strdup(removable);
	int error;

	if (path == NULL)
		return -ENOMEM;
	error = allow_beneath(ruleset, dirname(path), FILES_REMOVE);
	free(path);
	return error == -ENOENT ? 0 : error;
}

static int add_rules(int ruleset, enum confined confined, const char *removable)
{
	int error;

	if (confined == CONFINED_AGENT)
		return 0;
	error = allow_beneath(ruleset, "/", FILES_READ);
	if (error == 0 && removable != NULL)
		error = allow_removing(ruleset, removable);
	return error;
}

static int close_file_system(enum confined confined, const char *removable)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
	struct ruleset_attributes attributes = everything(version);
	int ruleset, error;

	if (version < 0)
		return -errno;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (ruleset < 0)
		return -errno;
	error = add_rules(ruleset, confined, removable);
	if (error == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		error = -errno;
	close(ruleset);
	return error;
}

/* ---- seccomp ---- */

#if WITH_SECCOMP

#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* The system tests end the process instead, so that no call is denied unnoticed. */
#ifndef DENIED
#define DENIED SCMP_ACT_ERRNO(EPERM)
#endif

/* What is allowed whatever its arguments are. */
static const char *const always[] = {
	/* descriptors that are open */
	"read", "readv", "pread64", "write", "writev", "close", "poll", "ppoll", "ppoll_time64",
	"select", "pselect6", "pselect6_time64", "_newselect", "fcntl", "fcntl64", "fstat",
	"fstat64", "lseek", "_llseek", "timerfd_settime", "timerfd_settime64",
	/* sockets that are open */
	"connect", "bind", "getsockname", "getpeername", "getsockopt", "setsockopt", "send",
	"sendto", "sendmsg", "recv", "recvfrom", "recvmsg", "shutdown",
	/* memory that cannot become code */
	"brk", "munmap", "mremap", "madvise",
	/* threads and signals */
	"futex", "futex_time64", "set_robust_list", "rseq", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "sigreturn", "sched_yield", "sched_getaffinity", "restart_syscall", "exit",
	"exit_group",
	/* facts */
	"clock_gettime", "clock_gettime64", "gettimeofday", "time", "getpid", "gettid", "getuid",
	"geteuid", "getgid", "getegid", "getrandom", "sysinfo", "uname"};

/* Reading configuration files and services(5), whose modules the C library may load. */
static const char *const of_attendant[] = {
	"access",     "faccessat", "faccessat2", "stat",     "stat64",     "lstat",    "lstat64",
	"newfstatat", "fstatat64", "statx",      "readlink", "readlinkat", "getcwd",   "getdents64",
	"ioctl",      "mmap",      "mmap2",      "mprotect", "unlink",     "unlinkat",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A call that this architecture does not have needs no permission. */
static int allow(scmp_filter_ctx filter, const char *name, unsigned int conditions,
		 const struct scmp_arg_cmp *condition)
{
	int call = seccomp_syscall_resolve_name(name);
	int error;

	if (call == __NR_SCMP_ERROR)
		return 0;
	error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, conditions, condition);
	return error == -EDOM ? 0 : error;
}

static int allow_all(scmp_filter_ctx filter, const char *const names[], size_t count)
{
	int error = 0;

	for (size_t place = 0; error == 0 && place < count; place++)
		error = allow(filter, names[place], 0, NULL);
	return error;
}

static int allow_sockets(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp unix_socket = SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0);
	const struct scmp_arg_cmp netlink_socket[] = {
		SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0),
		SCMP_A2(SCMP_CMP_EQ, NETLINK_SOCK_DIAG, 0),
	};
	int error = allow(filter, "socket", 1, &unix_socket);

	return error == 0 ? allow(filter, "socket", COUNT(netlink_socket), netlink_socket) : error;
}

/* What the C library asks of a descriptor before it writes to it for the first time. */
static int allow_first_writes(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp of_descriptor = SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH, 0);
	const struct scmp_arg_cmp of_descriptor_for_long_times =
		SCMP_A2(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
	const struct scmp_arg_cmp whether_terminal = SCMP_A1(SCMP_CMP_EQ, TCGETS, 0);
	int error = allow(filter, "newfstatat", 1, &of_descriptor);

	if (error == 0 && sizeof(long) < sizeof(int64_t))
		error = allow(filter, "statx", 1, &of_descriptor_for_long_times);
	return error == 0 ? allow(filter, "ioctl", 1, &whether_terminal) : error;
}

static int allow_memory(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	static const char *const calls[] = {"mmap", "mmap2", "mprotect"};
	int error = 0;

	for (size_t place = 0; error == 0 && place < COUNT(calls); place++)
		error = allow(filter, calls[place], 1, &not_code);
	return error;
}

/* The place of clone()'s flags among its arguments. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* A filter cannot see the flags of clone3(), which are in memory; without it there is clone(). */
static int allow_threads(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp of_this_process =
		SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
	int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	return error == 0 ? allow(filter, "clone", 1, &of_this_process) : error;
}

static int allow_what_runs(scmp_filter_ctx filter)
{
	int error = allow_first_writes(filter);

	if (error == 0)
		error = allow_memory(filter);
	return error == 0 ? allow_threads(filter) : error;
}

static int allow_reading(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp to_read =
		SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	const struct scmp_arg_cmp to_read_by_path =
		SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	int error = allow(filter, "openat", 1, &to_read);

	if (error == 0)
		error = allow(filter, "open", 1, &to_read_by_path);
	return error == 0 ? allow_all(filter, of_attendant, COUNT(of_attendant)) : error;
}

static int add_calls(scmp_filter_ctx filter, enum confined confined)
{
	int error = allow_all(filter, always, COUNT(always));

	if (error == 0)
		error = allow_sockets(filter);
	if (error != 0)
		return error;
	return confined == CONFINED_AGENT ? allow_what_runs(filter) : allow_reading(filter);
}

static int filter_calls(enum confined confined)
{
	scmp_filter_ctx filter = seccomp_init(DENIED);
	int error;

	if (filter == NULL)
		return -ENOMEM;
	error = add_calls(filter, confined);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

#else

static int filter_calls(enum confined confined)
{
	(void)confined;
	return 0;
}

#endif

/* The attendant lacks what the agent lacks, which has told it. */
static void log_left_out(enum confined confined, const char *layer, int error)
{
	if (error != 0 && confined == CONFINED_AGENT)
		snmp_log(LOG_NOTICE, "goes on without %s: %s\n", layer, strerror(-error));
}

static void enter_layers(enum confined confined, const char *removable)
{
	log_left_out(confined, "Landlock", close_file_system(confined, removable));
	log_left_out(confined, "seccomp", filter_calls(confined));
}

#else

static void enter_layers(enum confined confined, const char *removable)
{
	(void)confined;
	(void)removable;
}

#endif

void confinement_enter(enum confined confined, const char *removable)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	enter_layers(confined, removable);
}
