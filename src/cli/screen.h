/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal in full-screen mode, which is restored afterwards.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <termios.h>

struct screen {
	int keyboard;          /**< the descriptor that keys are read from; -1: none */
	struct termios before; /**< the settings to restore */
};

/** Looks for a keyboard. */
void screen_initialise(struct screen *screen);

/** Switches to the alternate screen, with unbuffered input without echo. @return 0 or -errno */
int screen_enter(const struct screen *screen);

/**
 * Shows @p text, whose lines end with '\n', in one write, and @p status in the last line. If there
 * are more lines than fit, the last one that does says how many are missing.
 * @param text is changed
 * @param clear first, because the size of the screen has changed
 * @return 0 or -errno
 */
int screen_draw(char *text, const char *status, bool clear);

/** Restores the terminal. May be called at any time. */
void screen_leave(const struct screen *screen);

#endif
