/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/remote.h"

#include "cli/snmp_helper.h"
#include "clock.h"
#include "utf8.h"

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

#define CLIENT "tcp-states-snmp"
#define PORT_OPTION_SIZE sizeof("-Cp65535")

/* A static tcp-states is distributed alone. */
#ifdef STATIC
static const bool has_client = false;
#else
static const bool has_client = true;
#endif

/* Longer than any answer. */
#define TEXT_SIZE_MAX (32L * 1024 * 1024)

/* Files in memory, which the client writes to without blocking. */
struct output {
	int answer;
	int errors;
};

struct command {
	char **words;
	char port_options[WATCHED_PORTS_MAX][PORT_OPTION_SIZE];
};

/* ---- running the client ---- */

static size_t count_words(char *const words[])
{
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	return count;
}

static int make_command(const struct remote *remote, const struct watched_ports *ports,
			struct command *command)
{
	const size_t options = count_words(remote->snmp_options);
	char **word = calloc(WATCHED_PORTS_MAX + options + 12, sizeof(*word));

	command->words = word;
	if (word == NULL)
		return -ENOMEM;
	*word++ = (char *)CLIENT;
	if (remote->listeners)
		*word++ = (char *)"-Cl";
	if (remote->watches)
		*word++ = (char *)"-Cw";
	if (remote->owners)
		*word++ = (char *)"-Co";
	if (remote->thresholds)
		*word++ = (char *)"-Ct";
	for (size_t port = 0; ports != NULL && port < ports->count; port++) {
		snprintf(command->port_options[port], PORT_OPTION_SIZE, "-Cp%u",
			 ports->port[port].number);
		*word++ = command->port_options[port];
	}
	if (remote->community != NULL) {
		*word++ = (char *)"-v";
		*word++ = (char *)"2c";
		*word++ = (char *)"-c";
		*word++ = (char *)remote->community;
	}
	memcpy(word, remote->snmp_options, options * sizeof(*word));
	word += options;
	*word++ = (char *)"--";
	*word = (char *)remote->host;
	return 0;
}

static _Noreturn void exec_client(char *const words[], const struct output *output)
{
	sigset_t none;

	/* A caller may block signals for signalfd(2); ^C must end the client. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(output->answer, STDOUT_FILENO) >= 0 && dup2(output->errors, STDERR_FILENO) >= 0) {
		execv(snmp_helper_path, words);
		dprintf(STDERR_FILENO, "cannot run %s: %s\n", snmp_helper_path, strerror(errno));
	}
	_exit(EXIT_FAILURE);
}

/* @return the status from waitpid(), or -errno */
static int run_client(char *const words[], const struct output *output)
{
	const pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0)
		exec_client(words, output);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status;
}

/* ---- its output ---- */

/* @return the text, the caller's to free; NULL if it is not a text, or without memory */
static char *read_output(int file)
{
	struct stat state;
	char *text;
	ssize_t length;

	if (fstat(file, &state) != 0 || state.st_size > TEXT_SIZE_MAX)
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

/* The last line has the reason; the lines before it are from the library. */
static void read_error(int errors, char problem[REMOTE_PROBLEM_SIZE])
{
	char *text = read_output(errors);
	const char *line = "";
	char *rest = text;

	while (rest != NULL) {
		const char *next = strsep(&rest, "\n");

		if (next[strspn(next, " ")] != '\0')
			line = next;
	}
	utf8_copy(problem, REMOTE_PROBLEM_SIZE,
		  line[0] == '\0' ? CLIENT " failed without a message" : line);
	free(text);
}

static int read_answer(const struct remote *remote, const struct watched_ports *ports,
		       const struct output *output, struct snapshot **snapshot,
		       char problem[REMOTE_PROBLEM_SIZE])
{
	const struct remote_request request = {
		.ports = ports,
		.watches = remote->watches,
		.owners = remote->owners,
		.thresholds = remote->thresholds,
	};
	char *text = read_output(output->answer);
	int error;

	if (text == NULL) {
		snprintf(problem, REMOTE_PROBLEM_SIZE, "unreadable answer");
		return -EPROTO;
	}
	error = remote_text_parse(text, &request, clock_now_ns(), snapshot, problem);
	free(text);
	return error;
}

static int count_by_client(const struct remote *remote, const struct watched_ports *ports,
			   const struct output *output, struct snapshot **snapshot,
			   char problem[REMOTE_PROBLEM_SIZE])
{
	struct command command;
	int status = make_command(remote, ports, &command);

	if (status == 0)
		status = run_client(command.words, output);
	free(command.words);
	if (status == 0)
		return read_answer(remote, ports, output, snapshot, problem);
	if (status > 0) {
		read_error(output->errors, problem);
		return -EIO;
	}
	snprintf(problem, REMOTE_PROBLEM_SIZE, CLIENT ": %s", strerror(-status));
	return status;
}

static int count_on_host(const struct remote *remote, const struct watched_ports *ports,
			 struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE])
{
	struct output output;
	int error;

	if (!has_client) {
		snprintf(problem, REMOTE_PROBLEM_SIZE,
			 "the static tcp-states cannot query other hosts (install the package)");
		return -ENOTSUP;
	}
	output.answer = memfd_create("answer", MFD_CLOEXEC);
	output.errors = memfd_create("errors", MFD_CLOEXEC);
	if (output.answer >= 0 && output.errors >= 0) {
		error = count_by_client(remote, ports, &output, snapshot, problem);
	} else {
		error = -errno;
		snprintf(problem, REMOTE_PROBLEM_SIZE, "memfd_create: %s", strerror(errno));
	}
	if (output.answer >= 0)
		close(output.answer);
	if (output.errors >= 0)
		close(output.errors);
	return error;
}

int remote_count(const struct remote *remote, const struct watched_ports *ports,
		 struct snapshot **snapshot, char problem[REMOTE_PROBLEM_SIZE])
{
	char reason[REMOTE_PROBLEM_SIZE];
	const int error = count_on_host(remote, ports, snapshot, reason);
	int length;

	if (error == 0)
		return 0;
	length = snprintf(problem, REMOTE_PROBLEM_SIZE, "%.255s: ", remote->host);
	utf8_copy(problem + length, REMOTE_PROBLEM_SIZE - (size_t)length, reason);
	return error;
}
