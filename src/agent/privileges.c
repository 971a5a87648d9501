/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/privileges.h"

#include "agent/logging.h"
#include "number.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int parse_id(const char *text, id_t *id)
{
	uint64_t number;

	if (!number_parse(text, 0, UINT_MAX - 1, &number))
		return -ENOENT;
	*id = (id_t)number;
	return 0;
}

static int find_user(struct identity *identity, const char *name)
{
	const struct passwd *user = getpwnam(name);
	uid_t uid;

	if (user == NULL && parse_id(name, &uid) == 0)
		user = getpwuid(uid);
	if (user == NULL)
		return -ENOENT;
	identity->user_name = strdup(user->pw_name);
	if (identity->user_name == NULL)
		return -ENOMEM;
	identity->changes_user = true;
	identity->changes_group = true;
	identity->uid = user->pw_uid;
	identity->gid = user->pw_gid;
	return 0;
}

static int find_group(struct identity *identity, const char *name)
{
	const struct group *group = getgrnam(name);

	identity->changes_group = true;
	if (group == NULL)
		return parse_id(name, &identity->gid);
	identity->gid = group->gr_gid;
	return 0;
}

static int log_not_found(const char *kind, const char *name, int error)
{
	if (error == -ENOENT)
		log_line(LOG_ERR, "unknown %s '%s'", kind, name);
	else
		log_line(LOG_ERR, "%s '%s': %s", kind, name, strerror(-error));
	return error;
}

int identity_find(struct identity *identity, const char *user, const char *group)
{
	int error = 0;

	*identity = (struct identity){0};
	if (user != NULL)
		error = find_user(identity, user);
	if (error != 0)
		return log_not_found("user", user, error);
	if (group != NULL)
		error = find_group(identity, group);
	if (error != 0)
		return log_not_found("group", group, error);
	return 0;
}

static int log_not_changed(const char *what)
{
	int error = -errno;

	log_line(LOG_ERR, "cannot change the %s: %s", what, strerror(-error));
	return error;
}

int identity_become(const struct identity *identity)
{
	if (identity->changes_user && initgroups(identity->user_name, identity->gid) < 0)
		return log_not_changed("supplementary groups");
	if (identity->changes_group && setresgid(identity->gid, identity->gid, identity->gid) < 0)
		return log_not_changed("group");
	if (identity->changes_user && setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return log_not_changed("user");
	return 0;
}

void identity_finalise(struct identity *identity)
{
	free(identity->user_name);
	identity->user_name = NULL;
}
