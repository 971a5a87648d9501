/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/chart.h"

#include <string.h>

#define EIGHTHS 8

static char *append(char *text, const char *character)
{
	size_t length = strlen(character);

	memcpy(text, character, length + 1);
	return text + length;
}

static uint64_t eighths_of(size_t width, uint64_t value, uint64_t whole)
{
	uint64_t all = width * EIGHTHS;

	if (value >= whole)
		return value > 0 ? all : 0;
	return (uint64_t)((double)value / (double)whole * (double)all);
}

void chart_bar(char *text, size_t width, uint64_t value, uint64_t whole, bool utf8)
{
	static const char *const blocks[] = {"░", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
	static const char *const letters[] = {".", ".", ".", ".", "#", "#", "#", "#", "#"};
	uint64_t eighths = eighths_of(width, value, whole);

	*text = '\0';
	for (size_t i = 0; i < width; i++) {
		uint64_t here = eighths > EIGHTHS ? EIGHTHS : eighths;

		text = append(text, (utf8 ? blocks : letters)[here]);
		eighths -= here;
	}
}

void chart_sparkline(char *text, const uint32_t *values, size_t count, bool utf8)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	uint32_t minimum = UINT32_MAX, maximum = 0, range;

	*text = '\0';
	for (size_t i = 0; i < count; i++) {
		minimum = values[i] < minimum ? values[i] : minimum;
		maximum = values[i] > maximum ? values[i] : maximum;
	}
	range = count == 0 ? 0 : maximum - minimum;
	if (range < maximum / 10)
		range = maximum / 10;
	for (size_t i = 0; i < count; i++) {
		uint64_t height = values[i] - minimum;

		if (range > 0)
			height = height * (EIGHTHS - 1) / range;
		text = append(text, (utf8 ? blocks : letters)[height]);
	}
}
