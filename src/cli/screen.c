/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/screen.h"

#include "streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_HEIGHT 24

/* xterm's control sequences: the alternate screen, and the cursor. */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_SCREEN "\033[2J"

static int flush(void)
{
	return fflush(stdout) == 0 ? 0 : -errno;
}

void screen_initialise(struct screen *screen)
{
	screen->keyboard = tcgetattr(STDIN_FILENO, &screen->before) == 0 ? STDIN_FILENO : -1;
}

int screen_enter(const struct screen *screen)
{
	struct termios settings = screen->before;

	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	if (screen->keyboard >= 0 && tcsetattr(screen->keyboard, TCSADRAIN, &settings) < 0)
		return -errno;
	fputs(ENTER, stdout);
	return flush();
}

void screen_leave(const struct screen *screen)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (screen->keyboard >= 0)
		tcsetattr(screen->keyboard, TCSADRAIN, &screen->before);
}

static size_t screen_height(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return USUAL_HEIGHT;
	return size.ws_row;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/*
 * Each line is cleared before it is written, because after a line that fills the width of the
 * screen, the cursor remains on its last character. The last line has no newline, which would
 * scroll.
 */
static void write_frame(FILE *frame, char *text, const char *status, bool clear)
{
	const size_t height = screen_height(), lines = count_lines(text);
	const size_t room = height > 1 ? height - 1 : 1;

	fputs(clear ? HOME CLEAR_SCREEN : HOME, frame);
	for (size_t drawn = 0; drawn < room; drawn++) {
		const char *line = strsep(&text, "\n");

		fputs(drawn == 0 ? CLEAR_LINE : "\r\n" CLEAR_LINE, frame);
		if (lines > room && drawn + 1 == room)
			fprintf(frame, "(%zu more lines)", lines - drawn);
		else if (line != NULL)
			fputs(line, frame);
	}
	if (height > 1)
		fprintf(frame, "\r\n" CLEAR_LINE "%s", status);
}

int screen_draw(char *text, const char *status, bool clear)
{
	char *picture = NULL;
	size_t length;
	FILE *frame = open_memstream(&picture, &length);
	int error = 0;

	if (frame == NULL)
		return -ENOMEM;
	write_frame(frame, text, status, clear);
	if (fclose(frame) != 0)
		error = -ENOMEM;
	else if (!streams_write_all(STDOUT_FILENO, picture, length))
		error = -errno;
	free(picture);
	return error;
}
