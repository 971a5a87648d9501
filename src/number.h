/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in text: options, configuration, environment, /proc and responses of other hosts.
 *
 * They are decimal and the same in every locale. Blanks, prefixes such as 0x, nan and infinity are
 * never accepted, and only number_take_real() accepts signs and exponents.
 *
 * The functions that take a number read it at the beginning of a text, and advance the text past
 * it. The others read a text that consists of one number. All return false, and change nothing, if
 * the number is invalid or out of range.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/** Takes an integer up to @p maximum. */
bool number_take(const char **text, uint64_t maximum, uint64_t *number);

/** Takes a number with or without a sign, decimal point and exponent, such as -2.5e3. */
bool number_take_real(const char **text, double *number);

/** Reads an integer from @p minimum to @p maximum. */
bool number_parse(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number);

/** Reads a number with or without a decimal point, such as 0.25, from @p minimum to @p maximum. */
bool number_parse_decimal(const char *text, double minimum, double maximum, double *number);

#endif
