/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of remote_text, one for each table: what an answer consists of, and how it is read. */
#ifndef CLI_REMOTE_READING_H
#define CLI_REMOTE_READING_H

#include "cli/remote_text.h"
#include "mib_objects.h"
#include "model/agent_details.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRIES(array) (sizeof(array) / sizeof((array)[0]))

/** More than for the longest index, an owner's name with the state. */
#define OID_MAX 64

/** A line of the answer: below the root of the MIB, an OID and its value. */
struct object {
	uint32_t oid[OID_MAX];
	size_t length;
	char *value;
};

/** Counts by family and state. */
struct cells {
	uint32_t (*sockets)[STATES];
	bool received[FAMILIES][STATES];
	bool missing[FAMILIES][STATES];
	size_t count;
	bool no_object, no_instance; /* for at least one */
};

/** What was read so far. */
struct reading {
	struct snapshot *snapshot;
	struct cells states;
	struct cells watches[WATCHES_MAX];
	bool filters_received[WATCHES_MAX];
	bool filters_missing[WATCHES_MAX];
	const struct remote_request *request;
	bool host_received[HOST_SYN_QUEUE_COOKIES + 1];
	bool family_received[FAMILIES][tcpFamilyFrag + 1];
	bool refresh_received[tcpRefreshListenersOmitted + 1];
	uint32_t age; /* TimeTicks */
	bool age_known, duration_known, method_known;
	bool age_hidden; /* by a view */
	bool any_served; /* any object, even without a value */
	const char *last_error;
	size_t listeners_allocated;
	int listener_column; /* the last one received of the last listener; 0: complete */
	size_t owners_allocated, raised_allocated;
	enum tcp_state owner_state;  /* of the last row */
	uint32_t threshold[OID_MAX]; /* index of the last tcpThresholdStatus */
	size_t threshold_length;
	bool minimum_received[STATES], maximum_received[STATES];
};

/* ---- values and indexes ---- */

/** @return false if @p text is not a Gauge32 */
bool parse_gauge(const char *text, uint32_t *gauge);

/** Whether the agent has no such value. */
bool is_missing(const struct object *object);

/** @return false if it was received before */
bool set_received(bool *received);

/**
 * Reads a name of at most @p maximum octets that follows its length, the only parts of the index.
 * @return false if it is not one
 */
bool read_index_name(const uint32_t *index, size_t length, char *name, size_t maximum);

/** Reads a count whose index ends with @p version and @p number. @return false if unexpected */
bool read_cell(struct cells *cells, uint32_t version, uint32_t number, const struct object *object);

/* ---- tables: false or -EPROTO if the object is not expected, -ENOMEM ---- */

bool read_watch_state(struct reading *reading, const struct object *object);
bool read_watch_entry(struct reading *reading, const struct object *object);
int read_listener(struct reading *reading, const struct object *object);
int read_owner(struct reading *reading, const struct object *object);
bool read_extreme(struct reading *reading, const struct object *object);
int read_threshold(struct reading *reading, const struct object *object);

/** @return 0, -ENOENT with a @p problem, or -EPROTO if the watches are not complete */
int check_watches(const struct reading *reading, char problem[REMOTE_PROBLEM_SIZE]);

#endif
