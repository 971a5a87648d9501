/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dates in local time, as DateAndTime of SNMPv2-TC (RFC 2579).
 */
#ifndef MODEL_DATE_H
#define MODEL_DATE_H

#include <stdint.h>

/** The length of a DateAndTime with a time zone. */
#define DATE_OCTETS 11

/**
 * Reads the time zone of TZ or /etc/localtime once and for all. Later dates need no access to
 * files.
 */
void date_read_zone(void);

/** Converts @p real_ns, nanoseconds since 1970, to local time with its zone. */
void date_and_time(int64_t real_ns, uint8_t date[DATE_OCTETS]);

#endif
