/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/watch_filter.h"

#include <linux/inet_diag.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Time per socket in ns, measured with 100,000 sockets on Linux 6.18: a test of a port or a cgroup,
 * a test of an address, and listing a socket. A filter whose longest path takes more is not used.
 */
#define PORT_NS 3
#define CGROUP_NS 3
#define ADDRESS_NS 11
#define LISTING_NS 450

/*
 * An instruction continues with the next one if its test succeeds, and otherwise at a label further
 * on. The end of the program accepts a socket, and any position beyond it does not.
 */
#define OPERATION_SIZE sizeof(struct inet_diag_bc_op)
#define INSTRUCTIONS_MAX (WATCH_FILTER_SIZE / OPERATION_SIZE)
#define LABELS_MAX (2 * INSTRUCTIONS_MAX)

enum {
	ACCEPT, /* a label */
	REJECT,
	FIRST_LABEL,
};

typedef size_t label;

struct compiler {
	struct watch_filter *filter;
	bool too_long;
	unsigned int ns;                /* of the longest path so far */
	label labels;                   /* the next one that is unused */
	size_t at[LABELS_MAX];          /* offset of each label in octets */
	bool begins[INSTRUCTIONS_MAX];  /* whether an instruction begins at this offset / 4 */
	label target[INSTRUCTIONS_MAX]; /* where it continues if its test fails */
	bool included[PORTS];
	unsigned int boundaries[PORTS + 1];
};

static label new_label(struct compiler *compiler)
{
	if (compiler->labels == LABELS_MAX) {
		compiler->too_long = true;
		return REJECT;
	}
	return compiler->labels++;
}

static void place_label(struct compiler *compiler, label placed)
{
	compiler->at[placed] = compiler->filter->length;
}

/* Appends an instruction with @p length octets of arguments. */
static void emit(struct compiler *compiler, unsigned char code, const void *arguments,
		 size_t length, label otherwise)
{
	struct watch_filter *filter = compiler->filter;
	const size_t size = OPERATION_SIZE + length;
	const struct inet_diag_bc_op instruction = {.code = code, .yes = (unsigned char)size};

	if (compiler->too_long || size > WATCH_FILTER_SIZE - filter->length) {
		compiler->too_long = true;
		return;
	}
	compiler->begins[filter->length / OPERATION_SIZE] = true;
	compiler->target[filter->length / OPERATION_SIZE] = otherwise;
	memcpy(filter->code + filter->length, &instruction, OPERATION_SIZE);
	if (length > 0)
		memcpy(filter->code + filter->length + OPERATION_SIZE, arguments, length);
	filter->length += size;
}

static void emit_jump(struct compiler *compiler, label to)
{
	emit(compiler, INET_DIAG_BC_JMP, NULL, 0, to);
}

static void resolve_labels(struct compiler *compiler)
{
	struct watch_filter *filter = compiler->filter;
	struct inet_diag_bc_op instruction;

	compiler->at[ACCEPT] = filter->length;
	compiler->at[REJECT] = filter->length + OPERATION_SIZE;
	for (size_t offset = 0; offset < filter->length; offset += OPERATION_SIZE) {
		if (!compiler->begins[offset / OPERATION_SIZE])
			continue;
		memcpy(&instruction, filter->code + offset, OPERATION_SIZE);
		instruction.no =
			(unsigned short)(compiler->at[compiler->target[offset / OPERATION_SIZE]] -
					 offset);
		memcpy(filter->code + offset, &instruction, OPERATION_SIZE);
	}
}

/* ---- ports: a binary search for the section between two boundaries ---- */

struct port_tree {
	unsigned char at_least; /* INET_DIAG_BC_S_GE or INET_DIAG_BC_D_GE */
	label inside;           /* for the sections at odd indices */
	label outside;
};

static label section_label(const struct port_tree *tree, size_t section)
{
	return section % 2 == 1 ? tree->inside : tree->outside;
}

/* Sections that are left to search, from a label on, after a number of tests. */
struct port_branch {
	size_t low, high;
	label from;
	unsigned int tests;
};

/* As many as a search among all ports takes tests. */
#define PORT_BRANCHES_MAX 18

