/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outcome of a refresh: a snapshot or an error.
 */
#ifndef MODEL_REFRESH_H
#define MODEL_REFRESH_H

#include "model/snapshot.h"

struct refresh {
	struct snapshot *snapshot; /**< NULL if the refresh failed */
	int error;                 /**< 0, or -errno if the refresh failed */
	const char *failed;        /**< the failed operation, a constant string; NULL if none */
	const char *not_derived;   /**< why counts are not derived for some time, or NULL */
	int64_t interval_ns;       /**< from the beginning of this refresh to that of the next */
};

#endif
