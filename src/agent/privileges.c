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

static int find_user(const char *name, const struct passwd **user)
{
	uid_t uid;

	*user = getpwnam(name);
	if (*user == NULL && parse_id(name, &uid) == 0)
		*user = getpwuid(uid);
	return *user != NULL ? 0 : -ENOENT;
}

static int find_group(const char *name, gid_t *gid)
{
	const struct group *group = getgrnam(name);

	if (group == NULL)
		return parse_id(name, gid);
	*gid = group->gr_gid;
	return 0;
}

static int failed(const char *what, const char *name, int error)
{
	snmp_log(LOG_ERR, "%s %s: %s\n", what, name,
		 error == -ENOENT ? "there is none of that name" : strerror(-error));
	return error;
}

int privileges_drop(const char *user_name, const char *group_name)
{
	const struct passwd *user = NULL;
	gid_t gid = getgid();
	int error;

	if (user_name != NULL) {
		error = find_user(user_name, &user);
		if (error != 0)
			return failed("user", user_name, error);
		gid = user->pw_gid;
	}
	if (group_name != NULL) {
		error = find_group(group_name, &gid);
		if (error != 0)
			return failed("group", group_name, error);
	}
	if (user != NULL && initgroups(user->pw_name, gid) < 0)
		return failed("groups of user", user_name, -errno);
	if ((user != NULL || group_name != NULL) && setresgid(gid, gid, gid) < 0)
		return failed("group", group_name != NULL ? group_name : user_name, -errno);
	if (user != NULL && setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return failed("user", user_name, -errno);
	return 0;
}
