/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_HEIGHT 24
#define PICTURE_SIZE 65536

/* xterm's control sequences: the alternate screen, and the cursor. */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"

static int flush(void)
{
	return fflush(stdout) == 0 ? 0 : -errno;
}

void screen_initialise(struct screen *screen)
{
	/* A frame is written in one piece, not line by line. */
	setvbuf(stdout, NULL, _IOFBF, PICTURE_SIZE);
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

/*
 * Each line is cleared before it is written, because after a line that fills the width of the
 * screen, the cursor remains on its last character. The last line has no newline, which would
 * scroll.
 */
int screen_draw(char *text)
{
	size_t height = screen_height();

	fputs(HOME, stdout);
	for (size_t drawn = 0; drawn < height; drawn++) {
		const char *line = strsep(&text, "\n");

		fputs(drawn == 0 ? CLEAR_LINE : "\r\n" CLEAR_LINE, stdout);
		if (line != NULL)
			fputs(line, stdout);
	}
	return flush();
}
