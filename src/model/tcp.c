/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/tcp.h"

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
