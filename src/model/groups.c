/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/groups.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const key_names[GROUP_KEYS] = {
	[KEY_UNIT] = "unit",       [KEY_USER] = "user", [KEY_PROCESS] = "process",
	[KEY_PORT] = "port",       [KEY_PEER] = "peer", [KEY_PEER_PORT] = "peerPort",
	[KEY_ADDRESS] = "address",
};

const char *group_key_name(enum group_key key)
{
	return key_names[key];
}

int group_key_parse(const char *text, enum group_key *key)
{
	for (*key = 0; *key < GROUP_KEYS; (*key)++) {
		if (strcmp(text, key_names[*key]) == 0)
			return 0;
	}
	return -EINVAL;
}

bool group_keys_contain(const struct group_keys *keys, enum group_key key)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->key[i] == key)
			return true;
	}
	return false;
}

void group_keys_add(struct group_keys *keys, enum group_key key)
{
	if (!group_keys_contain(keys, key))
		keys->key[keys->count++] = key;
}

/* ---- texts ---- */

static bool user_text(uint32_t user, char text[GROUP_TEXT_SIZE])
{
	const struct passwd *entry;

	if (user == GROUP_NO_USER)
		return false;
	entry = getpwuid(user);
	if (entry != NULL)
		snprintf(text, GROUP_TEXT_SIZE, "%s", entry->pw_name);
	else
		snprintf(text, GROUP_TEXT_SIZE, "%u", user);
	return true;
}

const struct group_process *group_process(const struct groups *groups, const struct group *group)
{
	const struct group_process *process;

	if (group->values.process == 0)
		return NULL;
	process = &groups->processes[group->values.process - 1];
	return process->pid == 0 ? NULL : process;
}

static void process_text(const struct group_process *process, char text[GROUP_TEXT_SIZE])
{
	if (process == NULL)
		snprintf(text, GROUP_TEXT_SIZE, OWNER_UNKNOWN);
	else
		snprintf(text, GROUP_TEXT_SIZE, "%.15s[%d]", process->name, process->pid);
}

static bool address_text(const struct group_address *address, char text[GROUP_TEXT_SIZE])
{
	char interface[IF_NAMESIZE];
	size_t length;

	if (!address->known)
		return false;
	inet_ntop(address->family == FAMILY_IPV4 ? AF_INET : AF_INET6, address->octets, text,
		  GROUP_TEXT_SIZE);
	if (address->zone == 0)
		return true;
	length = strlen(text);
	if (if_indextoname(address->zone, interface) != NULL)
		snprintf(text + length, GROUP_TEXT_SIZE - length, "%%%s", interface);
	else
		snprintf(text + length, GROUP_TEXT_SIZE - length, "%%%u", address->zone);
	return true;
}

static bool port_text(uint16_t port, char text[GROUP_TEXT_SIZE])
{
	snprintf(text, GROUP_TEXT_SIZE, "%u", port);
	return port != 0;
}

bool group_text(const struct groups *groups, const struct group *group, enum group_key key,
		char text[GROUP_TEXT_SIZE])
{
	const struct group_values *values = &group->values;

	text[0] = '\0';
	switch (key) {
	case KEY_UNIT:
		if (values->unit == 0)
			return false;
		snprintf(text, GROUP_TEXT_SIZE, "%s", groups->units[values->unit - 1]);
		return true;
	case KEY_USER:
		return user_text(values->user, text);
	case KEY_PROCESS:
		if (values->process == 0)
			return false;
		process_text(group_process(groups, group), text);
		return true;
	case KEY_PORT:
		return port_text(values->port, text);
	case KEY_PEER:
		return address_text(&values->peer, text);
	case KEY_PEER_PORT:
		return port_text(values->peer_port, text);
	case KEY_ADDRESS:
		return address_text(&values->address, text);
	case GROUP_KEYS:
		break;
	}
	return false;
}

/* ---- order ---- */

static int compare_numbers(uint64_t left, uint64_t right)
{
	return (left > right) - (left < right);
}

static int compare_values(const struct groups *groups, const struct group *left,
			  const struct group *right, enum group_key key)
{
	char texts[2][GROUP_TEXT_SIZE];

	if (key == KEY_PORT)
		return compare_numbers(left->values.port, right->values.port);
	if (key == KEY_PEER_PORT)
		return compare_numbers(left->values.peer_port, right->values.peer_port);
	group_text(groups, left, key, texts[0]);
	group_text(groups, right, key, texts[1]);
	return strcmp(texts[0], texts[1]);
}

static int compare_groups(const void *left, const void *right, void *context)
{
	const struct groups *groups = context;
	const struct group *one = left, *other = right;
	int order = compare_numbers(other->sockets, one->sockets);

	for (size_t i = 0; order == 0 && i < groups->keys.count; i++)
		order = compare_values(groups, one, other, groups->keys.key[i]);
	return order;
}

void groups_sort(struct groups *groups)
{
	if (groups->count > 1)
		qsort_r(groups->group, groups->count, sizeof(*groups->group), compare_groups,
			groups);
}

void groups_finalise(struct groups *groups)
{
	free(groups->group);
	free(groups->units);
	free(groups->processes);
	*groups = (struct groups){0};
}
