/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/range.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Digits, a sign, a point and an exponent; what else strtod() takes is no number in a range. A
 * percent sign may follow.
 */
static bool parse_number(const char *text, const char **end, double *number)
{
	char *after;

	if (strspn(text, "+-.0123456789") == 0)
		return false;
	*number = strtod(text, &after);
	*end = *after == '%' ? after + 1 : after;
	return after != text && isfinite(*number) && strpbrk(text, "xXnN") == NULL;
}

static bool parse_low(const char *text, const char **end, double *low)
{
	if (text[0] == '~') {
		*low = -INFINITY;
		*end = text + 1;
		return true;
	}
	return parse_number(text, end, low);
}

int range_parse(const char *text, struct range *range)
{
	struct range parsed = {.low = 0, .high = INFINITY};
	const char *end = text;

	if (*end == '@') {
		parsed.inverted = true;
		end++;
	}
	if (strchr(end, ':') != NULL) {
		if (*end != ':' && !parse_low(end, &end, &parsed.low))
			return -EINVAL;
		if (*end++ != ':')
			return -EINVAL;
		if (*end != '\0' && !parse_number(end, &end, &parsed.high))
			return -EINVAL;
	} else if (!parse_number(end, &end, &parsed.high)) {
		return -EINVAL;
	}
	if (*end != '\0')
		return -EINVAL;
	if (parsed.low > parsed.high)
		return -ERANGE;
	*range = parsed;
	return 0;
}

bool range_contains(const struct range *range, double value)
{
	return (value >= range->low && value <= range->high) != range->inverted;
}
