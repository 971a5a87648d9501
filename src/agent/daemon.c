/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon.h"

#include <errno.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <string.h>
#include <unistd.h>

static int pid_file_failed(const struct daemon_process *process)
{
	int error = errno;

	snmp_log(LOG_ERR, "%s: %s\n", process->pid_file_name, strerror(error));
	return -error;
}

int daemon_prepare(struct daemon_process *process, const struct options *options)
{
	*process = (struct daemon_process){.foreground = options->foreground};
	if (options->pid_file != NULL) {
		process->pid_file_name = options->pid_file;
		process->pid_file = fopen(options->pid_file, "we");
		if (process->pid_file == NULL)
			return pid_file_failed(process);
	}
	return identity_find(&process->identity, options->user, options->group);
}

static int write_pid_file(struct daemon_process *process)
{
	FILE *file = process->pid_file;

	if (file == NULL)
		return 0;
	process->pid_file = NULL;
	fprintf(file, "%ld\n", (long)getpid());
	return fclose(file) == 0 ? 0 : pid_file_failed(process);
}

int daemon_become(struct daemon_process *process)
{
	int error;

	if (!process->foreground && netsnmp_daemonize(1, snmp_stderrlog_status()) != 0)
		return -ECHILD;
	error = write_pid_file(process);
	return error == 0 ? identity_become(&process->identity) : error;
}

void daemon_remove_pid_file(const struct daemon_process *process)
{
	if (process->pid_file_name != NULL)
		unlink(process->pid_file_name);
}

void daemon_finalise(struct daemon_process *process)
{
	if (process->pid_file != NULL)
		fclose(process->pid_file);
	identity_finalise(&process->identity);
}
