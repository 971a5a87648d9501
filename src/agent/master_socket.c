/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/master_socket.h"

#include "agent/logging.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_TIMEOUT_MS 200

/* RFC 2741, section 6.1: the header of a PDU, whose first octet is the version. */
#define HEADER_SIZE 20
#define AGENTX_VERSION 1
#define FLAGS_OFFSET 2
#define LENGTH_OFFSET 16
#define FLAG_NETWORK_BYTE_ORDER 0x10

/* A PDU carries one SNMP message at most: 64 KiB, which may be longer in AgentX. */
#define PDU_SIZE_MAX (1024 * 1024)

/* The PDU that is being received. */
struct partial_pdu {
	unsigned char header[HEADER_SIZE];
	size_t header_length; /* received so far */
	size_t missing;       /* of the rest, once the header is complete */
	bool broken;          /* nothing more is received */
};

/* ---- the address ---- */

static int parse_address(const char *address, struct sockaddr_un *master)
{
	static const char transport[] = "unix:";
	const char *path = address;

	if (strncmp(address, transport, sizeof(transport) - 1) == 0)
		path += sizeof(transport) - 1;
	if (strchr(path, ',') != NULL)
		return -E2BIG;
	if (path[0] != '/')
		return -EAFNOSUPPORT;
	if (strlen(path) >= sizeof(master->sun_path))
		return -ENAMETOOLONG;
	memset(master, 0, sizeof(*master));
	master->sun_family = AF_UNIX;
	strcpy(master->sun_path, path);
	return 0;
}

const char *master_socket_problem(const char *address)
{
	struct sockaddr_un master;

	switch (parse_address(address, &master)) {
	case 0:
		return NULL;
	case -E2BIG:
		return "a list of addresses, specify one of them";
	case -ENAMETOOLONG:
		return "too long for the path of a unix socket";
	default:
		return "not the path of a unix socket";
	}
}

/* ---- called by the library ---- */

