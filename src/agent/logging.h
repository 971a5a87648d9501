/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log. A message is one line, whatever names and words it quotes.
 */
#ifndef AGENT_LOGGING_H
#define AGENT_LOGGING_H

#include <syslog.h>

/**
 * Logs a line, whose end is not part of @p format.
 * @param priority as for syslog(3)
 */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Adds a log destination. @param where as the argument of -L, such as "e" for standard error */
void logging_add(const char *where);

/**
 * Escapes, as utf8_escape() does, what is logged to the destinations registered so far: files,
 * streams and syslog. May be called more than once.
 */
void logging_escape(void);

#endif
