/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/zones.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool has_zone(const struct snapshot *snapshot, uint32_t index)
{
	for (size_t i = 0; i < snapshot->zones_count; i++) {
		if (snapshot->zones[i].index == index)
			return true;
	}
	return false;
}

static int add_zone(struct snapshot *snapshot, uint32_t index, const char name[IF_NAMESIZE])
{
	struct zone *zones =
		realloc(snapshot->zones, (snapshot->zones_count + 1) * sizeof(*snapshot->zones));

	if (zones == NULL)
		return -ENOMEM;
	snapshot->zones = zones;
	zones[snapshot->zones_count].index = index;
	memcpy(zones[snapshot->zones_count].name, name, IF_NAMESIZE);
	zones[snapshot->zones_count].name[IF_NAMESIZE - 1] = '\0';
	snapshot->zones_count++;
	return 0;
}

/*
 * Looked up by index, because for an unknown name the kernel would try to load a module if the
 * agent runs as root (net/core/dev_ioctl.c, dev_load).
 */
static int find_name(int descriptor, struct snapshot *snapshot, uint32_t index)
{
	struct ifreq request = {.ifr_ifindex = (int)index};

	if (ioctl(descriptor, SIOCGIFNAME, &request) < 0)
		return 0;
	return add_zone(snapshot, index, request.ifr_name);
}

int zones_find(struct snapshot *snapshot)
{
	int descriptor = -1;
	int error = 0;

	for (size_t i = 0; i < snapshot->listeners_count; i++) {
		uint32_t index = snapshot->listeners[i].endpoint.zone;

		if (index == 0 || has_zone(snapshot, index))
			continue;
		if (descriptor < 0)
			descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		error = find_name(descriptor, snapshot, index);
		if (error != 0)
			break;
	}
	if (descriptor >= 0)
		close(descriptor);
	return error;
}
