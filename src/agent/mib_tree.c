/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/mib_tree.h"

#include <string.h>

/* One object type: its name is that of its entry and its number. */
struct object_type {
	const struct mib_table *table;
	const struct mib_object *object;
	oid name[MIB_ENTRY_OID_MAX + 1];
	size_t name_length;
};

enum position {
	BEFORE,
	WITHIN,
	AFTER,
};

size_t mib_scalar_rows(const struct served *served)
{
	(void)served;
	return 1;
}

size_t mib_scalar_index(const struct served *served, size_t row, oid index[MIB_INDEX_MAX])
{
	(void)served;
	(void)row;
	index[0] = 0;
	return 1;
}

static struct object_type object_type(const struct mib_table *table, size_t column)
{
	struct object_type type = {.table = table, .object = &table->objects[column]};

	memcpy(type.name, table->at, table->at_length * sizeof(oid));
	type.name[table->at_length] = type.object->number;
	type.name_length = table->at_length + 1;
	return type;
}

/* The position of @p name relative to the instances of @p type. */
static enum position position_of(const oid *name, size_t name_length,
				 const struct object_type *type)
{
	size_t shared = name_length < type->name_length ? name_length : type->name_length;
	int order = snmp_oid_compare(name, shared, type->name, shared);

	if (order < 0)
		return BEFORE;
	if (order > 0)
		return AFTER;
	return name_length < type->name_length ? BEFORE : WITHIN;
}

/* The first row whose index is after @p index, or, if @p inclusive, not before it. */
static size_t first_row(const struct mib_table *table, const struct served *served,
			const oid *index, size_t index_length, bool inclusive)
{
	oid middle_index[MIB_INDEX_MAX];
	size_t low = 0;
	size_t high = table->rows(served);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		size_t middle_length = table->index(served, middle, middle_index);
		int order = snmp_oid_compare(middle_index, middle_length, index, index_length);

		if (order > 0 || (order == 0 && inclusive))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static size_t text_length(const struct mib_object *object, const struct mib_value *value)
{
	if (object->type != ASN_OCTET_STR)
		return 0;
	return object->octets != 0 ? object->octets : strlen(value->text);
}

static bool get_instance(const struct object_type *type, const struct served *served, size_t row,
			 struct mib_instance *instance)
{
	const struct mib_table *table = type->table;
	const struct mib_cell cell = {served, row, type->object->key};

	if (!type->object->get(&cell, &instance->value))
		return false;
	instance->value.length = text_length(type->object, &instance->value);
	memcpy(instance->name, type->name, type->name_length * sizeof(oid));
	instance->name_length = type->name_length;
	instance->name_length += table->index(served, row, instance->name + type->name_length);
	instance->type = type->object->type;
	return true;
}

static bool get_row(const struct object_type *type, const struct served *served, const oid *name,
		    size_t name_length, struct mib_instance *instance)
{
	const oid *index = name + type->name_length;
	size_t index_length = name_length - type->name_length;
	size_t row = first_row(type->table, served, index, index_length, true);

	return row < type->table->rows(served) && get_instance(type, served, row, instance) &&
	       snmp_oid_compare(instance->name, instance->name_length, name, name_length) == 0;
}

static bool next_row(const struct object_type *type, const struct served *served, const oid *name,
		     size_t name_length, bool inclusive, struct mib_instance *instance)
{
	size_t rows = type->table->rows(served);
	size_t row = 0;

	switch (position_of(name, name_length, type)) {
	case BEFORE:
		break;
	case WITHIN:
		row = first_row(type->table, served, name + type->name_length,
				name_length - type->name_length, inclusive);
		break;
	case AFTER:
		return false;
	}
	while (row < rows && !get_instance(type, served, row, instance))
		row++;
	return row < rows;
}

enum mib_outcome mib_get(const struct mib_table *const tables[], const struct served *served,
			 const oid *name, size_t name_length, struct mib_instance *instance)
{
	for (; *tables != NULL; tables++) {
		for (size_t column = 0; column < (*tables)->objects_count; column++) {
			struct object_type type = object_type(*tables, column);

			if (position_of(name, name_length, &type) != WITHIN)
				continue;
			if (get_row(&type, served, name, name_length, instance))
				return MIB_FOUND;
			return MIB_NO_INSTANCE;
		}
	}
	return MIB_NO_OBJECT;
}

bool mib_next(const struct mib_table *const tables[], const struct served *served, const oid *name,
	      size_t name_length, bool inclusive, struct mib_instance *instance)
{
	for (; *tables != NULL; tables++) {
		for (size_t column = 0; column < (*tables)->objects_count; column++) {
			struct object_type type = object_type(*tables, column);

			if (next_row(&type, served, name, name_length, inclusive, instance))
				return true;
		}
	}
	return false;
}
