/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/config_files.h"

#include "agent/logging.h"
#include "ascii.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* net-snmp cuts a longer path of a default file (read_config_files_in_path, configfile). */
#define DEFAULT_PATH_SIZE 300

#define SPACES " \t\r\f\v"

/* A file that includes itself would have the reader open it until no descriptor is left. */
#define INCLUDES_MAX 16

/* The line that includes a file; NULL for a file that is not included. */
struct origin {
	const char *name;
	unsigned int line;
	int depth; /* 1 in a file that is not included */
};

/* A file may include another, at most INCLUDES_MAX deep. NOLINTBEGIN(misc-no-recursion) */

static int check_file(const char *name, bool may_be_absent, const struct origin *origin);
static int check_defaults(const char *application, const struct origin *origin);

static int log_line_error(const char *name, unsigned int line, const char *problem)
{
	log_line(LOG_ERR, "%s: line %u: Error: %s", name, line, problem);
	return -EINVAL;
}

/* An included file that cannot be used is an error in the including line. */
static int log_file_error(const char *name, const char *problem, int error,
			  const struct origin *origin)
{
	if (origin == NULL) {
		log_line(LOG_ERR, "%s: %s", name, problem);
		return error;
	}
	log_line(LOG_ERR, "%s: line %u: Error: %s: %s", origin->name, origin->line, name, problem);
	return -EINVAL;
}

static int log_errno(const char *name, int error, const struct origin *origin)
{
	return log_file_error(name, strerror(-error), error, origin);
}

/* ---- included files ---- */

/* The path is relative to the directory of the including file. */
static int check_included_file(const char *included, const struct origin *origin)
{
	const char *name = origin->name;
	const char *directory_end = included[0] == '/' ? NULL : strrchr(name, '/');
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%.*s%s",
			      directory_end == NULL ? 0 : (int)(directory_end - name + 1), name,
			      included);

	return length < PATH_MAX ? check_file(path, false, origin)
				 : log_errno(included, -ENAMETOOLONG, origin);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static int check_directory(const char *directory, const struct origin *origin)
{
	DIR *opened = opendir(directory);
	const struct dirent *entry;
	int error = 0;

	if (opened == NULL)
		return log_errno(directory, -errno, origin);
	while (error == 0 && (errno = 0, entry = readdir(opened)) != NULL) {
		char path[PATH_MAX];

		/* As the reader selects them (snmplib/read_config.c, read_config). */
		if (entry->d_name[0] == '.' || !ends_with(entry->d_name, ".conf"))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= PATH_MAX)
			error = log_errno(directory, -ENAMETOOLONG, origin);
		else
			error = check_file(path, false, origin);
	}
	if (error == 0 && errno != 0)
		error = log_errno(directory, -errno, origin);
	closedir(opened);
	return error;
}

/* Checks files that are searched for like the default files. */
static int check_included_name(char *name, const struct origin *origin)
{
	if (ends_with(name, ".conf"))
		name[strlen(name) - strlen(".conf")] = '\0';
	return check_defaults(name, origin);
}

/* Checks the file that a line includes, as the reader understands it. @p line is overwritten. */
static int check_include(char *line, const struct origin *origin)
{
	char *word = line + strspn(line, SPACES);
	char *included = word + strcspn(word, SPACES);

	if (strncmp(word, "include", strlen("include")) != 0 || included[0] == '\0')
		return 0;
	*included++ = '\0';
	included += strspn(included, SPACES);
	if (included[0] == '\0' || included[0] == '#')
		return 0;
	if (included[strlen(included) - 1] == '\r')
		return log_line_error(
			origin->name, origin->line,
			"line ends with a carriage return (save the file with Unix line endings)");
	if (origin->depth > INCLUDES_MAX)
		return log_line_error(origin->name, origin->line,
				      "files are included more than 16 levels deep");
	if (ascii_equals(word, "includeFile"))
		return check_included_file(included, origin);
	if (ascii_equals(word, "includeDir"))
		return check_directory(included, origin);
	return ascii_equals(word, "includeSearch") ? check_included_name(included, origin) : 0;
}

/* ---- the text of a file ---- */

