/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of a refresh.
 *
 * This type is the boundary of the program: the code that fills it knows netlink but not SNMP, the
 * code that reads it knows SNMP but not netlink. The collector fills a snapshot and passes it on;
 * from then on it does not change.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/groups.h"
#include "model/host.h"
#include "model/listener.h"
#include "model/owner.h"
#include "model/tcp.h"
#include "model/watch.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_details;

/** How a snapshot's sockets were counted. */
enum count_method {
	METHOD_FULL,    /**< every socket was listed by the kernel */
	METHOD_DERIVED, /**< ESTABLISHED and perhaps TIME_WAIT were derived */
};

/** "full" or "derived", tcpRefreshMethod's labels. */
static inline const char *count_method_name(enum count_method method)
{
	return method == METHOD_FULL ? "full" : "derived";
}

/** The sockets of a watch. */
struct watch_count {
	char name[WATCH_NAME_MAX + 1];
	char text[WATCH_TEXT_MAX + 1]; /**< its conditions */
	bool known;                    /**< otherwise the numbers are not */
	bool by_unit;                  /**< SYN_RECV requests and TIME_WAIT have no cgroup */
	bool port_use_known;
	uint32_t port_use; /**< percent of the local ports that the kernel chooses from */
	uint32_t sockets[FAMILIES][STATES];
};

/** The sockets of an owner: a unit, a container or another cgroup. */
struct owner_count {
	char name[OWNER_NAME_MAX + 1];
	uint32_t sockets[FAMILIES][STATES];
};

/** The owners that are known of a watch's sockets in a state. */
#define WATCH_OWNERS_MAX 16

/** The sockets of a watch, in one state, that belong to an owner. */
struct watch_owner {
	size_t watch; /**< its index in the snapshot */
	enum tcp_state state;
	uint32_t sockets;
	char name[OWNER_NAME_MAX + 1];
};

/** The longest tcpListenOwner, with the null character. */
#define LISTEN_OWNER_SIZE 256

/** An interface of link-local listeners. */
struct zone {
	uint32_t index;
	char name[IF_NAMESIZE];
};

struct snapshot {
	int64_t taken_ns;     /**< when the refresh began, by clock_now_ns() */
	uint32_t duration_us; /**< of the refresh */
	enum count_method method;
	uint32_t sockets[FAMILIES][STATES];
	bool closed_counted; /**< otherwise STATE_CLOSED has no counts, here and in watches */
	struct host host;
	struct listener *listeners; /**< endpoints, in endpoint_compare()'s order */
	size_t listeners_count;
	struct zone *zones; /**< the listeners' zones, in no order */
	size_t zones_count;
	/** Endpoints that were left out because there are too many. */
	uint32_t listeners_omitted;
	uint32_t listen_fill; /**< of the fullest endpoint, including omitted ones; 0 without any */
	bool listeners_tracked; /**< fill_max, queued_max and dropped cover earlier refreshes */
	struct watch_count *watches; /**< in the order of watch_name_compare() */
	size_t watches_count;
	uint32_t watches_omitted;  /**< listening ports without a watch */
	bool owners_known;         /**< otherwise there are no owners */
	unsigned int owner_states; /**< a bit for each state whose sockets have owners */
	/**
	 * In the order of owner_name_compare(); those in place of names are among them. The sum of
	 * the owners' sockets in one of these states is that of all sockets.
	 */
	struct owner_count *owners;
	size_t owners_count;
	/** The largest number of sockets in a single cgroup that has no name. */
	uint32_t unnamed_max[STATES];
	/**
	 * Of watches that thresholds use: by watch and state, at most WATCH_OWNERS_MAX of each,
	 * those with the most sockets first.
	 */
	struct watch_owner *watch_owners;
	size_t watch_owners_count;
	char *listen_owners; /**< the texts of snapshot_listen_owner() */
	size_t listen_owners_length, listen_owners_allocated;
	struct groups groups;        /**< for tcp-states --by, which counts nothing else */
	struct agent_details *agent; /**< of another host's agent; NULL: not requested */
};

/** Creates an empty snapshot. @return NULL if out of memory */
struct snapshot *snapshot_new(void);

/** Adds @p count watches, all zero, to a @p snapshot without any. @return 0 or -ENOMEM */
int snapshot_add_watches(struct snapshot *snapshot, size_t count);

/** The watch called @p name. @return NULL if the snapshot has none */
struct watch_count *snapshot_watch(const struct snapshot *snapshot, const char *name);

/** Whether the number of a watch's sockets in @p state is known. */
bool watch_counts(const struct watch_count *watch, enum tcp_state state);

/** Whether the sockets in @p state were counted: those of @p watch, or all if it is NULL. */
bool snapshot_counts_watch(const struct snapshot *snapshot, const struct watch_count *watch,
			   enum tcp_state state);

/** Whether sockets in @p state have owners. */
bool snapshot_has_owners(const struct snapshot *snapshot, enum tcp_state state);

/** Sets what snapshot_listen_owner() returns for @p listener. @return 0 or -ENOMEM */
int snapshot_set_listen_owner(struct snapshot *snapshot, struct listener *listener,
			      const char *text);

/**
 * The owners of a listener's sockets, fullest socket first: "nginx.service, haproxy.service".
 * @return NULL if the snapshot has no owners
 */
const char *snapshot_listen_owner(const struct snapshot *snapshot, const struct listener *listener);

/** The listener at @p endpoint. @return NULL if the snapshot has none */
struct listener *snapshot_listener(const struct snapshot *snapshot,
				   const struct endpoint *endpoint);

/** The index of the interface @p name. @return 0 if it has no listeners */
uint32_t snapshot_zone(const struct snapshot *snapshot, const char *name);

/** Sockets in @p state, both families together. */
uint32_t snapshot_total(const struct snapshot *snapshot, enum tcp_state state);

/** Whether the sockets in @p state were counted. */
bool snapshot_counts(const struct snapshot *snapshot, enum tcp_state state);

/** Frees @p snapshot, which may be NULL. */
void snapshot_free(struct snapshot *snapshot);

#endif
