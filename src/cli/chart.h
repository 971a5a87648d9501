/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bars and sparklines.
 */
#ifndef CLI_CHART_H
#define CLI_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The maximum length of a character in octets. */
#define CHART_CHARACTER_SIZE 3

/**
 * Writes a bar of @p width characters that shows the share of @p value in @p whole. The bar is
 * full if @p value exceeds @p whole.
 * @param text a buffer for @p width * CHART_CHARACTER_SIZE + 1 octets
 */
void chart_bar(char *text, size_t width, uint64_t value, uint64_t whole, bool utf8);

/**
 * Writes a sparkline with a character for each value, scaled from the minimum to the maximum, but
 * at least by a tenth of the maximum: a small change looks small.
 * @param text a buffer for CHART_CHARACTER_SIZE octets per value, plus 1
 */
void chart_sparkline(char *text, const uint32_t *values, size_t count, bool utf8);

#endif