static const char *byte_order_mark_problem(const char *text, size_t length)
{
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return "byte order mark at the start (save the file as UTF-8 without one)";
	if (length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		return "UTF-16 byte order mark at the start (save the file as UTF-8 without one)";
	return NULL;
}

/* @p text ends with a NUL, and is overwritten. */
static int check_text(const char *name, char *text, size_t length, const struct origin *origin)
{
	struct origin line = {.name = name, .depth = origin == NULL ? 1 : origin->depth + 1};
	const char *problem = byte_order_mark_problem(text, length);
	char *end = text + length;
	int error = problem == NULL ? 0 : log_line_error(name, 1, problem);

	while (error == 0 && text < end) {
		char *line_end = memchr(text, '\n', (size_t)(end - text));

		line.line++;
		if (line_end == NULL)
			line_end = end;
		*line_end = '\0';
		if (strlen(text) < (size_t)(line_end - text))
			return log_line_error(name, line.line, "zero octet (NUL), not a text file");
		error = check_include(text, &line);
		text = line_end + 1;
	}
	return error;
}

/* ---- files ---- */

static int read_all(int descriptor, char **text, size_t *length)
{
	size_t size = 0;

	*text = NULL;
	*length = 0;
	for (;;) {
		ssize_t more;

		if (*length == size) {
			char *larger = realloc(*text, size + 65536 + 1);

			if (larger == NULL)
				return -ENOMEM;
			*text = larger;
			size += 65536;
		}
		more = read(descriptor, *text + *length, size - *length);
		if (more == 0)
			return 0;
		if (more < 0 && errno != EINTR)
			return -errno;
		if (more > 0)
			*length += (size_t)more;
	}
}

/* /dev/null is the usual way to specify an empty configuration. */
static int check_kind(int descriptor)
{
	struct stat file;

	if (fstat(descriptor, &file) < 0)
		return -errno;
	if (S_ISDIR(file.st_mode))
		return -EISDIR;
	if (S_ISREG(file.st_mode) || (S_ISCHR(file.st_mode) && file.st_rdev == makedev(1, 3)))
		return 0;
	return -ENOTSUP;
}

static int check_file(const char *name, bool may_be_absent, const struct origin *origin)
{
	struct stat link;
	int descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	size_t length;
	int error;

	if (descriptor < 0) {
		error = -errno;
		/* A dangling symbolic link is an error. */
		if ((error == -ENOENT || error == -ENOTDIR) && may_be_absent &&
		    lstat(name, &link) < 0)
			return 0;
		return log_errno(name, error, origin);
	}
	error = check_kind(descriptor);
	if (error == 0)
		error = read_all(descriptor, &text, &length);
	close(descriptor);
	if (error == 0)
		error = check_text(name, text, length, origin);
	else if (error == -ENOTSUP)
		error = log_file_error(name, "not a regular file", -EINVAL, origin);
	else
		error = log_errno(name, error, origin);
	free(text);
	return error;
}

/* The home of another user is searched only because HOME was inherited. */
static bool is_home_of_another(const char *directory)
{
	const char *home = getenv("HOME");
	struct stat owned;

	return home != NULL && strncmp(directory, home, strlen(home)) == 0 &&
	       strcmp(directory + strlen(home), "/.snmp") == 0 && stat(home, &owned) == 0 &&
	       owned.st_uid != geteuid();
}

static int check_defaults_in(const char *directory, const char *application,
			     const struct origin *origin)
{
	static const char *const suffixes[] = {".conf", ".local.conf"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char name[DEFAULT_PATH_SIZE];
		int error;

		if (snprintf(name, sizeof(name), "%s/%s%s", directory, application, suffixes[i]) >=
		    DEFAULT_PATH_SIZE)
			return log_errno(directory, -ENAMETOOLONG, origin);
		error = check_file(name, true, origin);
		if (error != 0)
			return error;
	}
	return 0;
}

static int check_defaults(const char *application, const struct origin *origin)
{
	const char *directories = getenv("SNMPCONFPATH");
	char *list = strdup(directories != NULL ? directories : get_configuration_directory());
	char *rest = list;
	const char *directory;
	int error = 0;

	if (list == NULL)
		return -ENOMEM;
	while (error == 0 && (directory = strsep(&rest, ENV_SEPARATOR)) != NULL) {
		if (access(directory, X_OK) < 0 && errno == EACCES && is_home_of_another(directory))
			continue;
		error = check_defaults_in(directory, application, origin);
	}
	free(list);
	return error;
}

/* NOLINTEND(misc-no-recursion) */

/* ---- public functions ---- */

int config_files_check(const char *name)
{
	return check_file(name, false, NULL);
}

int config_files_check_defaults(const char *application)
{
	return check_defaults(application, NULL);
}
