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

static uint64_t eighths_of(size_t places, uint64_t value, uint64_t whole)
{
	uint64_t all = places * EIGHTHS;

	if (value >= whole)
		return value > 0 ? all : 0;
	return (uint64_t)((double)value / (double)whole * (double)all);
}

void chart_bar(char *text, size_t places, uint64_t value, uint64_t whole, bool utf8)
{
	static const char *const blocks[] = {"░", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
	static const char *const letters[] = {".", ".", ".", ".", "#", "#", "#", "#", "#"};
	uint64_t eighths = eighths_of(places, value, whole);

	*text = '\0';
	for (size_t place = 0; place < places; place++) {
		uint64_t here = eighths > EIGHTHS ? EIGHTHS : eighths;

		text = append(text, (utf8 ? blocks : letters)[here]);
		eighths -= here;
	}
}

void chart_sparkline(char *text, const uint32_t *values, size_t count, bool utf8)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	uint32_t least = UINT32_MAX, largest = 0;

	*text = '\0';
	for (size_t place = 0; place < count; place++) {
		least = values[place] < least ? values[place] : least;
		largest = values[place] > largest ? values[place] : largest;
	}
	for (size_t place = 0; place < count; place++) {
		uint64_t height = values[place] - least;

		if (largest > least)
			height = height * (EIGHTHS - 1) / (largest - least);
		text = append(text, (utf8 ? blocks : letters)[height]);
	}
}
