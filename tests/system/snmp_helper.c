/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the commands that the tests run: the helper of the build, which is not installed.
 */
#include "cli/snmp_helper.h"

const char snmp_helper_path[] = BUILD_DIRECTORY "/tcp-states-snmp";
