/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outcome of one refresh, as the collector hands it over: a snapshot, or what went wrong.
 */
#ifndef MODEL_REFRESH_H
#define MODEL_REFRESH_H

#include "model/snapshot.h"

struct refresh {
	struct snapshot *snapshot; /**< NULL if the refresh failed */
	int error;                 /**< 0, or -errno if the refresh failed */
	const char *failed;        /**< what failed, a constant string; NULL if nothing did */
	const char *not_derived; /**< why the full method was used for want of the other, or NULL */
	int64_t interval_ns;     /**< from the beginning of this refresh to that of the next */
};

#endif