/* Emits the search in @p count + 1 sections; returns the largest number of tests it takes. */
static unsigned int emit_port_search(struct compiler *compiler, const struct port_tree *tree,
				     size_t count)
{
	struct port_branch branches[PORT_BRANCHES_MAX] = {{0, count, new_label(compiler), 0}};
	size_t left = 1;
	unsigned int most = 0;

	while (left > 0) {
		struct port_branch branch = branches[--left];

		place_label(compiler, branch.from);
		while (branch.low < branch.high) {
			const size_t middle = (branch.low + branch.high + 1) / 2;
			const unsigned int boundary = compiler->boundaries[middle - 1];
			const struct inet_diag_bc_op port = {.no = (unsigned short)boundary};
			label below = section_label(tree, branch.low);

			if (boundary > UINT16_MAX) {
				branch.high = middle - 1;
				continue;
			}
			branch.tests++;
			if (branch.low < middle - 1) {
				below = new_label(compiler);
				branches[left++] = (struct port_branch){branch.low, middle - 1,
									below, branch.tests};
			}
			emit(compiler, tree->at_least, &port, sizeof(port), below);
			branch.low = middle;
		}
		emit_jump(compiler, section_label(tree, branch.low));
		if (branch.tests > most)
			most = branch.tests;
	}
	return most;
}

/* Emits a search for the ports that are included, and includes none afterwards. */
static void emit_port_tree(struct compiler *compiler, const struct port_tree *tree)
{
	bool inside = false;
	size_t count = 0;

	for (unsigned int port = 0; port < PORTS; port++) {
		if (compiler->included[port] != inside)
			compiler->boundaries[count++] = port;
		inside = compiler->included[port];
	}
	if (inside)
		compiler->boundaries[count++] = PORTS;
	compiler->ns += PORT_NS * emit_port_search(compiler, tree, count);
	memset(compiler->included, 0, sizeof(compiler->included));
}

static void include_ports(struct compiler *compiler, const struct port_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		memset(compiler->included + list->intervals[i].first, true,
		       list->intervals[i].last - list->intervals[i].first + 1U);
}

static bool has_addresses_or_units(const struct watch *watch)
{
	return watch->addresses.count > 0 || watch->peers.count > 0 || watch->units_count > 0;
}

static bool has_only_ports(const struct watch *watch)
{
	return watch->peer_ports.count == 0 && !has_addresses_or_units(watch);
}

static bool has_only_peer_ports(const struct watch *watch)
{
	return watch->ports.count == 0 && !has_addresses_or_units(watch);
}

/* One search for all watches that have no other condition. */
static void emit_common_ports(struct compiler *compiler, const struct watches *watches, bool peer)
{
	const struct port_tree tree = {peer ? INET_DIAG_BC_D_GE : INET_DIAG_BC_S_GE, ACCEPT,
				       new_label(compiler)};
	bool any = false;

	for (size_t i = 0; i < watches->count; i++) {
		const struct watch *watch = &watches->watch[i];

		if (!(peer ? has_only_peer_ports(watch) : has_only_ports(watch)))
			continue;
		include_ports(compiler, peer ? &watch->peer_ports : &watch->ports);
		any = true;
	}
	if (any)
		emit_port_tree(compiler, &tree);
	place_label(compiler, tree.outside);
}

/* ---- the conditions of one watch; each continues if it matches, and jumps to @p otherwise ---- */

static void emit_ports(struct compiler *compiler, unsigned char at_least,
		       const struct port_list *list, label otherwise)
{
	const struct port_tree tree = {at_least, new_label(compiler), otherwise};

	if (list->count == 0)
		return;
	include_ports(compiler, list);
	emit_port_tree(compiler, &tree);
	place_label(compiler, tree.inside);
}

static void emit_cgroups(struct compiler *compiler, const struct watch_cgroups *cgroups,
			 watch_set watch, label otherwise)
{
	const label matched = new_label(compiler);

	for (size_t i = 0; i < cgroups->count; i++) {
		const label next = new_label(compiler);

		if (!(cgroups->cgroups[i].watches & watch))
			continue;
		emit(compiler, INET_DIAG_BC_CGROUP_COND, &cgroups->cgroups[i].id,
		     sizeof(cgroups->cgroups[i].id), next);
		emit_jump(compiler, matched);
		place_label(compiler, next);
		compiler->ns += CGROUP_NS;
	}
	emit_jump(compiler, otherwise);
	place_label(compiler, matched);
}

