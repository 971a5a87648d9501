/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/tcp.h"

#include "ascii.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *tcp_family_name(enum tcp_family family)
{
	static const char *const names[FAMILIES] = {
		[FAMILY_IPV4] = "ipv4",
		[FAMILY_IPV6] = "ipv6",
	};

	return names[family];
}

const char *tcp_state_name(enum tcp_state state)
{
	static const char *const names[STATES] = {
		[STATE_CLOSED] = "closed",           [STATE_LISTEN] = "listen",
		[STATE_SYN_SENT] = "synSent",        [STATE_SYN_RECEIVED] = "synReceived",
		[STATE_ESTABLISHED] = "established", [STATE_FIN_WAIT_1] = "finWait1",
		[STATE_FIN_WAIT_2] = "finWait2",     [STATE_CLOSE_WAIT] = "closeWait",
		[STATE_LAST_ACK] = "lastAck",        [STATE_CLOSING] = "closing",
		[STATE_TIME_WAIT] = "timeWait",
	};

	return names[state];
}

int tcp_family_parse(const char *text, enum tcp_family *family)
{
	for (*family = 0; *family < FAMILIES; (*family)++) {
		if (strcmp(text, tcp_family_name(*family)) == 0)
			return 0;
	}
	return -EINVAL;
}

static const char *skip_separators(const char *text)
{
	return text + strspn(text, "-_");
}

static bool is_same_word(const char *left, const char *right)
{
	do {
		left = skip_separators(left);
		right = skip_separators(right);
		if (ascii_lower(*left) != ascii_lower(*right))
			return false;
		right++;
	} while (*left++ != '\0');
	return true;
}

int tcp_state_parse(const char *text, enum tcp_state *state)
{
	/* Other names of the kernel, ss and netstat. */
	static const struct {
		const char *word;
		enum tcp_state state;
	} others[] = {
		{"close", STATE_CLOSED},      {"unconn", STATE_CLOSED},
		{"listening", STATE_LISTEN},  {"synRecv", STATE_SYN_RECEIVED},
		{"estab", STATE_ESTABLISHED},
	};

	for (*state = 0; *state < STATES; (*state)++) {
		if (is_same_word(text, tcp_state_name(*state)))
			return 0;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		*state = others[i].state;
		if (is_same_word(text, others[i].word))
			return 0;
	}
	return -EINVAL;
}
