/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets grouped by who has them or what they are connected to, for tcp-states --by.
 */
#ifndef MODEL_GROUPS_H
#define MODEL_GROUPS_H

#include "model/owner.h"
#include "model/tcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum group_key {
	KEY_UNIT,
	KEY_USER,
	KEY_PROCESS,
	KEY_PORT,
	KEY_PEER,
	KEY_PEER_PORT,
	KEY_ADDRESS,
	GROUP_KEYS,
};

/** In the order in which they are shown, each once. */
struct group_keys {
	enum group_key key[GROUP_KEYS];
	size_t count;
};

/** An address; an IPv4-mapped one is that of IPv4. */
struct group_address {
	unsigned char octets[16]; /**< the first four for FAMILY_IPV4 */
	uint32_t zone;            /**< interface of a link-local address, or 0 */
	uint16_t known;           /**< 0: a socket without a peer, and then all is 0 */
	uint16_t family;          /**< enum tcp_family */
};

/** No user has this number (uid_t -1). */
#define GROUP_NO_USER UINT32_MAX

/** The values that all sockets of a group share. Those of other keys are 0. It has no padding. */
struct group_values {
	uint64_t cgroup, inode; /**< only while counting: for unit and process */
	uint32_t unit;          /**< index + 1 in units; 0: none */
	uint32_t user;          /**< or GROUP_NO_USER */
	uint32_t process;       /**< index + 1 in processes; 0: none */
	uint16_t port, peer_port;
	struct group_address address, peer;
};

_Static_assert(sizeof(struct group_values) == 80, "compared by its octets");

struct group {
	struct group_values values;
	uint32_t sockets;
	/** The busiest peer and port: percent of the local ports that the kernel chooses from. */
	uint32_t port_use;
	uint16_t port_use_port;
};

struct group_process {
	int pid;       /**< 0: processes that cannot be seen */
	char name[16]; /**< as in /proc/PID/comm; any octets */
};

struct groups {
	struct group_keys keys;
	struct group *group; /**< from malloc(), the largest first */
	size_t count;
	uint64_t total;
	bool port_use_known;
	char (*units)[OWNER_NAME_MAX + 1]; /**< from malloc() */
	struct group_process *processes;   /**< from malloc() */
	uint64_t unseen;                   /**< sockets of processes that cannot be seen */
};

/** "unit", "user", ...: the name of a key. */
const char *group_key_name(enum group_key key);

/** Reads a key. @return 0, or -EINVAL: unknown key */
int group_key_parse(const char *text, enum group_key *key);

/** Adds a key, unless it is one of them. */
void group_keys_add(struct group_keys *keys, enum group_key key);

bool group_keys_contain(const struct group_keys *keys, enum group_key key);

/** The process of a group. @return NULL if it has none, or it cannot be seen */
const struct group_process *group_process(const struct groups *groups, const struct group *group);

#define GROUP_TEXT_SIZE 96

/**
 * Writes a value: the name of a unit, user or process, an address, a number. It may contain any
 * octet but NUL.
 * @return false if the group has none
 */
bool group_text(const struct groups *groups, const struct group *group, enum group_key key,
		char text[GROUP_TEXT_SIZE]);

/** Puts the largest groups first, and equal ones in the order of their texts. */
void groups_sort(struct groups *groups);

/** Frees the contents. */
void groups_finalise(struct groups *groups);

#endif
