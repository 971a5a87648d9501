/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/confinement.h"

#include "agent/logging.h"
#include "build.h"

#include <sys/prctl.h>

/* Sanitizers read files at exit and stop threads, in ways that change with each release. */
#if CONFINED

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Landlock, as in include/uapi/linux/landlock.h, which may be older than the kernel ---- */

/* Since Linux 5.13, the same on all architectures. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

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

/* Every access that this kernel's Landlock can deny. */
static struct ruleset_attributes all_accesses(long version)
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

/* A directory that does not exist contains no file to remove. */
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
	if (error != 0 || removable == NULL)
		return error;
	return allow_removing(ruleset, removable);
}

static int enter_landlock(enum confined confined, const char *removable)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
	struct ruleset_attributes attributes = all_accesses(version);
	int ruleset, error;

	if (version < 0)
		return -errno;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	/* Some of RHEL 9's kernels (5.14.0-603 and later) report version 6 without its scopes. */
	if (ruleset < 0 && attributes.scoped != 0 && (errno == EINVAL || errno == E2BIG)) {
		attributes.scoped = 0;
		ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes),
				       0);
	}
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
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* The system tests kill the process instead, so that no denied call goes unnoticed. */
#ifndef DENIED
#define DENIED SCMP_ACT_ERRNO(EPERM)
#endif

/* Allowed with any arguments, for agent and helper. */
static const char *const common_calls[] = {
	/* open descriptors */
	"read", "readv", "pread64", "write", "writev", "close", "poll", "ppoll", "ppoll_time64",
	"select", "pselect6", "pselect6_time64", "_newselect", "fcntl", "fcntl64", "fstat",
	"fstat64", "lseek", "_llseek", "timerfd_settime", "timerfd_settime64",
	/* open sockets */
	"connect", "bind", "getsockname", "getpeername", "getsockopt", "setsockopt", "send",
	"sendto", "sendmsg", "recv", "recvfrom", "recvmsg", "shutdown",
	/* memory that cannot become executable */
	"brk", "munmap", "mremap", "madvise",
	/* threads and signals */
	"futex", "futex_time64", "set_robust_list", "rseq", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "sigreturn", "sched_yield", "sched_getaffinity", "restart_syscall", "exit",
	"exit_group",
	/* time, identity and machine */
	"clock_gettime", "clock_gettime64", "gettimeofday", "time", "getpid", "gettid", "getuid",
	"geteuid", "getgid", "getegid", "getrandom", "sysinfo", "uname"};

/* For configuration files and services(5), whose modules the C library may load. */
static const char *const helper_calls[] = {
	"access",     "faccessat", "faccessat2", "stat",     "stat64",     "lstat",    "lstat64",
	"newfstatat", "fstatat64", "statx",      "readlink", "readlinkat", "getcwd",   "getdents64",
	"fstatfs",    "fstatfs64", "ioctl",      "mmap",     "mmap2",      "mprotect", "unlink",
	"unlinkat",   "pipe2",     "wait4",      "waitpid",  "waitid",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The first error skips all further rules. */
struct rules {
	scmp_filter_ctx filter;
	int error;
};

static void allow_if(struct rules *rules, const char *name, unsigned int conditions,
		     const struct scmp_arg_cmp *condition)
{
	int call = seccomp_syscall_resolve_name(name);

	/* A call that does not exist on this architecture needs no rule. */
	if (rules->error != 0 || call == __NR_SCMP_ERROR)
		return;
	rules->error =
		seccomp_rule_add_array(rules->filter, SCMP_ACT_ALLOW, call, conditions, condition);
	if (rules->error == -EDOM)
		rules->error = 0;
}

static void allow_all(struct rules *rules, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		allow_if(rules, names[i], 0, NULL);
}

static void allow_sockets(struct rules *rules)
{
	const struct scmp_arg_cmp unix_socket = SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0);
	const struct scmp_arg_cmp netlink_socket[] = {
		SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0),
		SCMP_A2(SCMP_CMP_EQ, NETLINK_SOCK_DIAG, 0),
	};

	allow_if(rules, "socket", 1, &unix_socket);
	allow_if(rules, "socket", COUNT(netlink_socket), netlink_socket);
}

