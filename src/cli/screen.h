/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal as a screen that is drawn again and again, and that is afterwards as it was before.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <termios.h>

struct screen {
	int keyboard;          /**< -1: none; where keys come from, unread ones included */
	struct termios before; /**< the keyboard's settings */
};

/** Finds out whether there is a keyboard. Nothing was written to standard output before. */
void screen_initialise(struct screen *screen);

/** Turns to a screen of its own, with keys that come at once and are not shown. @return 0 or -errno
 */
int screen_enter(const struct screen *screen);

/** Shows @p text, whose lines end with '\n', or what there is room for. @return 0 or -errno */
int screen_draw(char *text);

/** Turns back; may be called at any time. */
void screen_leave(const struct screen *screen);

#endif
