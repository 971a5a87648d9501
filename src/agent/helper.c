/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/helper.h"

#include "agent/confinement.h"
#include "agent/logging.h"
#include "cgroups.h"
#include "clock.h"
#include "collect/cgroup_names.h"
#include "collect/sock_diag.h"
#include "collect/units.h"
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_WAIT_MS 1000
#define RELOAD_TIMEOUT_NS (10 * NS_PER_SECOND)
#define RECEIVE_SIZE 65536

enum request {
	REQUEST_SETTINGS,
	REQUEST_CONNTRACK,
	REQUEST_CLEANUP,
};

/* On success the settings follow, then their watches, and their thresholds one by one. */
struct response {
	int error;
	size_t length; /* of the rest */
};

/* ---- descriptors, as SCM_RIGHTS of one byte; the byte alone if the files do not exist ---- */

struct rights {
	_Alignas(struct cmsghdr) char bytes[CMSG_SPACE(PROC_CONNTRACK_FILES * sizeof(int))];
};

static struct msghdr rights_message(struct iovec *content, struct rights *rights)
{
	return (struct msghdr){
		.msg_iov = content,
		.msg_iovlen = 1,
		.msg_control = rights->bytes,
		.msg_controllen = sizeof(rights->bytes),
	};
}

/* @param descriptors NULL: the files do not exist */
static bool send_rights(int socket, const int *descriptors)
{
	unsigned char byte = 0;
	struct iovec content = {.iov_base = &byte, .iov_len = sizeof(byte)};
	struct rights rights = {0};
	struct msghdr message = rights_message(&content, &rights);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t sent;

	if (descriptors == NULL) {
		message.msg_control = NULL;
		message.msg_controllen = 0;
	} else {
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(PROC_CONNTRACK_FILES * sizeof(int));
		memcpy(CMSG_DATA(header), descriptors, PROC_CONNTRACK_FILES * sizeof(int));
	}
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent == sizeof(byte);
}