static size_t payload_length(const unsigned char header[HEADER_SIZE])
{
	const unsigned char *length = header + LENGTH_OFFSET;

	if (header[FLAGS_OFFSET] & FLAG_NETWORK_BYTE_ORDER)
		return (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 |
		       length[3];
	return (size_t)length[3] << 24 | (size_t)length[2] << 16 | (size_t)length[1] << 8 |
	       length[0];
}

/* The missing part of the header, then of the rest. */
static size_t missing_length(const struct partial_pdu *pdu)
{
	return pdu->header_length < HEADER_SIZE ? HEADER_SIZE - pdu->header_length : pdu->missing;
}

/* Adds received octets, no more than missing. Returns false if this is not an AgentX PDU. */
static bool add_received(struct partial_pdu *pdu, const unsigned char *octets, size_t length)
{
	if (pdu->header_length == HEADER_SIZE) {
		pdu->missing -= length;
		return true;
	}
	memcpy(pdu->header + pdu->header_length, octets, length);
	pdu->header_length += length;
	if (pdu->header[0] != AGENTX_VERSION)
		return false;
	if (pdu->header_length == HEADER_SIZE)
		pdu->missing = payload_length(pdu->header);
	return pdu->missing <= PDU_SIZE_MAX;
}

static ssize_t receive_part(int descriptor, struct partial_pdu *pdu, unsigned char *buffer,
			    size_t size)
{
	size_t missing = missing_length(pdu);
	ssize_t length;

	do {
		length = recv(descriptor, buffer, missing < size ? missing : size, MSG_DONTWAIT);
	} while (length < 0 && errno == EINTR);
	if (length > 0 && !add_received(pdu, buffer, (size_t)length)) {
		log_line(LOG_ERR, "malformed or oversized AgentX PDU from snmpd, reconnecting");
		return 0;
	}
	return length;
}

/*
 * Returns the length received; 0 or less ends the session. It is at most one PDU, because the
 * library queues all requests in its input before it answers the first.
 */
static int receive_pdu(netsnmp_transport *transport, void *buffer, int size, void **opaque,
		       int *opaque_length)
{
	struct partial_pdu *pdu = transport->data;
	unsigned char *octets = buffer;
	size_t received = 0;

	*opaque = NULL;
	*opaque_length = 0;
	if (pdu->broken)
		return -1;
	do {
		ssize_t length = receive_part(transport->sock, pdu, octets + received,
					      (size_t)size - received);

		if (length < 0 && errno == EAGAIN)
			break;
		if (length <= 0)
			return -1;
		received += (size_t)length;
	} while (received < (size_t)size && missing_length(pdu) > 0);
	if (missing_length(pdu) == 0)
		pdu->header_length = 0;
	if (received == 0)
		transport->flags |= NETSNMP_TRANSPORT_FLAG_EMPTY_PKT;
	return (int)received;
}

static bool wait_for_room(int descriptor)
{
	struct pollfd socket = {.fd = descriptor, .events = POLLOUT};

	return poll(&socket, 1, SEND_TIMEOUT_MS) > 0 && (socket.revents & POLLOUT) != 0;
}

/* All or nothing: nothing else could be sent after a part of a PDU. */
static int send_pdu(netsnmp_transport *transport, const void *buffer, int size, void **opaque,
		    int *opaque_length)
{
	const unsigned char *octets = buffer;
	size_t left = (size_t)size;

	(void)opaque;
	(void)opaque_length;
	while (left > 0) {
		ssize_t sent = send(transport->sock, octets, left, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && (errno != EAGAIN || !wait_for_room(transport->sock))) {
			master_socket_break(transport);
			return -1;
		}
		if (sent > 0) {
			octets += sent;
			left -= (size_t)sent;
		}
	}
	return size;
}

static int close_connection(netsnmp_transport *transport)
{
	if (transport->sock < 0)
		return -1;
	close(transport->sock);
	transport->sock = -1;
	return 0;
}

static char *format_address(netsnmp_transport *transport, const void *address, int length)
{
	(void)transport;
	(void)address;
	(void)length;
	return strdup("AgentX master");
}

/* ---- connecting ---- */

static int connect_to(const char *address, int *descriptor)
{
	struct sockaddr_un master;
	int error = parse_address(address, &master);

	if (error != 0)
		return error;
	*descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*descriptor < 0)
		return -errno;
	if (connect(*descriptor, (const struct sockaddr *)&master, sizeof(master)) < 0) {
		error = -errno;
		close(*descriptor);
	}
	return error;
}

static netsnmp_transport *new_transport(int descriptor)
{
	static const oid domain[] = {TRANSPORT_DOMAIN_LOCAL};
	/* The library frees both with free(). */
	netsnmp_transport *transport = calloc(1, sizeof(*transport));
	struct partial_pdu *pdu = calloc(1, sizeof(*pdu));

	if (transport == NULL || pdu == NULL) {
		free(transport);
		free(pdu);
		return NULL;
	}
	*transport = (netsnmp_transport){
		.domain = domain,
		.domain_length = OID_LENGTH(domain),
		.sock = descriptor,
		.flags = NETSNMP_TRANSPORT_FLAG_STREAM,
		.data = pdu,
		.data_length = sizeof(*pdu),
		.msgMaxSize = PDU_SIZE_MAX,
		.f_recv = receive_pdu,
		.f_send = send_pdu,
		.f_close = close_connection,
		.f_fmtaddr = format_address,
	};
	return transport;
}

int master_socket_connect(const char *address, netsnmp_transport **transport)
{
	int descriptor;
	int error = connect_to(address, &descriptor);

	if (error != 0)
		return error;
	*transport = new_transport(descriptor);
	if (*transport == NULL) {
		close(descriptor);
		return -ENOMEM;
	}
	return 0;
}

void master_socket_break(const netsnmp_transport *transport)
{
	struct partial_pdu *pdu = transport->data;

	pdu->broken = true;
	shutdown(transport->sock, SHUT_RDWR);
}
