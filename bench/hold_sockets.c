/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Creates TCP sockets on the loopback interface, reports that, and keeps them until its standard
 * input is closed: hold_sockets established|time-wait 4|6 FIRST COUNT
 *
 * Different ranges from FIRST to FIRST + COUNT - 1 have different addresses, so that several
 * processes can share the sockets if one has too few descriptors. ESTABLISHED sockets have no peer:
 * TCP_REPAIR (tcp(7), net/ipv4/tcp_ipv4.c) connects and closes them without sending segments.
 * TIME_WAIT sockets are from real connections.
 */
#include <errno.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Clients use ports from 2000 on, servers those below. */
#define SERVER_PORT 443
#define FIRST_CLIENT_PORT 2000
#define CLIENT_PORTS 50000

/* TIME_WAIT's clients have their own addresses, so that none meets an ESTABLISHED socket. */
#define ESTABLISHED_NETWORK 0x7f010000
#define TIME_WAIT_NETWORK 0x7f800000
#define TIME_WAIT_SERVER_PORT 1000

struct address {
	struct sockaddr_storage storage;
	socklen_t length;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "hold_sockets: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static struct address ipv4(uint32_t host, uint32_t port)
{
	struct address address = {.length = sizeof(struct sockaddr_in)};
	struct sockaddr_in *inet = (struct sockaddr_in *)&address.storage;

	inet->sin_family = AF_INET;
	inet->sin_addr.s_addr = htonl(host);
	inet->sin_port = htons((uint16_t)port);
	return address;
}

static struct address ipv6(uint32_t port)
{
	struct address address = {.length = sizeof(struct sockaddr_in6)};
	struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *)&address.storage;

	inet6->sin6_family = AF_INET6;
	inet6->sin6_addr = in6addr_loopback;
	inet6->sin6_port = htons((uint16_t)port);
	return address;
}

/* IPv6 has one loopback address: there the servers' ports make the difference. */
static struct address server(int family, uint32_t port, uint32_t number)
{
	return family == AF_INET ? ipv4(INADDR_LOOPBACK, port) : ipv6(port + number / CLIENT_PORTS);
}

static struct address client(int family, uint32_t network, uint32_t number)
{
	uint32_t port = FIRST_CLIENT_PORT + number % CLIENT_PORTS;

	return family == AF_INET ? ipv4(network + number / CLIENT_PORTS, port) : ipv6(port);
}

static int open_socket(int family)
{
	int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (descriptor < 0)
		fail("socket");
	return descriptor;
}

static void bind_to(int descriptor, const struct address *address)
{
	if (bind(descriptor, (const struct sockaddr *)&address->storage, address->length) < 0)
		fail("bind");
}

static void connect_to(int descriptor, const struct address *address)
{
	if (connect(descriptor, (const struct sockaddr *)&address->storage, address->length) < 0)
		fail("connect");
}

static void set_option(int descriptor, int level, int option, int value)
{
	if (setsockopt(descriptor, level, option, &value, sizeof(value)) < 0)
		fail("setsockopt");
}

/* The server's end of a connection: that of a busy port. */
static void establish(int family, uint32_t number)
{
	const struct address local = server(family, SERVER_PORT, number);
	const struct address remote = client(family, ESTABLISHED_NETWORK, number);
	int descriptor = open_socket(family);

	set_option(descriptor, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
	bind_to(descriptor, &local);
	connect_to(descriptor, &remote);
}

static int listen_at(int family, uint32_t port)
{
	const struct address local = server(family, port, 0);
	int descriptor = open_socket(family);

	set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
	bind_to(descriptor, &local);
	if (listen(descriptor, 1) < 0)
		fail("listen");
	return descriptor;
}

static void leave_time_wait(int family, int listener, uint32_t port, uint32_t number)
{
	const struct address local = client(family, TIME_WAIT_NETWORK, number);
	const struct address remote = server(family, port, 0);
	int connecting = open_socket(family);
	int accepted;

	set_option(connecting, SOL_SOCKET, SO_REUSEADDR, 1);
	bind_to(connecting, &local);
	connect_to(connecting, &remote);
	accepted = accept(listener, NULL, NULL);
	if (accepted < 0)
		fail("accept");
	close(connecting);
	close(accepted);
}

static void make_time_waits(int family, uint32_t first, uint32_t count)
{
	/* A different port for each process, because their ranges begin at different numbers. */
	uint32_t port = TIME_WAIT_SERVER_PORT + first / 1000;
	int listener = listen_at(family, port);

	for (uint32_t number = first; number < first + count; number++)
		leave_time_wait(family, listener, port, number);
	close(listener);
}

static void wait_for_end(void)
{
	char octet;

	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &octet, sizeof(octet)) > 0)
		;
}

int main(int argc, char *argv[])
{
	uint32_t first, count;
	int family;

	if (argc != 5) {
		fprintf(stderr, "usage: hold_sockets established|time-wait 4|6 FIRST COUNT\n");
		return EXIT_FAILURE;
	}
	family = argv[2][0] == '4' ? AF_INET : AF_INET6;
	first = (uint32_t)strtoul(argv[3], NULL, 10);
	count = (uint32_t)strtoul(argv[4], NULL, 10);
	if (strcmp(argv[1], "time-wait") == 0)
		make_time_waits(family, first, count);
	else
		for (uint32_t number = first; number < first + count; number++)
			establish(family, number);
	wait_for_end();
	return EXIT_SUCCESS;
}
