/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/units.h"

#include "clock.h"
#include "streams.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct units_query {
	uint32_t sequence;
	uint32_t length; /* of the names that follow */
};

struct units_response {
	uint32_t sequence;
	int32_t error;
	uint64_t count; /* of the struct unit_cgroup that follow */
};

/* Names of 64 watches, each of which fits into its text. */
#define NAMES_MAX 32768U

/* ---- order ---- */

int unit_cgroup_compare(const void *left, const void *right)
{
	const struct unit_cgroup *one = left, *other = right;

	if (one->id != other->id)
		return one->id < other->id ? -1 : 1;
	return (one->unit > other->unit) - (one->unit < other->unit);
}

void unit_cgroups_sort(struct unit_cgroups *cgroups)
{
	if (cgroups->count > 1)
		qsort(cgroups->cgroups, cgroups->count, sizeof(*cgroups->cgroups),
		      unit_cgroup_compare);
}

/* ---- the process that answers ---- */

static bool receive_all(int socket, void *bytes, size_t length)
{
	char *next = bytes;

	while (length > 0) {
		const ssize_t received = recv(socket, next, length, MSG_WAITALL);

		if (received == 0 || (received < 0 && errno != EINTR))
			return false;
		if (received > 0) {
			next += received;
			length -= (size_t)received;
		}
	}
	return true;
}

bool units_answer(int socket, units_find *find)
{
	struct unit_cgroups found;
	struct units_response response;
	struct units_query query;
	char *names;
	bool answered;

	if (!receive_all(socket, &query, sizeof(query)) || query.length > NAMES_MAX)
		return false;
	names = malloc(query.length + 1);
	if (names == NULL || !receive_all(socket, names, query.length)) {
		free(names);
		return false;
	}
	response = (struct units_response){.sequence = query.sequence};
	response.error = find(names, query.length, &found);
	response.count = found.count;
	free(names);
	answered = streams_write_all(socket, &response, sizeof(response)) &&
		   streams_write_all(socket, found.cgroups, found.count * sizeof(*found.cgroups));
	free(found.cgroups);
	return answered;
}

/* ---- the collector ---- */

static int send_query(struct units *units, const char *names, size_t length)
{
	struct units_query query = {.sequence = ++units->sequence, .length = (uint32_t)length};
	struct iovec parts[] = {
		{.iov_base = &query, .iov_len = sizeof(query)},
		{.iov_base = (char *)names, .iov_len = length},
	};
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent;

	do {
		sent = sendmsg(units->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? -ETIMEDOUT : -EPIPE;
	/* A request that was cut short cannot be continued. */
	return (size_t)sent == sizeof(query) + length ? 0 : -EPIPE;
}

/* Receives no more than the answer, and no more than has arrived. Returns -EAGAIN until it is
 * complete. */
static int receive_answer(struct units *units, struct units_response *response)
{
	size_t size = sizeof(*response);

	if (units->length >= sizeof(*response)) {
		memcpy(response, units->received, sizeof(*response));
		size += response->count * sizeof(struct unit_cgroup);
	}
	if (units->length < size) {
		char *larger = realloc(units->received, size);
		ssize_t received;

		if (larger == NULL)
			return -ENOMEM;
		units->received = larger;
		received = recv(units->socket, larger + units->length, size - units->length,
				MSG_DONTWAIT);
		if (received == 0)
			return -EPIPE;
		if (received < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN
											 : -EPIPE;
		units->length += (size_t)received;
	}
	if (units->length < sizeof(*response))
		return -EAGAIN;
	memcpy(response, units->received, sizeof(*response));
	return units->length == sizeof(*response) + response->count * sizeof(struct unit_cgroup)
		       ? 0
		       : -EAGAIN;
}

/* Waits until something arrives or the time is over. */
static int wait_for_answer(const struct units *units, int64_t deadline_ns)
{
	struct pollfd event = {.fd = units->socket, .events = POLLIN};
	const int64_t left_ns = deadline_ns - clock_now_ns();
	int ready;

	if (left_ns <= 0)
		return -ETIMEDOUT;
	ready = poll(&event, 1, (int)(left_ns / NS_PER_MS) + 1);
	if (ready < 0 && errno != EINTR)
		return -errno;
	return ready == 0 ? -ETIMEDOUT : 0;
}

static int take_cgroups(struct units *units, const struct units_response *response,
			struct unit_cgroups *found)
{
	const size_t size = response->count * sizeof(*found->cgroups);

	units->length = 0;
	if (response->error != 0 || size == 0)
		return response->error;
	found->cgroups = malloc(size);
	if (found->cgroups == NULL)
		return -ENOMEM;
	memcpy(found->cgroups, units->received + sizeof(*response), size);
	found->count = response->count;
	return 0;
}

int units_request(struct units *units, const char *names, size_t length, int timeout_ms,
		  struct unit_cgroups *found)
{
	const int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct units_response response;
	int error;

	*found = (struct unit_cgroups){0};
	if (units->find != NULL)
		return units->find(names, length, found);
	if (units->socket < 0)
		return -ENOENT;
	error = send_query(units, names, length);
	while (error == 0) {
		error = receive_answer(units, &response);
		if (error == 0 && response.sequence == units->sequence)
			return take_cgroups(units, &response, found);
		if (error == 0)
			units->length = 0;
		if (error == -EAGAIN)
			error = wait_for_answer(units, deadline_ns);
	}
	return error;
}

void units_finalise(struct units *units)
{
	if (units->socket >= 0)
		close(units->socket);
	free(units->received);
	*units = (struct units){.socket = -1};
}
