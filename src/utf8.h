/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untrusted text: names of services, hosts and interfaces, arguments, files, answers of other
 * hosts. It may contain any octet but NUL. It is printed as UTF-8 (RFC 3629) on one line, without
 * characters that control a terminal.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** An octet that is not part of a well-formed character. */
#define UTF8_ILL_FORMED UINT32_MAX

/** The buffer size for any escaped text of @p size; both include the NUL. */
#define UTF8_ESCAPED_SIZE(size) (4 * ((size)-1) + 1)

/** Where escaped text goes. */
enum utf8_target {
	UTF8_ANYWHERE,
	UTF8_ASCII,  /**< cannot show characters beyond ASCII */
	UTF8_PLUGIN, /**< a line of a monitoring plugin, where '|' begins performance data */
};

/**
 * Reads the first character of @p text.
 *
 * @param character its code point, or UTF8_ILL_FORMED
 * @return its length in octets: 1 for UTF8_ILL_FORMED, 0 at the end of the text
 */
size_t utf8_decode(const char *text, uint32_t *character);

/**
 * Whether @p character may be printed. UTF8_ILL_FORMED, control characters (C0, DEL, C1), line and
 * paragraph separators, and characters that change the text direction may not.
 */
bool utf8_is_printable(uint32_t character);

/** Copies the characters of @p text that fit, and a NUL. No character is truncated. */
void utf8_copy(char *to, size_t size, const char *text);

/**
 * Copies as much of @p text as fits, and a NUL. Octets that may not be printed are written as \xHH.
 * Neither a character nor an escape sequence is truncated.
 *
 * @return the length of the copy
 */
size_t utf8_escape(char *to, size_t size, const char *text, enum utf8_target target);

/** Prints a line, escaped; @p format has no newline. */
void utf8_print_line(FILE *file, enum utf8_target target, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
