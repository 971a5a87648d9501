/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State that a process inherits from its parent.
 */
#ifndef INHERITED_H
#define INHERITED_H

/**
 * Unblocks all signals and resets them to their default action. To be called first in main().
 */
void inherited_reset(void);

#endif
