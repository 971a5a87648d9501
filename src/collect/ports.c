/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/ports.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>

/*
 * The kernel runs this code for each socket (net/ipv4/inet_diag.c, inet_diag_bc_run). A port takes
 * five operations: two comparisons with one argument each, and a jump to the end.
 */
#define OPERATIONS 5
#define OPERATION_SIZE ((uint16_t)sizeof(struct inet_diag_bc_op))

struct ports_request {
	struct nlmsghdr header;
	struct inet_diag_req body;
	struct nlattr attribute;
	struct inet_diag_bc_op code[WATCHED_PORTS_MAX * OPERATIONS];
};

struct counted_ports {
	socket_states asked;
	struct port_count *ports;
	size_t count;
};

/*
 * Jumps are in bytes, relative to their own operation. A jump to the end of the code selects the
 * socket, a jump beyond it does not. @p left is the distance from the first operation to the end.
 */
static void compile_port(struct inet_diag_bc_op *code, uint16_t port, uint16_t left)
{
	const uint16_t whole = OPERATIONS * OPERATION_SIZE;
	uint16_t next = left == whole ? whole + OPERATION_SIZE : whole;

	code[0] = (struct inet_diag_bc_op){INET_DIAG_BC_S_GE, 2 * OPERATION_SIZE, next};
	code[1] = (struct inet_diag_bc_op){.no = port};
	code[2] = (struct inet_diag_bc_op){INET_DIAG_BC_S_LE, 2 * OPERATION_SIZE,
					   (uint16_t)(next - 2 * OPERATION_SIZE)};
	code[3] = (struct inet_diag_bc_op){.no = port};
	code[4] = (struct inet_diag_bc_op){INET_DIAG_BC_JMP, OPERATION_SIZE,
					   (uint16_t)(left - 4 * OPERATION_SIZE)};
}

static void compile_ports(struct ports_request *request, const struct port_count *ports,
			  size_t count)
{
	uint16_t left = (uint16_t)(count * OPERATIONS * OPERATION_SIZE);

	request->attribute.nla_type = INET_DIAG_REQ_BYTECODE;
	request->attribute.nla_len = (uint16_t)(sizeof(request->attribute) + left);
	for (size_t i = 0; i < count; i++) {
		compile_port(&request->code[i * OPERATIONS], ports[i].port.number, left);
		left = (uint16_t)(left - OPERATIONS * OPERATION_SIZE);
	}
}

static struct port_count *find_port(const struct counted_ports *ports, uint16_t number)
{
	for (size_t i = 0; i < ports->count; i++) {
		if (ports->ports[i].port.number == number)
			return &ports->ports[i];
	}
	return NULL;
}

static int count_port_socket(const struct nlmsghdr *message, void *context)
{
	const struct counted_ports *ports = context;
	struct socket_message read;
	struct port_count *port;
	int error = sock_diag_read(message, &read);

	if (error != 0)
		return error;
	if (sock_diag_is_gone(&read, ports->asked))
		return 0;
	port = find_port(ports, ntohs(read.socket->id.idiag_sport));
	if (port != NULL)
		port->sockets[read.family][read.state]++;
	return 0;
}

int ports_count(struct dump *dump, socket_states states, struct port_count *ports, size_t count)
{
	struct counted_ports counted = {states, ports, count};
	struct ports_request request;
	size_t length = offsetof(struct ports_request, code) +
			count * OPERATIONS * sizeof(struct inet_diag_bc_op);

	if (count == 0)
		return 0;
	request.header = sock_diag_request(states, &request.body, length);
	compile_ports(&request, ports, count);
	return dump_run(dump, &request.header, count_port_socket, &counted);
}
