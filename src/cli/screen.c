/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_HEIGHT 24

/* xterm's control sequences: the alternate screen, and the cursor. */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

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

size_t screen_height(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return USUAL_HEIGHT;
	return size.ws_row;
}

/* The last line has no end, which would scroll. */
int screen_draw(char *text)
{
	size_t height = screen_height();
	const char *line;

	fputs(HOME, stdout);
	for (size_t drawn = 0; drawn < height && (line = strsep(&text, "\n")) != NULL; drawn++) {
		if (drawn > 0)
			fputs("\r\n", stdout);
		fputs(line, stdout);
		fputs(CLEAR_LINE, stdout);
	}
	fputs(CLEAR_BELOW, stdout);
	return flush();
}
