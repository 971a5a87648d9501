/* SPDX-License-Identifier: BSD-2-Clause */
#include "collect/cgroup_names.h"

#include "cgroup_tree.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STARTUP_TIMEOUT_MS 1000

/* The request for all; no cgroup has this id, and an empty message would look like the end. */
static const uint64_t all_cgroups = 0;

static size_t answer_size(size_t count)
{
	return offsetof(struct cgroup_names_answer, cgroups) + count * sizeof(struct named_cgroup);
}

/* ---- the collector ---- */

int cgroup_names_request(struct cgroup_names *names, const uint64_t *ids, size_t count)
{
	ssize_t sent;

	if (names->socket < 0)
		return -EPIPE;
	if (names->asked)
		return -EAGAIN;
	do {
		sent = send(names->socket, count == 0 ? &all_cgroups : ids,
			    (count == 0 ? 1 : count) * sizeof(*ids), MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? -EAGAIN : -EPIPE;
	names->asked = true;
	return 0;
}

int cgroup_names_receive(struct cgroup_names *names, struct cgroup_names_answer *answer)
{
	ssize_t received;

	if (names->socket < 0)
		return -EPIPE;
	if (!names->asked)
		return -EAGAIN;
	do {
		received = recv(names->socket, answer, sizeof(*answer), MSG_DONTWAIT);
	} while (received < 0 && errno == EINTR);
	if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return -EAGAIN;
	if (received < (ssize_t)answer_size(0) || (size_t)received != answer_size(answer->count))
		return -EPIPE;
	names->asked = false;
	return 0;
}

void cgroup_names_wait(const struct cgroup_names *names)
{
	struct pollfd event = {.fd = names->socket, .events = POLLIN};

	if (names->asked)
		poll(&event, 1, STARTUP_TIMEOUT_MS);
}

void cgroup_names_finalise(struct cgroup_names *names)
{
	if (names->socket >= 0)
		close(names->socket);
	*names = (struct cgroup_names){.socket = -1};
}

/* ---- the process that answers ---- */

struct search {
	const uint64_t *ids; /* NULL: all cgroups */
	size_t count;
	struct cgroup_names_answer *answer;
};

static int compare_ids(const void *left, const void *right)
{
	const uint64_t one = *(const uint64_t *)left, other = *(const uint64_t *)right;

	return (one > other) - (one < other);
}

static int add_name(const char *path, uint64_t id, void *context)
{
	const struct search *search = context;
	struct named_cgroup *cgroup;

	if (search->answer->count == search->count)
		return 0;
	if (search->ids != NULL &&
	    bsearch(&id, search->ids, search->count, sizeof(id), compare_ids) == NULL)
		return 0;
	cgroup = &search->answer->cgroups[search->answer->count++];
	cgroup->id = id;
	owner_of_path(path, cgroup->name);
	return 0;
}

bool cgroup_names_answer(int socket)
{
	uint64_t ids[CGROUP_NAMES_MAX];
	const ssize_t received = recv(socket, ids, sizeof(ids), 0);
	struct cgroup_names_answer *answer;
	struct search search;
	ssize_t sent;

	if (received <= 0)
		return received < 0 && errno == EINTR;
	answer = calloc(1, sizeof(*answer));
	if (answer == NULL)
		return false;
	search = (struct search){ids, (size_t)received / sizeof(ids[0]), answer};
	qsort(ids, search.count, sizeof(ids[0]), compare_ids);
	if (ids[0] == all_cgroups)
		search = (struct search){NULL, CGROUP_NAMES_MAX, answer};
	answer->error = cgroup_tree_walk(add_name, &search);
	if (answer->error != 0)
		answer->count = 0;
	sent = send(socket, answer, answer_size(answer->count), MSG_NOSIGNAL);
	free(answer);
	return sent >= 0;
}
