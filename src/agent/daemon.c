/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon.h"

#include "agent/logging.h"
#include "number.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the pid file ---- */

static int pid_file_failed(const struct daemon_process *process, int error)
{
	log_line(LOG_ERR, "pid file '%s': %s", process->pid_file_name, strerror(-error));
	return error;
}

/* Whether the name still refers to the file that was opened. */
static bool is_named(const struct daemon_process *process)
{
	struct stat named;

	return process->pid_file_inode != 0 && stat(process->pid_file_name, &named) == 0 &&
	       named.st_dev == process->pid_file_device && named.st_ino == process->pid_file_inode;
}

static int locked_by_another(const struct daemon_process *process)
{
	char text[sizeof("2147483647\n")] = "";
	const char *digits = text;
	uint64_t pid;

	if (pread(process->pid_file, text, sizeof(text) - 1, 0) > 0 &&
	    number_take(&digits, INT_MAX, &pid))
		log_line(LOG_ERR, "pid file '%s': already running with process id %u",
			 process->pid_file_name, (unsigned int)pid);
	else
		log_line(LOG_ERR, "pid file '%s': locked by another process",
			 process->pid_file_name);
	return -EEXIST;
}

static int open_pid_file(struct daemon_process *process)
{
	struct stat opened;

	process->pid_file = open(process->pid_file_name,
				 O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
	if (process->pid_file < 0)
		return pid_file_failed(process, -errno);
	if (fstat(process->pid_file, &opened) == 0 && S_ISREG(opened.st_mode)) {
		process->pid_file_device = opened.st_dev;
		process->pid_file_inode = opened.st_ino;
		return 0;
	}
	log_line(LOG_ERR, "pid file '%s': not a regular file", process->pid_file_name);
	return -EINVAL;
}

static void close_pid_file(struct daemon_process *process)
{
	if (process->pid_file >= 0)
		close(process->pid_file);
	process->pid_file = -1;
}

/* A file removed between open() and flock() was that of a daemon that has just exited. */
static int lock_pid_file(struct daemon_process *process)
{
	for (;;) {
		int error = open_pid_file(process);

		if (error == 0 && flock(process->pid_file, LOCK_EX | LOCK_NB) < 0)
			error = errno == EWOULDBLOCK ? locked_by_another(process)
						     : pid_file_failed(process, -errno);
		if (error == 0 && is_named(process))
			return 0;
		close_pid_file(process);
		process->pid_file_inode = 0;
		if (error != 0)
			return error;
	}
}

static int write_pid_file(const struct daemon_process *process)
{
	if (process->pid_file < 0)
		return 0;
	if (ftruncate(process->pid_file, 0) < 0 ||
	    dprintf(process->pid_file, "%ld\n", (long)getpid()) < 0)
		return pid_file_failed(process, -errno);
	return 0;
}

void daemon_remove_pid_file(const struct daemon_process *process)
{
	if (is_named(process))
		unlink(process->pid_file_name);
}

/* ---- the background ---- */

/* Runs in the process that was started. */
_Noreturn static void wait_for_daemon(int ready)
{
	char byte;
	ssize_t length;

	do {
		length = read(ready, &byte, sizeof(byte));
	} while (length < 0 && errno == EINTR);
	if (length == sizeof(byte))
		_exit(EXIT_SUCCESS);
	fputs(AGENT_NAME ": failed to start, see the log\n", stderr);
	_exit(EXIT_FAILURE);
}

/* Standard error stays open if messages are logged to it. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	if (!snmp_stderrlog_status()) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	if (null > STDERR_FILENO)
		close(null);
}

static int go_to_background(struct daemon_process *process)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0) {
		close(ends[1]);
		wait_for_daemon(ends[0]);
	}
	close(ends[0]);
	process->ready = ends[1];
	setsid();
	/* A process that is not a session leader cannot acquire a controlling terminal. */
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0)
		_exit(EXIT_SUCCESS);
	if (chdir("/") < 0)
		return -errno;
	leave_terminal();
	return 0;
}

void daemon_ready(struct daemon_process *process)
{
	const char byte = 0;
	ssize_t written;

	if (process->ready < 0)
		return;
	do {
		written = write(process->ready, &byte, sizeof(byte));
	} while (written < 0 && errno == EINTR);
	close(process->ready);
	process->ready = -1;
}

/* ---- for others ---- */

int daemon_prepare(struct daemon_process *process, const struct options *options)
{
	int error;

	*process = (struct daemon_process){
		.foreground = options->foreground,
		.pid_file_name = options->pid_file,
		.pid_file = -1,
		.ready = -1,
	};
	umask(umask(0) | S_IWGRP | S_IWOTH);
	error = identity_find(&process->identity, options->user, options->group);
	if (error != 0)
		return error;
	return process->pid_file_name == NULL ? 0 : lock_pid_file(process);
}

int daemon_become(struct daemon_process *process)
{
	int error = process->foreground ? 0 : go_to_background(process);

	if (error != 0) {
		log_line(LOG_ERR, "cannot run in the background: %s", strerror(-error));
		return error;
	}
	error = write_pid_file(process);
	return error == 0 ? identity_become(&process->identity) : error;
}

void daemon_detach(struct daemon_process *process)
{
	close_pid_file(process);
	if (process->ready >= 0)
		close(process->ready);
	process->ready = -1;
}

void daemon_finalise(struct daemon_process *process)
{
	daemon_detach(process);
	identity_finalise(&process->identity);
}
