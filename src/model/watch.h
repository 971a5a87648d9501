/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches in the configuration: named sets of sockets that are counted separately.
 *
 *     NAME CONDITION...        a socket is in the set if all conditions match
 *     each listening           a watch "443" for each local port with listening sockets
 *
 *     port LIST                local ports: numbers, ranges 8000-8010, names in services(5)
 *     peerPort LIST            remote ports
 *     address LIST             local addresses: prefixes, of IPv4 also in IPv4-mapped form
 *     peer LIST                remote addresses
 *     unit LIST                cgroups: names of units as owner_name() makes them, or paths
 *
 * The elements of a LIST are separated by commas, and one of them has to match.
 */
#ifndef MODEL_WATCH_H
#define MODEL_WATCH_H

#include "model/tcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCHES_MAX 64
#define WATCH_NAME_MAX 32
#define WATCH_TEXT_MAX 255

/* The number of elements that fit into a text: "port 1,2", "peer ::,::", "unit a,b". */
#define WATCH_PORTS_MAX ((WATCH_TEXT_MAX - 4) / 2)
#define WATCH_PREFIXES_MAX ((WATCH_TEXT_MAX - 4) / 3)

#define WATCH_PROBLEM_SIZE 320

/** Ports from @p first to @p last. */
struct port_interval {
	uint16_t first, last;
};

/** In ascending order, neither overlapping nor adjacent. Empty: every port. */
struct port_list {
	size_t count;
	struct port_interval intervals[WATCH_PORTS_MAX];
};

/** An address prefix; the bits beyond its length are 0. */
struct prefix {
	enum tcp_family family;
	unsigned int length;       /**< bits */
	unsigned char address[16]; /**< the first four octets for FAMILY_IPV4 */
};

/** Empty: every address. */
struct prefix_list {
	size_t count;
	struct prefix prefixes[WATCH_PREFIXES_MAX];
};

struct watch {
	char name[WATCH_NAME_MAX + 1];
	char text[WATCH_TEXT_MAX + 1]; /**< the conditions, separated by single spaces */
	struct port_list ports, peer_ports;
	struct prefix_list addresses, peers;
	size_t units_count;             /**< 0: in any cgroup */
	char units[WATCH_TEXT_MAX + 1]; /**< each ends with a null character */
	bool attributed;                /**< a threshold needs the owners of its sockets */
};

struct watches {
	bool each_listening;
	bool each_attributed; /**< the same for those of listening ports */
	size_t count;
	struct watch watch[]; /**< in the order of watch_name_compare() */
};

/**
 * Parses "NAME CONDITION...". Names in services(5) are looked up.
 * @return 0, or -EINVAL, and then @p problem has the reason
 */
int watch_parse(const char *text, struct watch *watch, char problem[WATCH_PROBLEM_SIZE]);

/** Makes a watch of local port @p port, with its number as the name. */
void watch_of_port(uint16_t port, struct watch *watch);

/** The length of the units of @p watch in octets, with all null characters. */
size_t watch_units_length(const struct watch *watch);

/** Whether @p text can be the name of a watch. */
bool watch_name_is_valid(const char *text);

/** The order of tcpWatchName: shorter names first. */
int watch_name_compare(const char *left, const char *right);

/** The watch called @p name, or NULL. */
const struct watch *watches_find(const struct watches *watches, const char *name);

/** Sets that the owners of the sockets of the watch called @p name are needed. */
void watches_attribute(struct watches *watches, const char *name);

/** Creates an empty list. @return NULL if out of memory */
struct watches *watches_new(void);

/**
 * Adds a watch in order; the list may be reallocated.
 * @return 0, -EEXIST: duplicate name, -ENOSPC: there are WATCHES_MAX, or -ENOMEM
 */
int watches_add(struct watches **watches, const struct watch *watch);

/** The size of a list in octets. */
size_t watches_size(const struct watches *watches);

/** Copies a list, to be freed with free(). @return NULL if out of memory */
struct watches *watches_copy(const struct watches *watches);

#endif
