/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The location of tcp-states-snmp.
 *
 * It is a constant, so that neither the working directory, nor the directory of the command, nor
 * the environment determines the program that runs. The tests' commands are linked with a different
 * constant, tests/system/snmp_helper.c.
 */
#ifndef CLI_SNMP_HELPER_H
#define CLI_SNMP_HELPER_H

/** An absolute path. */
extern const char snmp_helper_path[];

#endif
