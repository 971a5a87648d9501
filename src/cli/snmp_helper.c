/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/snmp_helper.h"

const char snmp_helper_path[] = PKGLIBEXECDIR "/tcp-states-snmp";
