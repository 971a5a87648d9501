/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the rows of tables with GETBULK, several columns at a time, so that rows are complete.
 */
#ifndef CLIENT_TABLE_ROWS_H
#define CLIENT_TABLE_ROWS_H

#include "client/query.h"

#define TABLE_COLUMNS_MAX 8

struct table_rows {
	oid table, entry; /**< below tcpStateCountObjects */
	oid columns[TABLE_COLUMNS_MAX];
	size_t columns_count;
	long rows_per_pdu;
	/** Called for each row, with its first column, if it is not NULL. */
	void (*visit)(const netsnmp_variable_list *variable, void *context);
	void *context;
};

/** tcpListenQueueTable */
extern const struct table_rows listen_rows;

/** tcpOwnerCount */
extern const struct table_rows owner_rows;

/**
 * Reads all rows of a table whose rows have all columns. Rows that appear or disappear meanwhile
 * may be missing; no others are.
 */
void table_rows_read(struct query *query, const struct table_rows *table);

/**
 * Reads tcpThresholdStatus of all thresholds, and further columns of those that are raised, and the
 * minima and maxima of tcpStateTotalTable.
 */
void threshold_rows_read(struct query *query);

#endif
