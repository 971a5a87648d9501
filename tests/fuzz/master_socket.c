/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream from the master: in whatever pieces it comes, its PDUs are the same, and none of them is
 * longer than one can be.
 */
#include "agent/master_socket.c"

#include "fuzz.h"

/* The length that a header tells, octet by octet. */
static size_t told_length(const uint8_t *header)
{
	const bool network_byte_order = header[FLAGS_AT] & FLAG_NETWORK_BYTE_ORDER;
	size_t length = 0;

	for (size_t place = 0; place < 4; place++)
		length =
			length * 256 + header[LENGTH_AT + (network_byte_order ? place : 3 - place)];
	return length;
}

/* Where the PDUs of a whole stream end; false if one is too long. */
static bool walk(const uint8_t *stream, size_t length, struct pdu_progress *end)
{
	*end = (struct pdu_progress){.header_length = length};
	while (length >= HEADER_SIZE) {
		size_t rest = told_length(stream);

		if (rest > PDU_SIZE_MAX)
			return false;
		stream += HEADER_SIZE;
		length -= HEADER_SIZE;
		if (rest > length) {
			*end = (struct pdu_progress){{0}, HEADER_SIZE, rest - length};
			return true;
		}
		stream += rest;
		length -= rest;
		end->header_length = length;
	}
	return true;
}

/* Follows a piece in memory of just its size. */
static bool follow_piece(struct pdu_progress *pdu, const uint8_t *stream, size_t length)
{
	unsigned char *piece = malloc(length);
	bool fine;

	assert(piece != NULL || length == 0);
	memcpy(piece, stream, length);
	fine = follow(pdu, piece, length);
	assert(pdu->header_length <= HEADER_SIZE);
	assert(!fine || pdu->rest <= PDU_SIZE_MAX);
	free(piece);
	return fine;
}

static bool follow_in_pieces(struct pdu_progress *pdu, const uint8_t *stream, size_t length,
			     const uint8_t sizes[], size_t sizes_count)
{
	for (size_t turn = 0; length > 0; turn++) {
		size_t piece = 1 + (size_t)sizes[turn % sizes_count];

		if (piece > length)
			piece = length;
		if (!follow_piece(pdu, stream, piece))
			return false;
		stream += piece;
		length -= piece;
	}
	return true;
}

static void check(const uint8_t *stream, size_t length, const uint8_t sizes[], size_t sizes_count)
{
	struct pdu_progress in_pieces = {.rest = 0}, expected;
	bool fine = walk(stream, length, &expected);

	assert(follow_in_pieces(&in_pieces, stream, length, sizes, sizes_count) == fine);
	assert(!fine || (in_pieces.header_length == expected.header_length &&
			 in_pieces.rest == expected.rest));
}

/* The input: how many pieces there are before their sizes come anew, the sizes, the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t octet_by_octet[] = {0};
	struct pdu_progress whole = {.rest = 0}, expected;
	size_t sizes_count;

	if (size < 1 || size < 1 + (sizes_count = 1 + data[0] % 8u))
		return -1;
	data++;
	size -= 1 + sizes_count;
	assert(follow_piece(&whole, data + sizes_count, size) ==
	       walk(data + sizes_count, size, &expected));
	check(data + sizes_count, size, data, sizes_count);
	check(data + sizes_count, size, octet_by_octet, 1);
	return 0;
}
