/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/style.h"

#include <langinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80

/* The width of a terminal that does not know it, such as a serial line, is 0. */
static size_t terminal_width(int descriptor)
{
	struct winsize size;

	if (ioctl(descriptor, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return USUAL_WIDTH;
	return size.ws_col;
}

/* https://no-color.org */
static bool colour_is_wanted(void)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return (no_colour == NULL || no_colour[0] == '\0') && terminal != NULL &&
	       strcmp(terminal, "dumb") != 0;
}

struct style style_of(FILE *file)
{
	struct style style = {
		.width = SIZE_MAX,
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};

	if (isatty(fileno(file))) {
		style.width = terminal_width(fileno(file));
		style.colour = colour_is_wanted();
	}
	return style;
}

void style_write(FILE *file, const struct style *style, enum colour colour, const char *text,
		 size_t length)
{
	static const char *const sequences[] = {
		[COLOUR_BOLD] = "\033[1m",    [COLOUR_DIM] = "\033[2m",
		[COLOUR_RED] = "\033[31m",    [COLOUR_GREEN] = "\033[32m",
		[COLOUR_YELLOW] = "\033[33m",
	};
	bool coloured = style->colour && colour != COLOUR_PLAIN && length > 0;

	if (coloured)
		fputs(sequences[colour], file);
	fwrite(text, 1, length, file);
	if (coloured)
		fputs("\033[0m", file);
}
