/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote.h"

#include "clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASKING_PROGRAM "tcp-states-snmp"
#define WISH_SIZE sizeof("-Cp65535")

/* No answer is as long. */
#define TEXT_MAX (32L * 1024 * 1024)

/* Files in memory, which take whatever is written while we only wait for the end. */
struct output {
	int answer;
	int complaints;
};

struct command {
	char **words;
	char wishes[WATCHED_PORTS_MAX][WISH_SIZE];
};

/* ---- running the program ---- */

static size_t count_words(char *const words[])
{
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	return count;
}

static int make_command(const struct remote *remote, struct command *command)
{
	const size_t options = count_words(remote->snmp_options);
	char **word = calloc(remote->ports->count + options + 5, sizeof(*word));

	command->words = word;
	if (word == NULL)
		return -ENOMEM;
	*word++ = (char *)ASKING_PROGRAM;
	if (remote->listeners)
		*word++ = (char *)"-Cl";
	for (size_t port = 0; port < remote->ports->count; port++) {
		snprintf(command->wishes[port], WISH_SIZE, "-Cp%u",
			 remote->ports->port[port].number);
		*word++ = command->wishes[port];
	}
	memcpy(word, remote->snmp_options, options * sizeof(*word));
	word += options;
	*word++ = (char *)"--";
	*word = (char *)remote->host;
	return 0;
}

/* Beside ourselves, as in a build directory. */
static void run_neighbour(char *const words[])
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof(ASKING_PROGRAM));
	char *slash;

	if (length < 0 || length == (ssize_t)(sizeof(path) - sizeof(ASKING_PROGRAM)))
		return;
	path[length] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash + 1, ASKING_PROGRAM);
	execv(path, words);
}

static _Noreturn void run(char *const words[], const struct output *output)
{
	sigset_t none;

	/* A caller may take its signals by descriptor; ^C shall end this one at once. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(output->answer, STDOUT_FILENO) >= 0 &&
	    dup2(output->complaints, STDERR_FILENO) >= 0) {
		run_neighbour(words);
		execv(PKGLIBEXECDIR "/" ASKING_PROGRAM, words);
		dprintf(STDERR_FILENO,
			PKGLIBEXECDIR "/" ASKING_PROGRAM ", which asks other hosts: %s\n",
			strerror(errno));
	}
	_exit(EXIT_FAILURE);
}

/* @return the status as of waitpid(), or -errno */
static int run_to_its_end(char *const words[], const struct output *output)
{
	const pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0)
		run(words, output);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status;
}

/* ---- what it wrote ---- */

/* @return the whole text, the caller's to free; NULL without memory or where it is no text */
static char *read_text(int file)
{
	struct stat state;
	char *text;
	ssize_t length;

	if (fstat(file, &state) != 0 || state.st_size > TEXT_MAX)
		return NULL;
	text = malloc((size_t)state.st_size + 1);
	if (text == NULL)
		return NULL;
	length = pread(file, text, (size_t)state.st_size, 0);
	if (length != state.st_size || memchr(text, '\0', (size_t)length) != NULL) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

/* The last line tells what was wrong; those before it are the library's. */
static void tell_complaint(int complaints, char problem[REMOTE_PROBLEM_SIZE])
{
	char *text = read_text(complaints);
	const char *line = "";
	char *rest = text;

	while (rest != NULL) {
		const char *next = strsep(&rest, "\n");

		if (next[strspn(next, " ")] != '\0')
			line = next;
	}
	snprintf(problem, REMOTE_PROBLEM_SIZE, "%s",
		 line[0] == '\0' ? ASKING_PROGRAM " failed and did not say why" : line);
	remote_text_clean(problem);
	free(text);
}

static int read_answer(const struct remote *remote, const struct output *output,
		       struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE])
{
	char *text = read_text(output->answer);
	int error;

	if (text == NULL) {
		snprintf(problem, REMOTE_PROBLEM_SIZE, "the answer cannot be read");
		return -EPROTO;
	}
	error = remote_text_parse(text, remote->ports, clock_now_ns(), snapshot, problem);
	free(text);
	return error;
}

static int ask(const struct remote *remote, const struct output *output, struct snapshot **snapshot,
	       char problem[REMOTE_PROBLEM_SIZE])
{
	struct command command;
	int status = make_command(remote, &command);

	if (status == 0)
		status = run_to_its_end(command.words, output);
	free(command.words);
	if (status == 0)
		return read_answer(remote, output, snapshot, problem);
	if (status > 0) {
		tell_complaint(output->complaints, problem);
		return -EIO;
	}
	snprintf(problem, REMOTE_PROBLEM_SIZE, ASKING_PROGRAM ": %s", strerror(-status));
	return status;
}

int remote_count(const struct remote *remote, struct snapshot **snapshot,
		 char problem[REMOTE_PROBLEM_SIZE])
{
	const struct output output = {
		.answer = memfd_create("answer", MFD_CLOEXEC),
		.complaints = memfd_create("complaints", MFD_CLOEXEC),
	};
	int error;

	if (output.answer >= 0 && output.complaints >= 0) {
		error = ask(remote, &output, snapshot, problem);
	} else {
		error = -errno;
		snprintf(problem, REMOTE_PROBLEM_SIZE, "memfd_create: %s", strerror(errno));
	}
	if (output.answer >= 0)
		close(output.answer);
	if (output.complaints >= 0)
		close(output.complaints);
	return error;
}
