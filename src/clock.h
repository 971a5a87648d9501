/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one clock that refreshes, ages and windows are measured on.
 *
 * CLOCK_BOOTTIME, because it never jumps and goes on while the machine is suspended: counts that
 * were taken before a suspend are as old as the clock on the wall says.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

/** Of SNMP's TimeTicks (RFC 2578, section 7.1.8). */
#define NS_PER_TICK (NS_PER_SECOND / 100)

/** Nanoseconds since the machine was booted. */
static inline int64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/** @p ns as the system calls take it, whose fields have 32 bits on some machines. */
static inline struct timespec clock_timespec(int64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / NS_PER_SECOND),
		.tv_nsec = (long)(ns % NS_PER_SECOND),
	};
}

#endif
