/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream from the master: in whatever pieces it arrives, the library gets it PDU by PDU, and the
 * session ends at a PDU of another version or of excessive length.
 */
#include "agent/master_socket.c"

#include "fuzz.h"

/* The length in a header, octet by octet. */
static size_t header_length(const uint8_t *header)
{
	const bool network_byte_order = header[FLAGS_OFFSET] & FLAG_NETWORK_BYTE_ORDER;
	size_t length = 0;

	for (size_t i = 0; i < 4; i++)
		length = length * 256 + header[LENGTH_OFFSET + (network_byte_order ? i : 3 - i)];
	return length;
}

/* Whether all versions and lengths in the stream so far are valid. */
static bool is_valid(const uint8_t *stream, size_t length)
{
	while (length > 0) {
		size_t whole;

		if (stream[0] != AGENTX_VERSION)
			return false;
		if (length < HEADER_SIZE)
			return true;
		whole = HEADER_SIZE + header_length(stream);
		if (whole > HEADER_SIZE + PDU_SIZE_MAX)
			return false;
		if (whole >= length)
			return true;
		stream += whole;
		length -= whole;
	}
	return true;
}

/* How much of a stream was sent and received, and where the current PDU begins. */
struct reading {
	const uint8_t *stream;
	size_t sent, taken, pdu_begin;
};

/* The octets received are those sent, and of one PDU. */
static void check_received(struct reading *reading, const unsigned char *octets, size_t length)
{
	const uint8_t *pdu = reading->stream + reading->pdu_begin;
	size_t whole = HEADER_SIZE;

	if (reading->sent - reading->pdu_begin >= HEADER_SIZE)
		whole += header_length(pdu);
	assert(memcmp(octets, reading->stream + reading->taken, length) == 0);
	reading->taken += length;
	assert(reading->taken - reading->pdu_begin <= whole);
	if (reading->taken - reading->pdu_begin == whole)
		reading->pdu_begin = reading->taken;
}

/* Receives everything, into memory of exactly that size. Returns false when the session ends. */
static bool receive_all(netsnmp_transport *transport, size_t size, struct reading *reading)
{
	unsigned char *buffer = malloc(size);
	void *opaque;
	int opaque_length, received;

	assert(buffer != NULL);
	do {
		transport->flags = 0;
		received = receive_pdu(transport, buffer, (int)size, &opaque, &opaque_length);
		assert(received == 0 || transport->flags == 0);
		if (received > 0)
			check_received(reading, buffer, (size_t)received);
	} while (received > 0);
	free(buffer);
	return received == 0;
}

/* Sends the stream in pieces of these sizes, and receives each. */
static void check(const uint8_t *stream, size_t length, const uint8_t sizes[], size_t sizes_count)
{
	struct partial_pdu pdu = {.missing = 0};
	netsnmp_transport transport = {.data = &pdu};
	struct reading reading = {.stream = stream};
	bool fine = true;
	int sockets[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
	transport.sock = sockets[0];
	for (size_t turn = 0; fine && reading.sent < length; turn++) {
		size_t piece = 1 + (size_t)sizes[turn % sizes_count];

		if (piece > length - reading.sent)
			piece = length - reading.sent;
		assert(send(sockets[1], stream + reading.sent, piece, 0) == (ssize_t)piece);
		reading.sent += piece;
		fine = receive_all(&transport, 1 + 16 * (size_t)sizes[0], &reading);
		assert(fine == is_valid(stream, reading.sent));
		assert(!fine || reading.taken == reading.sent);
	}
	close(sockets[0]);
	close(sockets[1]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
	return 0;
}

/* The input: the number of pieces until their sizes are repeated, the sizes, and the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t octet_by_octet[] = {0};
	size_t sizes_count;

	if (size < 1 || size < 1 + (sizes_count = 1 + data[0] % 8U))
		return -1;
	data++;
	size -= 1 + sizes_count;
	check(data + sizes_count, size, data, sizes_count);
	check(data + sizes_count, size, octet_by_octet, 1);
	return 0;
}
