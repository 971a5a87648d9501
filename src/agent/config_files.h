/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks configuration files before net-snmp's reader opens them.
 *
 * That reader ignores a file that it cannot open, ends a line at a zero octet, and blocks on a
 * named pipe.
 */
#ifndef AGENT_CONFIG_FILES_H
#define AGENT_CONFIG_FILES_H

/**
 * Checks the files @p application.conf and @p application.local.conf in the directories where
 * net-snmp looks for them, and the files that they include. A file may be missing. Logs errors
 * with their line.
 * @return 0, -EINVAL if the text of a file is invalid, or -errno if a file cannot be read
 */
int config_files_check_defaults(const char *application);

/** The same for the file @p name, which must exist. */
int config_files_check(const char *name);

#endif
