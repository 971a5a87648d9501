/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote_reading.h"

#include "number.h"

#include <string.h>

bool parse_gauge(const char *text, uint32_t *gauge)
{
	uint64_t number;

	if (!number_parse(text, 0, UINT32_MAX, &number))
		return false;
	*gauge = (uint32_t)number;
	return true;
}

bool is_missing(const struct object *object)
{
	return strcmp(object->value, "noSuchObject") == 0 ||
	       strcmp(object->value, "noSuchInstance") == 0;
}

bool set_received(bool *received)
{
	bool first = !*received;

	*received = true;
	return first;
}

bool read_index_name(const uint32_t *index, size_t length, char *name, size_t maximum)
{
	if (length == 0 || index[0] == 0 || index[0] > maximum || index[0] != length - 1)
		return false;
	for (size_t i = 0; i < index[0]; i++) {
		if (index[1 + i] == 0 || index[1 + i] > UINT8_MAX)
			return false;
		name[i] = (char)(unsigned char)index[1 + i];
	}
	name[index[0]] = '\0';
	return true;
}

bool read_cell(struct cells *cells, uint32_t version, uint32_t number, const struct object *object)
{
	const uint32_t family = version - 1, state = number - 1; /* both count from 1 */

	if (family >= FAMILIES || state >= STATES || !set_received(&cells->received[family][state]))
		return false;
	cells->count++;
	cells->missing[family][state] = is_missing(object);
	cells->no_object |= strcmp(object->value, "noSuchObject") == 0;
	cells->no_instance |= strcmp(object->value, "noSuchInstance") == 0;
	return is_missing(object) || parse_gauge(object->value, &cells->sockets[family][state]);
}
