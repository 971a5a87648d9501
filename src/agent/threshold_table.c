/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/threshold_table.h"

#include "clock.h"
#include "mib_objects.h"
#include "model/date.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

static size_t threshold_rows(const struct served *served)
{
	return served->evaluation == NULL ? 0 : served->evaluation->thresholds->count;
}

static const struct threshold *threshold_at(const struct served *served, size_t row)
{
	return &served->evaluation->thresholds->threshold[row];
}

static const struct threshold_state *threshold_state_of(const struct mib_cell *cell)
{
	return &cell->served->evaluation->states[cell->row];
}

static size_t threshold_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	const char *name = threshold_at(served, row)->name;
	size_t length = strlen(name);

	index[0] = length;
	for (size_t i = 0; i < length; i++)
		index[1 + i] = (unsigned char)name[i];
	return 1 + length;
}

/* The key is the offset of the text in struct threshold. */
static bool threshold_text(const struct mib_cell *cell, struct mib_value *value)
{
	const char *threshold = (const char *)threshold_at(cell->served, cell->row);

	utf8_escape(value->text, THRESHOLD_TEXT_SIZE, threshold + cell->key, UTF8_ANYWHERE);
	return true;
}

static bool threshold_value(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = threshold_state_of(cell)->value;
	return threshold_state_of(cell)->has_value && !cell->served->too_old;
}

/* normal(1), raised(2) */
static bool threshold_status(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = threshold_state_of(cell)->status + 1U;
	return true;
}

static bool threshold_since(const struct mib_cell *cell, struct mib_value *value)
{
	int64_t up_ns = threshold_state_of(cell)->since_ns - cell->served->up_from_ns;

	value->number = up_ns < 0 ? 0 : (uint64_t)(up_ns / NS_PER_TICK);
	return true;
}

static bool threshold_raises(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = threshold_state_of(cell)->raises;
	return true;
}

static bool threshold_top(const struct mib_cell *cell, struct mib_value *value)
{
	snprintf(value->text, sizeof(value->text), "%s", top_text(threshold_state_of(cell)->top));
	return true;
}

static bool threshold_since_date(const struct mib_cell *cell, struct mib_value *value)
{
	const struct threshold_state *state = threshold_state_of(cell);

	date_and_time(state->since_real_ns, (uint8_t *)value->text);
	return state->since_ns != 0;
}

#define TEXT(member) \
	.type = ASN_OCTET_STR, .get = threshold_text, .key = offsetof(struct threshold, member)

static const struct mib_object columns[] = {
	{.number = tcpThresholdMetric, TEXT(metric_text)},
	{.number = tcpThresholdRange, TEXT(range_text)},
	{.number = tcpThresholdClearRange, TEXT(clear_text)},
	{.number = tcpThresholdValue, .type = ASN_GAUGE, .get = threshold_value},
	{.number = tcpThresholdStatus, .type = ASN_INTEGER, .get = threshold_status},
	{.number = tcpThresholdSince, .type = ASN_TIMETICKS, .get = threshold_since},
	{.number = tcpThresholdRaises, .type = ASN_COUNTER, .get = threshold_raises},
	{.number = tcpThresholdLabel, TEXT(name)},
	{.number = tcpThresholdTop, .type = ASN_OCTET_STR, .get = threshold_top},
	{.number = tcpThresholdSinceDate,
	 .type = ASN_OCTET_STR,
	 .get = threshold_since_date,
	 .octets = DATE_OCTETS},
};

const struct mib_table threshold_table = {
	.at = {tcpStateCountObjects, tcpThresholdTable, tcpThresholdEntry},
	.at_length = 3,
	MIB_OBJECTS(columns),
	.rows = threshold_rows,
	.index = threshold_index,
};
