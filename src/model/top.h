/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpThresholdTop: what makes up the value of a metric, largest first.
 *
 *     a.service 398, b.service 12       state, watch and owner: owners by sockets
 *     0.0.0.0:443 a.service 100 %       listen any: endpoints by the fill of their accept queues
 *     0.0.0.0:443 a.service 511         state FAMILY synReceived and rates of SYN counters:
 *                                       endpoints by the length of their SYN queues
 *
 * It is empty for other metrics, and where nothing contributes. Without owners, endpoints stand
 * alone.
 */
#ifndef MODEL_TOP_H
#define MODEL_TOP_H

#include "model/metric.h"

/** The maximum length, with the null character. Only whole entries are written. */
#define TOP_SIZE 256

/** An immutable text, shared by evaluations. */
struct top {
	unsigned int holders;
	char text[];
};

/** Writes the entries of @p metric's value in @p snapshot. */
void top_write(const struct metric *metric, const struct snapshot *snapshot, char text[TOP_SIZE]);

/** The same, held once. @return NULL if it is empty, or if out of memory */
struct top *top_new(const struct metric *metric, const struct snapshot *snapshot);

/** Holds @p top once more; it may be NULL. */
struct top *top_hold(struct top *top);

/** Releases @p top, which may be NULL; the last holder frees it. */
void top_release(struct top *top);

/** The text of @p top, which is empty for NULL. */
const char *top_text(const struct top *top);

#endif
