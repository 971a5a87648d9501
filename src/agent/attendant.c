/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/attendant.h"

#include "agent/confinement.h"
#include "collect/sock_diag.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define END_WAIT_MS 1000

enum command {
	READ_SETTINGS,
	CLEAN_UP,
};

/* The settings, whose thresholds follow one by one. */
struct answer {
	int error;
	struct settings settings;
	size_t thresholds;
};

static bool send_all(int socket, const void *octets, size_t length)
{
	const char *next = octets;

	while (length > 0) {
		ssize_t sent = send(socket, next, length, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return false;
		if (sent > 0) {
			next += sent;
			length -= (size_t)sent;
		}
	}
	return true;
}

static bool receive_all(int socket, void *octets, size_t length)
{
	ssize_t received;

	do {
		received = recv(socket, octets, length, MSG_WAITALL);
	} while (received < 0 && errno == EINTR);
	return received == (ssize_t)length;
}

/* ---- the attendant ---- */

static bool answer_settings(int socket, const struct settings_source *source)
{
	struct answer answer = {0};
	bool sent;

	answer.error = settings_read(&answer.settings, source);
	if (answer.error == 0)
		answer.thresholds = answer.settings.thresholds->count;
	sent = send_all(socket, &answer, sizeof(answer));
	for (size_t place = 0; sent && place < answer.thresholds; place++)
		sent = send_all(socket, &answer.settings.thresholds->threshold[place],
				sizeof(struct threshold));
	settings_finalise(&answer.settings);
	return sent;
}

/* The end of the agent is the end of the socket. */
static void attend(int socket, const struct daemon_process *process,
		   const struct settings_source *source)
{
	unsigned char command;

	while (receive_all(socket, &command, sizeof(command))) {
		if (command == READ_SETTINGS && !answer_settings(socket, source))
			return;
		if (command == CLEAN_UP)
			daemon_remove_pid_file(process);
	}
}

/* Signals to the group that both are in are for the agent. */
_Noreturn static void be_attendant(int socket, const struct daemon_process *process,
				   const struct settings_source *given)
{
	struct settings_source source = *given;

	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	prctl(PR_SET_NAME, "tcp-state-files");
	source.bound_inactive_tried = true;
	source.bound_inactive = sock_diag_try_bound_inactive();
	confinement_enter(CONFINED_ATTENDANT, process->pid_file_name);
	attend(socket, process, &source);
	_exit(EXIT_SUCCESS);
}

/* ---- the agent ---- */

int attendant_start(struct attendant *attendant, const struct daemon_process *process,
		    const struct settings_source *source)
{
	int sockets[2];
	int error = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	switch (fork()) {
	case 0:
		close(sockets[0]);
		be_attendant(sockets[1], process, source);
	case -1:
		error = -errno;
		close(sockets[0]);
		break;
	default:
		attendant->socket = sockets[0];
		break;
	}
	close(sockets[1]);
	return error;
}

static int command(const struct attendant *attendant, enum command what)
{
	unsigned char octet = (unsigned char)what;

	return send_all(attendant->socket, &octet, sizeof(octet)) ? 0 : -EPIPE;
}

int attendant_read_settings(const struct attendant *attendant)
{
	return command(attendant, READ_SETTINGS);
}

static int take_thresholds(const struct attendant *attendant, size_t count,
			   struct thresholds **thresholds)
{
	struct threshold threshold;
	int error;

	*thresholds = thresholds_new();
	error = *thresholds == NULL ? -ENOMEM : 0;
	for (size_t place = 0; place < count; place++) {
		if (!receive_all(attendant->socket, &threshold, sizeof(threshold)))
			error = -EPIPE;
		if (error == 0)
			error = thresholds_add(thresholds, &threshold);
	}
	if (error != 0) {
		thresholds_release(*thresholds);
		*thresholds = NULL;
	}
	return error;
}

int attendant_take_settings(const struct attendant *attendant, struct settings *settings)
{
	struct answer answer;
	int error;

	if (!receive_all(attendant->socket, &answer, sizeof(answer)))
		return -EPIPE;
	if (answer.error != 0)
		return answer.error;
	error = take_thresholds(attendant, answer.thresholds, &answer.settings.thresholds);
	if (error != 0)
		return error;
	settings_finalise(settings);
	*settings = answer.settings;
	return 0;
}

void attendant_stop(struct attendant *attendant)
{
	struct pollfd end = {.fd = attendant->socket}; /* POLLHUP is always told */

	command(attendant, CLEAN_UP);
	shutdown(attendant->socket, SHUT_WR);
	poll(&end, 1, END_WAIT_MS);
	close(attendant->socket);
	attendant->socket = -1;
}
