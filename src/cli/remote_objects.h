/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is read of TCP-STATE-COUNT-MIB on another host: the numbers of its objects.
 *
 * tcp-states-snmp asks for them and remote_text reads the answers.
 */
#ifndef CLI_REMOTE_OBJECTS_H
#define CLI_REMOTE_OBJECTS_H

/** All objects are below this number. */
#define MIB_OBJECTS 1

enum mib_group {
	MIB_STATE_COUNT = 1,  /**< tcpStateCountTable, by family and state */
	MIB_FAMILY = 3,       /**< tcpFamilyTable, by family */
	MIB_HOST = 4,         /**< scalars, in the order of enum host_object */
	MIB_LISTEN_QUEUE = 5, /**< tcpListenQueueTable, by endpoint */
	MIB_PORT_STATE = 6,   /**< tcpPortStateTable, by family, port and state */
	MIB_REFRESH = 8,      /**< scalars */
};

/** Between the number of a table and those of its columns. */
#define MIB_ENTRY 1

#define MIB_COLUMN_STATE_COUNT 3
#define MIB_COLUMN_PORT_STATE_COUNT 4

enum mib_family_column {
	MIB_COLUMN_FAMILY_UDP = 3,
	MIB_COLUMN_FAMILY_RAW = 4,
	MIB_COLUMN_FAMILY_FRAGMENTS = 5,
};

enum mib_listen_column {
	MIB_COLUMN_LISTEN_SOCKETS = 1,
	MIB_COLUMN_LISTEN_QUEUED = 2,
	MIB_COLUMN_LISTEN_BACKLOG = 4,
	MIB_COLUMN_LISTEN_DROPPED = 5,
};

enum mib_refresh_scalar {
	MIB_REFRESH_AGE = 2,
	MIB_REFRESH_DURATION = 3,
	MIB_REFRESH_LAST_ERROR = 6,
	MIB_REFRESH_METHOD = 7,
};

/** How many of enum host_object are served, from the first one on. */
#define MIB_HOST_SCALARS 12

#endif
