/* SPDX-License-Identifier: BSD-2-Clause */
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

bool number_take(const char **text, uint64_t maximum, uint64_t *number)
{
	const char *digit = *text;
	uint64_t read = 0;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		const uint64_t value = (uint64_t)(*digit - '0');

		if (value > maximum || read > (maximum - value) / 10)
			return false;
		read = read * 10 + value;
	}
	if (digit == *text)
		return false;
	*text = digit;
	*number = read;
	return true;
}

bool number_parse(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number)
{
	uint64_t read;

	if (!number_take(&text, maximum, &read) || *text != '\0' || read < minimum)
		return false;
	*number = read;
	return true;
}

/* @return the length of digits with at most one decimal point, 0 without a digit */
static size_t decimal_length(const char *text)
{
	const size_t integer = strspn(text, DIGITS);
	size_t fraction;

	if (text[integer] != '.')
		return integer;
	fraction = strspn(text + integer + 1, DIGITS);
	return integer + fraction == 0 ? 0 : integer + 1 + fraction;
}

/* @return the length of an exponent, 0 without one */
static size_t exponent_length(const char *text)
{
	size_t sign, digits;

	if (text[0] != 'e' && text[0] != 'E')
		return 0;
	sign = strspn(text + 1, "+-") == 1;
	digits = strspn(text + 1 + sign, DIGITS);
	return digits == 0 ? 0 : 1 + sign + digits;
}

/* Reads @p length characters. No program changes LC_NUMERIC, which is C at the start. */
static bool read_real(const char *text, size_t length, double *number)
{
	char *end;
	const double read = strtod(text, &end);

	if (end != text + length || !isfinite(read))
		return false;
	*number = read;
	return true;
}

bool number_take_real(const char **text, double *number)
{
	size_t length = **text == '-' || **text == '+';
	const size_t decimal = decimal_length(*text + length);

	if (decimal == 0)
		return false;
	length += decimal;
	length += exponent_length(*text + length);
	if (!read_real(*text, length, number))
		return false;
	*text += length;
	return true;
}

bool number_parse_decimal(const char *text, double minimum, double maximum, double *number)
{
	const size_t length = decimal_length(text);
	double read;

	if (length == 0 || text[length] != '\0' || !read_real(text, length, &read))
		return false;
	if (read < minimum || read > maximum)
		return false;
	*number = read;
	return true;
}
