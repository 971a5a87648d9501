/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/sock_diag.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>

/*
 * What the kernel runs for each socket (net/ipv4/inet_diag.c, inet_diag_bc_run). A port takes five
 * operations: not less than the port? (its argument), not more? (its argument), then it is ours.
 */
#define OPERATIONS 5
#define OPERATION_SIZE ((uint16_t)sizeof(struct inet_diag_bc_op))

struct port_request {
	struct nlmsghdr header;
	struct inet_diag_req body;
	struct nlattr attribute;
	struct inet_diag_bc_op code[WATCHED_PORTS_MAX * OPERATIONS];
};

struct counted_ports {
	struct port_count *ports;
	size_t count;
};

/*
 * Jumps are in octets from the operation that makes them. A socket is ours if the code ends exactly
 * at its end, and not if it jumps beyond; @p left is how far the end is from the port's beginning.
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

static void compile(struct port_request *request, const struct port_count *ports, size_t count)
{
	uint16_t left = (uint16_t)(count * OPERATIONS * OPERATION_SIZE);

	request->attribute.nla_type = INET_DIAG_REQ_BYTECODE;
	request->attribute.nla_len = (uint16_t)(sizeof(request->attribute) + left);
	for (size_t port = 0; port < count; port++) {
		compile_port(&request->code[port * OPERATIONS], ports[port].port.number, left);
		left = (uint16_t)(left - OPERATIONS * OPERATION_SIZE);
	}
}

static struct port_count *find_port(const struct counted_ports *ports, uint16_t number)
{
	for (size_t port = 0; port < ports->count; port++) {
		if (ports->ports[port].port.number == number)
			return &ports->ports[port];
	}
	return NULL;
}

static int count_socket(const struct nlmsghdr *message, void *context)
{
	struct socket_message read;
	struct port_count *port;
	int error = sock_diag_read(message, &read);

	if (error != 0)
		return error;
	port = find_port(context, ntohs(read.socket->id.idiag_sport));
	if (port != NULL)
		port->sockets[read.family][read.state]++;
	return 0;
}

int sock_diag_count_ports(struct dump *dump, socket_states states, struct port_count *ports,
			  size_t count)
{
	struct counted_ports counted = {ports, count};
	struct port_request request;
	size_t length = offsetof(struct port_request, code) +
			count * OPERATIONS * sizeof(struct inet_diag_bc_op);

	if (count == 0)
		return 0;
	request.header = sock_diag_request(states, &request.body, length);
	compile(&request, ports, count);
	return dump_run(dump, &request.header, count_socket, &counted);
}
