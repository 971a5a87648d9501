/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capabilities of the output that tables adapt to.
 */
#ifndef CLI_STYLE_H
#define CLI_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct style {
	size_t width; /**< the maximum length of a line; SIZE_MAX: unlimited */
	bool colour;  /**< ECMA-48 SGR sequences */
	bool utf8;    /**< false: only ASCII */
};

/** In percent of a limit: worth a look, and reached. */
#define STYLE_NEARLY_FULL 80
#define STYLE_FULL 100

enum colour {
	COLOUR_PLAIN,
	COLOUR_BOLD,
	COLOUR_DIM,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
};

/**
 * Returns the style for @p file. A terminal has its width, and colours unless NO_COLOR or TERM in
 * the environment disable them. UTF-8 depends on the locale that was set by setlocale().
 */
struct style style_of(FILE *file);

/** Writes @p length bytes of @p text, in @p colour if the style has colours. */
void style_write(FILE *file, const struct style *style, enum colour colour, const char *text,
		 size_t length);

#endif
