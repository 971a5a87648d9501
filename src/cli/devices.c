/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/devices.h"

#include <stdio.h>
#include <string.h>

void devices_name(const struct listener *listener, size_t i, char name[IF_NAMESIZE])
{
	if (i == LISTENER_DEVICES)
		strcpy(name, "...");
	else if (listener->devices[i] == 0)
		strcpy(name, "*");
	else if (if_indextoname(listener->devices[i], name) == NULL)
		snprintf(name, IF_NAMESIZE, "%u", listener->devices[i]);
}

void devices_text(const struct listener *listener, char text[DEVICES_TEXT_SIZE])
{
	char name[IF_NAMESIZE];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < listener->devices_count; i++) {
		devices_name(listener, i, name);
		length += (size_t)snprintf(text + length, DEVICES_TEXT_SIZE - length, "%s%s",
					   i == 0 ? "" : " ", name);
	}
}
