/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/privileges.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int parse_id(const char *text, id_t *id)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number >= UINT_MAX)
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

static int failed(const char *what, const char *name, int error)
{
	snmp_log(LOG_ERR, "%s %s: %s\n", what, name,
		 error == -ENOENT ? "there is none of that name" : strerror(-error));
	return error;
}

int identity_find(struct identity *identity, const char *user, const char *group)
{
	int error = 0;

	*identity = (struct identity){0};
	if (user != NULL)
		error = find_user(identity, user);
	if (error != 0)
		return failed("user", user, error);
	if (group != NULL)
		error = find_group(identity, group);
	if (error != 0)
		return failed("group", group, error);
	return 0;
}

int identity_become(const struct identity *identity)
{
	if (identity->changes_user && initgroups(identity->user_name, identity->gid) < 0)
		return failed("groups of user", identity->user_name, -errno);
	if (identity->changes_group && setresgid(identity->gid, identity->gid, identity->gid) < 0)
		return failed("changing", "group", -errno);
	if (identity->changes_user && setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return failed("becoming user", identity->user_name, -errno);
	return 0;
}

void identity_finalise(struct identity *identity)
{
	free(identity->user_name);
	identity->user_name = NULL;
}
