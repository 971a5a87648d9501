/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How tables look where they are shown.
 */
#ifndef CLI_STYLE_H
#define CLI_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct style {
	size_t width; /**< no line is longer; SIZE_MAX: as long as it likes */
	bool colour;  /**< by ECMA-48's SGR sequences */
	bool utf8;    /**< else ASCII alone */
};

enum colour {
	COLOUR_PLAIN,
	COLOUR_BOLD,
	COLOUR_DIM,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
};

/**
 * How what is written to @p file is to look: coloured and no wider than it is on a terminal, unless
 * the environment's NO_COLOR or TERM say otherwise; in UTF-8 where setlocale() has chosen it.
 */
struct style style_of(FILE *file);

/** Writes @p text, of @p length bytes, in @p colour, if there are any colours. */
void style_write(FILE *file, const struct style *style, enum colour colour, const char *text,
		 size_t length);

#endif