/* A limit on open files may cut the list of descriptors short: none is used then. */
static int receive_rights(int socket, int descriptors[PROC_CONNTRACK_FILES])
{
	unsigned char byte;
	struct iovec content = {.iov_base = &byte, .iov_len = sizeof(byte)};
	struct rights rights;
	struct msghdr message = rights_message(&content, &rights);
	const struct cmsghdr *header;
	ssize_t received;
	int first;

	do {
		received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (received < 0 && errno == EINTR);
	if (received != sizeof(byte))
		return -EPIPE;
	header = CMSG_FIRSTHDR(&message);
	if (header == NULL)
		return -ENOENT;
	if (header->cmsg_len != CMSG_LEN(PROC_CONNTRACK_FILES * sizeof(int))) {
		if (header->cmsg_len == CMSG_LEN(sizeof(first))) {
			memcpy(&first, CMSG_DATA(header), sizeof(first));
			close(first);
		}
		return -ENOENT;
	}
	memcpy(descriptors, CMSG_DATA(header), PROC_CONNTRACK_FILES * sizeof(int));
	return 0;
}

/* ---- the child process that reads the configuration ---- */

static bool write_settings(int descriptor, const struct settings *settings)
{
	const struct thresholds *thresholds = settings->thresholds;
	size_t length = thresholds->count * sizeof(thresholds->threshold[0]);
	const size_t watches = watches_size(settings->watches);
	const struct response response = {.length = sizeof(*settings) + watches + length};

	return streams_write_all(descriptor, &response, sizeof(response)) &&
	       streams_write_all(descriptor, settings, sizeof(*settings)) &&
	       streams_write_all(descriptor, settings->watches, watches) &&
	       streams_write_all(descriptor, thresholds->threshold, length);
}

_Noreturn static void read_settings(int descriptor, const struct settings_source *source)
{
	struct settings settings = {0};
	struct response response = {.error = settings_read(&settings, source)};
	bool written;

	if (response.error == 0)
		written = write_settings(descriptor, &settings);
	else
		written = streams_write_all(descriptor, &response, sizeof(response));
	_exit(written ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- the helper process: its functions return false when the agent has exited ---- */

struct helper_process {
	int socket; /* to the agent */
	int files_socket;
	int units_socket; /* -1: closed */
	int names_socket; /* -1: closed */
	int exits;        /* a signalfd for SIGCHLD */
	struct daemon_process *process;
	struct settings_source source;

	/* The child process that reads the configuration: */
	int pipe; /* -1: not running */
	pid_t reader;
	int64_t deadline_ns;
	char *received; /* from malloc() */
	size_t length;
};

static bool send_error(const struct helper_process *helper, int error)
{
	const struct response response = {.error = error};

	return streams_write_all(helper->socket, &response, sizeof(response));
}

static bool start_reader(struct helper_process *helper)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return send_error(helper, -errno);
	helper->reader = fork();
	if (helper->reader == 0) {
		close(ends[0]);
		/* A child that hangs must not hide the helper's exit from the agent. */
		close(helper->socket);
		close(helper->files_socket);
		close(helper->units_socket);
		close(helper->names_socket);
		read_settings(ends[1], &helper->source);
	}
	close(ends[1]);
	if (helper->reader < 0) {
		int error = -errno;

		log_line(LOG_ERR, "cannot start a process to reload the configuration: %s",
			 strerror(-error));
		close(ends[0]);
		return send_error(helper, error);
	}
	helper->pipe = ends[0];
	helper->deadline_ns = clock_now_ns() + RELOAD_TIMEOUT_NS;
	return true;
}

/* A child that cannot be killed, because the kernel waits for a file system, is left behind. */
static void stop_reader(struct helper_process *helper)
{
	kill(helper->reader, SIGKILL);
	close(helper->pipe);
	helper->pipe = -1;
	free(helper->received);
	helper->received = NULL;
	helper->length = 0;
}

static bool is_complete(const char *received, size_t length)
{
	struct response response;

	if (length < sizeof(response))
		return false;
	memcpy(&response, received, sizeof(response));
	return length == sizeof(response) + response.length;
}

/* The reader has exited: it has finished, or crashed. */
static bool forward_response(struct helper_process *helper)
{
	bool sent;

	if (is_complete(helper->received, helper->length)) {
		sent = streams_write_all(helper->socket, helper->received, helper->length);
	} else {
		log_line(LOG_ERR, "the process that reloads the configuration failed");
		sent = send_error(helper, -EIO);
	}
	stop_reader(helper);
	return sent;
}

static bool receive_from_reader(struct helper_process *helper)
{
	char *received = realloc(helper->received, helper->length + RECEIVE_SIZE);
	ssize_t length = -1;

	if (received != NULL) {
		helper->received = received;
		length = read(helper->pipe, received + helper->length, RECEIVE_SIZE);
	}
	if (length <= 0)
		return forward_response(helper);
	helper->length += (size_t)length;
	return true;
}

static bool abandon_reader(struct helper_process *helper)
{
	log_line(LOG_ERR, "reloading the configuration timed out after %d s: a file system hangs",
		 (int)(RELOAD_TIMEOUT_NS / NS_PER_SECOND));
	stop_reader(helper);
	return send_error(helper, -ETIMEDOUT);
}

static bool send_conntrack(int files_socket)
{
	int descriptors[PROC_CONNTRACK_FILES];
	bool sent;

	if (proc_open_conntrack(descriptors) != 0)
		return send_rights(files_socket, NULL);
	sent = send_rights(files_socket, descriptors);
	for (size_t i = 0; i < PROC_CONNTRACK_FILES; i++)
		close(descriptors[i]);
	return sent;
}

static bool handle_request(struct helper_process *helper)
{
	unsigned char request;

	if (read(helper->socket, &request, sizeof(request)) != sizeof(request))
		return false;
	if (request == REQUEST_SETTINGS && helper->pipe < 0)
		return start_reader(helper);
	if (request == REQUEST_CONNTRACK)
		return send_conntrack(helper->files_socket);
	if (request == REQUEST_CLEANUP)
		daemon_remove_pid_file(helper->process);
	return true;
}

static int ms_to_deadline(const struct helper_process *helper)
{
	int64_t left_ns = helper->deadline_ns - clock_now_ns();

	if (helper->pipe < 0)
		return -1;
	return left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0;
}

/* Without a descriptor (-1), children are reaped when something else happens. */
static int open_exits(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool handle_events(struct helper_process *helper)
{
	struct pollfd events[] = {
		{.fd = helper->socket, .events = POLLIN},
		{.fd = helper->pipe, .events = POLLIN},
		{.fd = helper->exits, .events = POLLIN},
		{.fd = helper->units_socket, .events = POLLIN},
		{.fd = helper->names_socket, .events = POLLIN},
	};
	struct signalfd_siginfo received;
	bool connected = true;

	if (poll(events, sizeof(events) / sizeof(events[0]), ms_to_deadline(helper)) < 0)
		return errno == EINTR;
	/* One signal may stand for several children. */
	if (events[2].revents != 0 && read(helper->exits, &received, sizeof(received)) < 0 &&
	    errno != EINTR && errno != EAGAIN)
		return false;
	if (events[1].revents != 0)
		connected = receive_from_reader(helper);
	else if (helper->pipe >= 0 && clock_now_ns() >= helper->deadline_ns)
		connected = abandon_reader(helper);
	if (events[3].revents != 0 && !units_answer(helper->units_socket, cgroups_find)) {
		close(helper->units_socket);
		helper->units_socket = -1;
	}
	if (events[4].revents != 0 && !cgroup_names_answer(helper->names_socket)) {
		close(helper->names_socket);
		helper->names_socket = -1;
	}
	if (connected && events[0].revents != 0)
		connected = handle_request(helper);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return connected;
}

/* Signals to the process group of both are for the agent. */
_Noreturn static void run_helper(const struct helper *ends, struct daemon_process *process,
				 const struct settings_source *source)
{
	struct helper_process helper = {
		.socket = ends->socket,
		.files_socket = ends->files_socket,
		.units_socket = ends->units_socket,
		.names_socket = ends->names_socket,
		.exits = open_exits(),
		.process = process,
		.source = *source,
		.pipe = -1,
	};

	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, HELPER_PROCESS_NAME);
	daemon_detach(process);
	helper.source.bound_inactive_tried = true;
	helper.source.bound_inactive = sock_diag_try_bound_inactive();
	confinement_enter(CONFINED_HELPER, process->pid_file_name);
	while (handle_events(&helper))
		;
	if (helper.pipe >= 0)
		stop_reader(&helper);
	_exit(EXIT_SUCCESS);
}

/* ---- the agent ---- */

static void close_sockets(const struct helper *helper)
{
	if (helper->socket >= 0)
		close(helper->socket);
	if (helper->files_socket >= 0)
		close(helper->files_socket);
	if (helper->units_socket >= 0)
		close(helper->units_socket);
	if (helper->names_socket >= 0)
		close(helper->names_socket);
}

/* Opens the sockets between @p agent and @p process. */
static int open_sockets(struct helper *agent, struct helper *process)
{
	const struct {
		int *agent, *process;
		int type;
	} pairs[] = {
		{&agent->socket, &process->socket, SOCK_STREAM},
		{&agent->files_socket, &process->files_socket, SOCK_SEQPACKET},
		{&agent->units_socket, &process->units_socket, SOCK_STREAM},
		{&agent->names_socket, &process->names_socket, SOCK_SEQPACKET},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		int ends[2];

		if (socketpair(AF_UNIX, pairs[i].type | SOCK_CLOEXEC, 0, ends) < 0)
			return -errno;
		*pairs[i].agent = ends[0];
		*pairs[i].process = ends[1];
	}
	return 0;
}

int helper_start(struct helper *helper, struct daemon_process *process,
		 const struct settings_source *source)
{
	struct helper agent = {
		.socket = -1,
		.files_socket = -1,
		.units_socket = -1,
		.names_socket = -1,
	};
	struct helper other = agent;
	pid_t child = -1;
	int error = open_sockets(&agent, &other);

	if (error == 0) {
		child = fork();
		error = child < 0 ? -errno : 0;
	}
	if (error != 0) {
		close_sockets(&agent);
	} else if (child == 0) {
		close_sockets(&agent);
		run_helper(&other, process, source);
	} else {
		*helper = agent;
	}
	close_sockets(&other);
	return error;
}

/* The socket has room for the few requests that can be waiting. */
static int send_to_helper(const struct helper *helper, enum request request)
{
	unsigned char byte = (unsigned char)request;

	if (send(helper->socket, &byte, sizeof(byte), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	return 0;
}

int helper_request_settings(const struct helper *helper)
{
	return send_to_helper(helper, REQUEST_SETTINGS);
}

/* Receives no more than has arrived, and no more than belongs to the response. */
static int receive_response(struct helper *helper)
{
	struct response response = {0};
	size_t size = sizeof(response);
	ssize_t length;
	char *received;

	if (helper->length >= sizeof(response)) {
		memcpy(&response, helper->received, sizeof(response));
		size += response.length;
	}
	received = realloc(helper->received, size);
	if (received == NULL)
		return -EAGAIN; /* retried, because the socket stays readable */
	helper->received = received;
	length = recv(helper->socket, received + helper->length, size - helper->length,
		      MSG_DONTWAIT);
	if (length < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (length == 0)
		return -EPIPE;
	helper->length += (size_t)length;
	return is_complete(received, helper->length) ? 0 : -EAGAIN;
}

static int unpack_thresholds(const char *bytes, size_t length, struct thresholds **unpacked)
{
	struct thresholds *thresholds = thresholds_new();
	struct threshold threshold;

	if (thresholds == NULL)
		return -ENOMEM;
	for (; length >= sizeof(threshold); length -= sizeof(threshold)) {
		int error;

		memcpy(&threshold, bytes, sizeof(threshold));
		bytes += sizeof(threshold);
		error = thresholds_add(&thresholds, &threshold);
		if (error != 0) {
			thresholds_release(thresholds);
			return error;
		}
	}
	*unpacked = thresholds;
	return 0;
}

static int unpack_watches(const char *bytes, struct watches **watches)
{
	struct watches header;

	memcpy(&header, bytes, sizeof(header));
	*watches = malloc(watches_size(&header));
	if (*watches == NULL)
		return -ENOMEM;
	memcpy(*watches, bytes, watches_size(&header));
	return 0;
}

static int unpack_settings(const char *bytes, struct settings *settings)
{
	const char *end;
	struct settings unpacked;
	struct response response;
	int error;

	memcpy(&response, bytes, sizeof(response));
	if (response.error != 0)
		return response.error;
	bytes += sizeof(response);
	end = bytes + response.length;
	memcpy(&unpacked, bytes, sizeof(unpacked));
	bytes += sizeof(unpacked);
	error = unpack_watches(bytes, &unpacked.watches);
	if (error != 0)
		return error;
	bytes += watches_size(unpacked.watches);
	error = unpack_thresholds(bytes, (size_t)(end - bytes), &unpacked.thresholds);
	if (error == 0)
		*settings = unpacked;
	else
		free(unpacked.watches);
	return error;
}

int helper_receive_settings(struct helper *helper, struct settings *settings)
{
	int error = receive_response(helper);

	if (error != 0)
		return error;
	error = unpack_settings(helper->received, settings);
	free(helper->received);
	helper->received = NULL;
	helper->length = 0;
	return error;
}

int helper_request_conntrack(const struct helper *helper)
{
	return send_to_helper(helper, REQUEST_CONNTRACK);
}

int helper_receive_conntrack(const struct helper *helper, int descriptors[PROC_CONNTRACK_FILES])
{
	return receive_rights(helper->files_socket, descriptors);
}

void helper_stop(struct helper *helper)
{
	struct pollfd end = {.fd = helper->socket}; /* POLLHUP needs no request */

	send_to_helper(helper, REQUEST_CLEANUP);
	shutdown(helper->socket, SHUT_WR);
	poll(&end, 1, EXIT_WAIT_MS);
	close_sockets(helper);
	helper->socket = -1;
	free(helper->received);
	helper->received = NULL;
}
