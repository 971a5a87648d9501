/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every fuzz target needs: its entry, inputs as texts, and assert(), which is how a target
 * says that something does not hold.
 */
#ifndef FUZZ_H
#define FUZZ_H

#undef NDEBUG
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/** libFuzzer calls it with one input after the other. @return 0, or -1: of no use in a corpus */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** An input's octets as a text, in memory of just its size, which is the caller's to free(). */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	assert(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
