/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bars and sparklines: numbers as characters of different heights and lengths.
 */
#ifndef CLI_CHART_H
#define CLI_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The most octets that a character takes here. */
#define CHART_CHARACTER_SIZE 3

/**
 * Writes a bar of @p places characters, as full as @p value is of @p whole; more than the whole is
 * full, and anything of nothing too.
 * @param text has room for CHART_CHARACTER_SIZE times as many, and 1
 */
void chart_bar(char *text, size_t places, uint64_t value, uint64_t whole, bool utf8);

/**
 * Writes a character for each value, as high as it is between the least and the largest of them.
 * @param text has room for CHART_CHARACTER_SIZE for each, and 1
 */
void chart_sparkline(char *text, const uint32_t *values, size_t count, bool utf8);

#endif