/* The C library examines a descriptor before it writes to it for the first time. */
static void allow_first_writes(struct rules *rules)
{
	const struct scmp_arg_cmp of_descriptor = SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH, 0);
	const struct scmp_arg_cmp of_descriptor_with_64_bit_times =
		SCMP_A2(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
	const struct scmp_arg_cmp is_terminal = SCMP_A1(SCMP_CMP_EQ, TCGETS, 0);

	allow_if(rules, "newfstatat", 1, &of_descriptor);
	if (sizeof(long) < sizeof(int64_t))
		allow_if(rules, "statx", 1, &of_descriptor_with_64_bit_times);
	allow_if(rules, "ioctl", 1, &is_terminal);
}

static void allow_memory(struct rules *rules)
{
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);

	allow_if(rules, "mmap", 1, &not_executable);
	allow_if(rules, "mmap2", 1, &not_executable);
	allow_if(rules, "mprotect", 1, &not_executable);
}

/* Which argument of clone() has the flags. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* A filter cannot see the flags of clone3(), which are in memory: without it, clone() is used. */
static void allow_threads(struct rules *rules)
{
	const struct scmp_arg_cmp thread =
		SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);

	if (rules->error == 0)
		rules->error = seccomp_rule_add(rules->filter, SCMP_ACT_ERRNO(ENOSYS),
						SCMP_SYS(clone3), 0);
	allow_if(rules, "clone", 1, &thread);
}

/* For src/collect/zones.c */
static void allow_interface_names(struct rules *rules)
{
	const struct scmp_arg_cmp name_of_index = SCMP_A1(SCMP_CMP_EQ, SIOCGIFNAME, 0);

	allow_if(rules, "ioctl", 1, &name_of_index);
}

/* The configuration is read in a child process, which is killed if that takes too long. */
static void allow_children(struct rules *rules)
{
	const struct scmp_arg_cmp child_process =
		SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ,
			 CLONE_VM | CLONE_THREAD | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
				 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP,
			 0);
	const struct scmp_arg_cmp sigkill = SCMP_A1(SCMP_CMP_EQ, SIGKILL, 0);

	allow_if(rules, "clone", 1, &child_process);
#ifndef __GLIBC__
	allow_if(rules, "fork", 0, NULL);
#endif
	allow_if(rules, "kill", 1, &sigkill);
}

static void allow_reading(struct rules *rules)
{
	const struct scmp_arg_cmp read_only =
		SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	const struct scmp_arg_cmp read_only_by_path =
		SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);

	allow_if(rules, "openat", 1, &read_only);
	allow_if(rules, "open", 1, &read_only_by_path);
	allow_all(rules, helper_calls, COUNT(helper_calls));
}

static int enter_seccomp(enum confined confined)
{
	struct rules rules = {.filter = seccomp_init(DENIED)};

	if (rules.filter == NULL)
		return -ENOMEM;
	allow_all(&rules, common_calls, COUNT(common_calls));
	allow_sockets(&rules);
	if (confined == CONFINED_AGENT) {
		allow_first_writes(&rules);
		allow_interface_names(&rules);
		allow_memory(&rules);
		allow_threads(&rules);
	} else {
		allow_children(&rules);
		allow_reading(&rules);
	}
	if (rules.error == 0)
		rules.error = seccomp_load(rules.filter);
	seccomp_release(rules.filter);
	return rules.error;
}

#else

static int enter_seccomp(enum confined confined)
{
	(void)confined;
	return 0;
}

#endif

/* Logged once, by the agent: the helper runs on the same kernel. */
static void log_unavailable(enum confined confined, const char *layer, int error)
{
	if (error != 0 && confined == CONFINED_AGENT)
		log_line(LOG_NOTICE, "%s unavailable (%s), continuing without it", layer,
			 strerror(-error));
}

static void enter_layers(enum confined confined, const char *removable)
{
	log_unavailable(confined, "Landlock", enter_landlock(confined, removable));
	log_unavailable(confined, "seccomp", enter_seccomp(confined));
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
