/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The columns that all tables of counts by state have: the count, and its minimum and maximum
 * within the window.
 */
#ifndef AGENT_STATE_COLUMNS_H
#define AGENT_STATE_COLUMNS_H

#include "agent/mib_tree.h"
#include "model/window.h"

enum state_column {
	STATE_COLUMN_COUNT,
	STATE_COLUMN_MIN,
	STATE_COLUMN_MAX,
};

/** Initialises an object whose getter calls state_column_number(). */
#define STATE_COLUMN(object, column, getter)                                            \
	{                                                                               \
		.number = (object), .type = ASN_GAUGE, .get = (getter), .key = (column) \
	}

/** The number in @p column of a row with @p count sockets now. */
static inline uint32_t state_column_number(int column, uint32_t count,
					   const struct extremes *extremes)
{
	switch (column) {
	case STATE_COLUMN_MIN:
		return extremes->min;
	case STATE_COLUMN_MAX:
		return extremes->max;
	default:
		return count;
	}
}

#endif
