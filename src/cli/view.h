/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a snapshot is shown.
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "model/tcp.h"

#include <stdbool.h>

enum view_subject {
	VIEW_COUNTS,
	VIEW_PORTS,
	VIEW_LISTENERS,
	VIEW_SUMMARY,
	VIEW_SUBJECTS,
};

struct view {
	enum view_subject subject;
	bool families[FAMILIES]; /**< one at least */
	bool states[STATES];     /**< one at least; of counts and ports */
};

#endif
