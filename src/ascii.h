/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ASCII characters of names, words and directives, independent of the locale.
 *
 * <ctype.h> and strcasecmp() follow LC_CTYPE: in a Turkish locale the lower case of I is not i.
 */
#ifndef ASCII_H
#define ASCII_H

#include <stdbool.h>

static inline char ascii_lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static inline char ascii_upper(char letter)
{
	return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

/** Whether @p letter is printable and not a space. */
static inline bool ascii_is_graph(char letter)
{
	return letter > ' ' && letter <= '~';
}

/** Whether two texts are equal, ignoring the case of ASCII letters. */
static inline bool ascii_equals(const char *left, const char *right)
{
	while (*left != '\0' && ascii_lower(*left) == ascii_lower(*right)) {
		left++;
		right++;
	}
	return ascii_lower(*left) == ascii_lower(*right);
}

#endif
