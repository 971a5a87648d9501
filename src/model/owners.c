/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/owners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Owners without sockets that are remembered although they are not served. */
#define ABSENT_MAX 1024

static void finalise_owner(struct tracked_owner *owner)
{
	for (enum tcp_state state = 0; state < STATES; state++)
		free(owner->peaks[state]);
}

void owner_windows_finalise(struct owner_windows *windows)
{
	for (size_t i = 0; i < windows->count; i++)
		finalise_owner(&windows->tracked[i]);
	finalise_owner(&windows->others);
	free(windows->tracked);
	*windows = (struct owner_windows){0};
}

/* ---- following the owners ---- */

static void add_sockets(struct tracked_owner *owner, const struct owner_count *count,
			unsigned int states)
{
	for (enum tcp_state state = 0; state < STATES; state++) {
		if (states >> state & 1)
			owner->sockets[state] += count->sockets[FAMILY_IPV4][state] +
						 count->sockets[FAMILY_IPV6][state];
	}
}

static uint32_t total_of(const struct tracked_owner *owner)
{
	uint32_t total = 0;

	for (enum tcp_state state = 0; state < STATES; state++)
		total += owner->sockets[state];
	return total;
}

/* Both lists are in the order of names, so that one walk over both finds the common ones. */
static int follow_owners(struct owner_windows *windows, const struct snapshot *snapshot,
			 int64_t since_ns)
{
	struct tracked_owner *tracked =
		calloc(windows->count + snapshot->owners_count + 1, sizeof(*tracked));
	size_t count = 0, old = 0, next = 0;

	if (tracked == NULL)
		return -ENOMEM;
	while (old < windows->count || next < snapshot->owners_count) {
		const struct owner_count *owner = &snapshot->owners[next];
		int order = old == windows->count ? 1 : -1;

		if (old < windows->count && next < snapshot->owners_count)
			order = owner_name_compare(windows->tracked[old].name, owner->name);
		if (order < 0 && windows->tracked[old].last_ns < since_ns) {
			finalise_owner(&windows->tracked[old++]);
			continue;
		}
		if (order >= 0 && strcmp(owner->name, OWNER_OTHERS) == 0) {
			add_sockets(&windows->others, owner, snapshot->owner_states);
			next++;
			continue;
		}
		if (order <= 0)
			tracked[count] = windows->tracked[old++];
		memset(tracked[count].sockets, 0, sizeof(tracked[count].sockets));
		if (order >= 0) {
			strcpy(tracked[count].name, owner->name);
			add_sockets(&tracked[count], owner, snapshot->owner_states);
			next++;
		}
		count++;
	}
	free(windows->tracked);
	windows->tracked = tracked;
	windows->count = count;
	return 0;
}

static int add_to_peaks(struct tracked_owner *owner, int64_t now_ns, int64_t since_ns)
{
	const uint32_t total = total_of(owner);

	if (total > 0)
		owner->last_ns = now_ns;
	peak_add(&owner->total, now_ns, total, since_ns);
	for (enum tcp_state state = 0; state < STATES; state++) {
		if (owner->peaks[state] == NULL && owner->sockets[state] > 0) {
			owner->peaks[state] = calloc(1, sizeof(*owner->peaks[state]));
			if (owner->peaks[state] == NULL)
				return -ENOMEM;
		}
		if (owner->peaks[state] != NULL)
			peak_add(owner->peaks[state], now_ns, owner->sockets[state], since_ns);
	}
	return 0;
}

/* ---- choosing those that are served ---- */

/* Most sockets within the window first, then by name. */
static int compare_rank(const void *left, const void *right)
{
	const struct tracked_owner *one = *(struct tracked_owner *const *)left;
	const struct tracked_owner *other = *(struct tracked_owner *const *)right;
	const uint32_t of_one = one->total.points[0].value, of_other = other->total.points[0].value;

	if (of_one != of_other)
		return of_one > of_other ? -1 : 1;
	return owner_name_compare(one->name, other->name);
}

/* What stands in place of a name is always served. */
static int choose_owners(struct owner_windows *windows)
{
	struct tracked_owner **ranking = calloc(windows->count + 1, sizeof(struct tracked_owner *));
	size_t ranked = 0, absent = 0;

	if (ranking == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < windows->count; i++) {
		windows->tracked[i].served = true;
		if (owner_is_named(windows->tracked[i].name))
			ranking[ranked++] = &windows->tracked[i];
	}
	qsort(ranking, ranked, sizeof(struct tracked_owner *), compare_rank);
	for (size_t i = OWNERS_SERVED_MAX; i < ranked; i++) {
		ranking[i]->served = false;
		for (enum tcp_state state = 0; state < STATES; state++)
			windows->others.sockets[state] += ranking[i]->sockets[state];
		if (total_of(ranking[i]) == 0 && ++absent > ABSENT_MAX)
			ranking[i]->last_ns = INT64_MIN; /* not followed any more */
	}
	free(ranking);
	return 0;
}

static void append_owner(struct report *report, const struct tracked_owner *tracked)
{
	struct report_owner *owner = &report->owners[report->owners_count++];

	strcpy(owner->name, tracked->name);
	for (enum tcp_state state = 0; state < STATES; state++) {
		owner->sockets[state] = tracked->sockets[state];
		owner->max[state] =
			tracked->peaks[state] == NULL ? 0 : tracked->peaks[state]->points[0].value;
	}
}

static int set_report_owners(const struct owner_windows *windows, struct report *report,
			     bool with_others)
{
	bool others_due = with_others;

	report->owners = calloc(OWNERS_SERVED_MAX + 3, sizeof(*report->owners));
	if (report->owners == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < windows->count; i++) {
		if (!windows->tracked[i].served)
			continue;
		if (others_due && owner_name_compare(OWNER_OTHERS, windows->tracked[i].name) < 0) {
			append_owner(report, &windows->others);
			others_due = false;
		}
		append_owner(report, &windows->tracked[i]);
	}
	if (others_due)
		append_owner(report, &windows->others);
	return 0;
}

int owner_windows_add(struct owner_windows *windows, struct report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	const int64_t now_ns = snapshot->taken_ns, since_ns = now_ns - report->window_ns;
	struct tracked_owner *others = &windows->others;
	int error;

	if (!snapshot->owners_known) {
		owner_windows_finalise(windows);
		return 0;
	}
	if (others->name[0] == '\0') {
		strcpy(others->name, OWNER_OTHERS);
		others->last_ns = INT64_MIN;
	}
	memset(others->sockets, 0, sizeof(others->sockets));
	error = follow_owners(windows, snapshot, since_ns);
	for (size_t i = 0; error == 0 && i < windows->count; i++)
		error = add_to_peaks(&windows->tracked[i], now_ns, since_ns);
	if (error == 0)
		error = choose_owners(windows);
	if (error == 0)
		error = add_to_peaks(others, now_ns, since_ns);
	if (error != 0)
		return error;
	for (enum tcp_state state = 0; state < STATES; state++) {
		if (snapshot_has_owners(snapshot, state))
			report->owner_states[report->owner_states_count++] = state;
	}
	return set_report_owners(windows, report, others->last_ns >= since_ns);
}
