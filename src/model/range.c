/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/range.h"

#include "number.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* A percent sign may follow. */
static bool take_number(const char **text, double *number)
{
	if (!number_take_real(text, number))
		return false;
	if (**text == '%')
		++*text;
	return true;
}

static bool take_low(const char **text, double *low)
{
	if (**text != '~')
		return take_number(text, low);
	*low = -INFINITY;
	++*text;
	return true;
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
		if (*end != ':' && !take_low(&end, &parsed.low))
			return -EINVAL;
		if (*end++ != ':')
			return -EINVAL;
		if (*end != '\0' && !take_number(&end, &parsed.high))
			return -EINVAL;
	} else if (!take_number(&end, &parsed.high)) {
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