static void emit_prefix(struct compiler *compiler, unsigned char code, const struct prefix *prefix,
			label otherwise)
{
	const bool ipv4 = prefix->family == FAMILY_IPV4;
	const struct inet_diag_hostcond condition = {
		.family = ipv4 ? AF_INET : AF_INET6,
		.prefix_len = (unsigned char)prefix->length,
		.port = -1, /* any */
	};
	const size_t size = ipv4 ? 4 : 16;
	unsigned char arguments[sizeof(condition) + 16];

	memcpy(arguments, &condition, sizeof(condition));
	memcpy(arguments + sizeof(condition), prefix->address, size);
	emit(compiler, code, arguments, sizeof(condition) + size, otherwise);
	compiler->ns += ADDRESS_NS;
}

static void emit_prefixes(struct compiler *compiler, unsigned char code,
			  const struct prefix_list *list, label otherwise)
{
	const label matched = new_label(compiler);

	if (list->count == 0)
		return;
	for (size_t i = 0; i < list->count; i++) {
		const label next = new_label(compiler);

		emit_prefix(compiler, code, &list->prefixes[i], next);
		emit_jump(compiler, matched);
		place_label(compiler, next);
	}
	emit_jump(compiler, otherwise);
	place_label(compiler, matched);
}

static bool has_cgroup(const struct watch_cgroups *cgroups, watch_set watch)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		if (cgroups->cgroups[i].watches & watch)
			return true;
	}
	return false;
}

/* Cheap conditions first. */
static void emit_watch(struct compiler *compiler, const struct watch *watch,
		       const struct watch_cgroups *cgroups, watch_set set)
{
	const label next = new_label(compiler);

	emit_ports(compiler, INET_DIAG_BC_S_GE, &watch->ports, next);
	emit_ports(compiler, INET_DIAG_BC_D_GE, &watch->peer_ports, next);
	if (watch->units_count > 0)
		emit_cgroups(compiler, cgroups, set, next);
	emit_prefixes(compiler, INET_DIAG_BC_D_COND, &watch->peers, next);
	emit_prefixes(compiler, INET_DIAG_BC_S_COND, &watch->addresses, next);
	emit_jump(compiler, ACCEPT);
	place_label(compiler, next);
}

/* ---- all watches ---- */

static void emit_watches(struct compiler *compiler, const struct watches *watches,
			 const struct watch_cgroups *cgroups)
{
	emit_common_ports(compiler, watches, false);
	emit_common_ports(compiler, watches, true);
	for (size_t i = 0; i < watches->count; i++) {
		const struct watch *watch = &watches->watch[i];
		const watch_set set = (watch_set)1 << i;

		if (has_only_ports(watch) || has_only_peer_ports(watch))
			continue;
		/* A unit without cgroups has no sockets. */
		if (watch->units_count == 0 || has_cgroup(cgroups, set))
			emit_watch(compiler, watch, cgroups, set);
	}
}

void watch_filter_compile(struct watch_filter *filter, const struct watches *watches,
			  const struct watch_cgroups *cgroups)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));

	filter->effect = WATCH_FILTER_NONE;
	filter->length = 0;
	if (compiler == NULL)
		return;
	compiler->filter = filter;
	compiler->labels = FIRST_LABEL;
	emit_watches(compiler, watches, cgroups);
	if (compiler->filter->length == 0) {
		filter->effect = WATCH_FILTER_NOTHING;
	} else if (!compiler->too_long && compiler->ns <= LISTING_NS) {
		emit_jump(compiler, REJECT);
		if (!compiler->too_long) {
			resolve_labels(compiler);
			filter->effect = WATCH_FILTER_PROGRAM;
		}
	}
	free(compiler);
}

void watch_filter_make_request(struct filtered_request *request, socket_states states,
			       const struct watch_filter *filter)
{
	size_t length = offsetof(struct filtered_request, attribute);

	if (filter->effect == WATCH_FILTER_PROGRAM) {
		length = offsetof(struct filtered_request, code) + filter->length;
		request->attribute.nla_type = INET_DIAG_REQ_BYTECODE;
		request->attribute.nla_len =
			(uint16_t)(sizeof(request->attribute) + filter->length);
		memcpy(request->code, filter->code, filter->length);
	}
	request->header = sock_diag_request(states, &request->body, length);
}
