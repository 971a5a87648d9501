/* SPDX-License-Identifier: BSD-2-Clause */
#include "inherited.h"

#include <signal.h>
#include <stddef.h>

void inherited_reset(void)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* Fails for SIGKILL, SIGSTOP and signals of the C library. */
	for (int number = 1; number <= SIGRTMAX; number++)
		sigaction(number, &by_default, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
