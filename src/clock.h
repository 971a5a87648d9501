/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock for refreshes, ages and windows.
 *
 * CLOCK_BOOTTIME never jumps, and continues while the machine is suspended, so that the age of
 * counts includes the time of a suspend.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

/** A TimeTicks unit (RFC 2578, section 7.1.8). */
#define NS_PER_TICK (NS_PER_SECOND / 100)

/** Nanoseconds since the machine was booted. */
static inline int64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/**
 * How far the time of day, in nanoseconds since 1970, is ahead of clock_now_ns(). It changes only
 * when someone sets the time of day.
 */
static inline int64_t clock_real_ahead_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec - clock_now_ns();
}

/** Converts @p ns for system calls; the fields have 32 bits on some machines. */
static inline struct timespec clock_timespec(int64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / NS_PER_SECOND),
		.tv_nsec = (long)(ns % NS_PER_SECOND),
	};
}

#endif
