/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growth rates of the kernel's counters over any period up to an hour.
 *
 * Each successful refresh adds a sample. Samples are thinned out as they age: of two neighbours
 * that are closer together than a sixteenth of their age, one is dropped. So their number is
 * limited at any refresh interval. Rates are divided by the real time between two samples.
 */
#ifndef MODEL_RATE_H
#define MODEL_RATE_H

#include "model/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The longest period of a rate. */
#define RATE_SECONDS_MAX 3600

/** Enough for an hour of refreshes every millisecond. */
#define RATE_SAMPLES 512

/** The objects of tcpHost from the first Counter64 to the last. */
#define RATE_FIRST HOST_LISTEN_OVERFLOWS
#define RATE_OBJECTS (HOST_SYN_QUEUE_COOKIES - RATE_FIRST + 1)

struct rate_sample {
	int64_t taken_ns;
	bool known[RATE_OBJECTS];
	uint64_t grown[RATE_OBJECTS]; /**< since the counter was first seen */
};

struct rates {
	struct rate_sample samples[RATE_SAMPLES]; /**< oldest first */
	size_t count;
	struct {
		bool seen;
		uint64_t value; /**< the latest one */
		uint64_t grown;
		bool has_gone_back;
		int64_t gone_back_ns; /**< the first refresh after it last went back */
	} counters[RATE_OBJECTS];
};

/** Adds the counters of @p snapshot, which is later than the previous one. */
void rates_add(struct rates *rates, const struct snapshot *snapshot);

/**
 * The growth per second of @p counter between the latest refresh and the one that was about
 * @p seconds earlier, rounded up, so that 0 means no growth at all. Growth that has left this
 * period does not return.
 *
 * A counter that has decreased has gone back, unless it is the counter of a 32-bit kernel that has
 * wrapped: then its growth modulo 2^32 is less than 2^30.
 * @return false if the latest refresh or all earlier ones lack the counter, or if it went back
 *         meanwhile
 */
bool rates_get(const struct rates *rates, enum host_object counter, uint32_t seconds,
	       uint32_t *rate);

#endif
