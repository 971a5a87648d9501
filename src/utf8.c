/* SPDX-License-Identifier: BSD-2-Clause */
#include "utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE_LENGTH (sizeof("\\x00") - 1)

/* The length of a character that begins with @p lead; 0 if none does. */
static size_t length_by_lead(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Rejects overlong forms, surrogates, and numbers beyond Unicode. */
static bool is_well_formed(uint32_t character, size_t length)
{
	static const uint32_t minimum[] = {[1] = 0, [2] = 0x80, [3] = 0x800, [4] = 0x10000};

	return character >= minimum[length] && character <= 0x10ffff &&
	       (character < 0xd800 || character > 0xdfff);
}

size_t utf8_decode(const char *text, uint32_t *character)
{
	static const unsigned char lead_bits[] = {[1] = 0x7f, [2] = 0x1f, [3] = 0x0f, [4] = 0x07};
	const unsigned char *octets = (const unsigned char *)text;
	const size_t length = length_by_lead(octets[0]);

	*character = UTF8_ILL_FORMED;
	if (octets[0] == '\0')
		return 0;
	if (length == 0)
		return 1;
	uint32_t read = octets[0] & lead_bits[length];
	for (size_t i = 1; i < length; i++) {
		if ((octets[i] & 0xc0) != 0x80) /* or the NUL */
			return 1;
		read = read << 6 | (octets[i] & 0x3f);
	}
	if (!is_well_formed(read, length))
		return 1;
	*character = read;
	return length;
}

bool utf8_is_printable(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} unprintable[] = {
		{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
		{0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
	};

	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++) {
		if (character >= unprintable[i].first && character <= unprintable[i].last)
			return false;
	}
	return character != UTF8_ILL_FORMED;
}

void utf8_copy(char *to, size_t size, const char *text)
{
	size_t length = 0, next;
	uint32_t character;

	while ((next = utf8_decode(text + length, &character)) > 0 && length + next < size)
		length += next;
	memcpy(to, text, length);
	to[length] = '\0';
}

static bool is_unescaped(uint32_t character, enum utf8_target target)
{
	if (target == UTF8_ASCII && character > '~')
		return false;
	if (target == UTF8_PLUGIN && character == '|')
		return false;
	return utf8_is_printable(character);
}

size_t utf8_escape(char *to, size_t size, const char *text, enum utf8_target target)
{
	size_t written = 0, length;
	uint32_t character;

	for (; (length = utf8_decode(text, &character)) > 0; text += length) {
		const bool plain = is_unescaped(character, target);

		if (written + (plain ? length : ESCAPE_LENGTH * length) >= size)
			break;
		if (plain) {
			memcpy(to + written, text, length);
			written += length;
			continue;
		}
		for (size_t i = 0; i < length; i++, written += ESCAPE_LENGTH)
			snprintf(to + written, ESCAPE_LENGTH + 1, "\\x%02x",
				 (unsigned char)text[i]);
	}
	to[written] = '\0';
	return written;
}

void utf8_print_line(FILE *file, enum utf8_target target, const char *format, ...)
{
	char *line = NULL, *escaped = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (length >= 0)
		escaped = malloc(UTF8_ESCAPED_SIZE((size_t)length + 1));
	if (escaped != NULL) {
		utf8_escape(escaped, UTF8_ESCAPED_SIZE((size_t)length + 1), line, target);
		fprintf(file, "%s\n", escaped);
	} else {
		fputs("out of memory\n", file);
	}
	free(escaped);
	if (length >= 0)
		free(line);
}
