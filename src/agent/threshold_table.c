/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpThresholdTable: a row for every threshold, in the order of their names.
 */
#include "agent/tables.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>

static size_t rows(const struct served *served)
{
	return served->judgement == NULL ? 0 : served->judgement->thresholds->count;
}

static const struct threshold *threshold_at(const struct served *served, size_t row)
{
	return &served->judgement->thresholds->threshold[row];
}

static const struct standing *standing_of(const struct mib_cell *cell)
{
	return &cell->served->judgement->standing[cell->row];
}

/* IMPLIED: no length before the characters. */
static size_t row_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	const char *name = threshold_at(served, row)->name;
	size_t length = strlen(name);

	for (size_t place = 0; place < length; place++)
		index[place] = (unsigned char)name[place];
	return length;
}

/* Key: where the text is within struct threshold. */
static bool text(const struct mib_cell *cell, struct mib_value *value)
{
	const char *threshold = (const char *)threshold_at(cell->served, cell->row);

	snprintf(value->text, sizeof(value->text), "%s", threshold + cell->key);
	return true;
}

static bool current(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = standing_of(cell)->value;
	return standing_of(cell)->has_value && !cell->served->too_old;
}

/* normal(1), raised(2) */
static bool status(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = standing_of(cell)->status + 1U;
	return true;
}

static bool since(const struct mib_cell *cell, struct mib_value *value)
{
	int64_t up_ns = standing_of(cell)->since_ns - cell->served->up_from_ns;

	value->number = up_ns < 0 ? 0 : (uint64_t)(up_ns / NS_PER_TICK);
	return true;
}

static bool raises(const struct mib_cell *cell, struct mib_value *value)
{
	value->number = standing_of(cell)->raises;
	return true;
}

#define TEXT(member) .type = ASN_OCTET_STR, .get = text, .key = offsetof(struct threshold, member)

static const struct mib_object columns[] = {
	{.number = 2, TEXT(metric_text)},
	{.number = 3, TEXT(range_text)},
	{.number = 4, TEXT(clear_text)},
	{.number = 5, .type = ASN_GAUGE, .get = current},
	{.number = 6, .type = ASN_INTEGER, .get = status},
	{.number = 7, .type = ASN_TIMETICKS, .get = since},
	{.number = 8, .type = ASN_COUNTER, .get = raises},
	{.number = 9, TEXT(name)},
};

const struct mib_table threshold_table = {
	.at = {1, 7, 1},
	.at_length = 3,
	OBJECTS(columns),
	.rows = rows,
	.index = row_index,
};
