/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways in which a netlink dump ends: by the real kernel where it can be made to do so, scripted
 * otherwise.
 */
#include "collect/dump.c"

#include "datagrams.h"
#include "unit.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE_MS 10000
#define ALL_STATES_MASK 0xffeU

/* Reserved for experiments by IANA; sock_diag has no handler for it. */
#define UNKNOWN_PROTOCOL 254

static struct dump dump;
static unsigned int visited;

/* ---- requests ---- */

static int visit_any(const struct nlmsghdr *message, void *context)
{
	(void)message;
	(void)context;
	visited++;
	return 0;
}

static int run_tcp(dump_visit *visit, void *context)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req body;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = TCPDIAG_GETSOCK},
		.body = {.idiag_family = AF_UNSPEC, .idiag_states = ALL_STATES_MASK},
	};

	visited = 0;
	return dump_run(&dump, &request.header, visit, context);
}

static int open_dump(void **state)
{
	(void)state;
	dump_initialise(&dump);
	return run_tcp(visit_any, NULL);
}

static int close_dump(void **state)
{
	(void)state;
	datagrams_script(NULL, 0);
	dump_finalise(&dump);
	return 0;
}

/* An error only closes the socket. */
static void assert_recovers(void)
{
	assert_null(dump.socket);
	assert_int_equal(run_tcp(visit_any, NULL), 0);
	assert_non_null(dump.socket);
}

/* ---- scripted answers ---- */

static struct nlmsghdr header(uint16_t type, uint16_t flags)
{
	return (struct nlmsghdr){
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(flags | NLM_F_MULTI),
		.nlmsg_seq = dump.sequence + 1,
		.nlmsg_pid = dump.port,
	};
}

static struct nlmsghdr *add_socket(struct bytes *bytes)
{
	static const struct inet_diag_msg socket = {.idiag_family = AF_INET};

	return bytes_add(bytes, header(TCPDIAG_GETSOCK, 0), &socket, sizeof(socket));
}

static struct nlmsghdr *add_result(struct bytes *bytes, uint16_t type, int result)
{
	return bytes_add(bytes, header(type, 0), &result, sizeof(result));
}

static int run_scripted(const struct datagram *script, size_t count)
{
	int error;

	datagrams_script(script, count);
	error = run_tcp(visit_any, NULL);
	assert_int_equal(datagrams_left(), 0);
	return error;
}

static void assert_answer_fails(const struct bytes *bytes, int error)
{
	const struct datagram script = {.bytes = bytes};

	assert_int_equal(run_scripted(&script, 1), error);
	assert_recovers();
}

/* ---- dumps that succeed ---- */

struct sought {
	in_port_t port;
	uint32_t inode;
	unsigned int found;
};

static int seek(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(message);
	struct sought *sought = context;

	if (socket->idiag_inode == sought->inode && socket->id.idiag_sport == sought->port)
		sought->found++;
	return 0;
}

static void a_real_dump_lists_a_socket_once(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat status;
	struct sought sought = {0};

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(fstat(listener, &status), 0);
	sought.port = address.sin_port;
	sought.inode = (uint32_t)status.st_ino;
	assert_int_equal(run_tcp(seek, &sought), 0);
	assert_int_equal(sought.found, 1);
	assert_non_null(dump.socket);
	close(listener);
}

static void each_dump_has_a_new_sequence_number(void **state)
{
	(void)state;
	assert_int_equal(dump.sequence, 1);
	assert_int_equal(run_tcp(visit_any, NULL), 0);
	assert_int_equal(dump.sequence, 2);
}

static void two_datagrams_make_one_dump(void **state)
{
	struct bytes first = {0}, second = {0};
	const struct datagram script[] = {{.bytes = &first}, {.bytes = &second}};

	(void)state;
	add_socket(&first);
	add_socket(&first);
	add_socket(&second);
	add_result(&second, NLMSG_DONE, 0);
	assert_int_equal(run_scripted(script, ENTRIES(script)), 0);
	assert_int_equal(visited, 3);
	assert_non_null(dump.socket);
}

static void a_dump_without_sockets_succeeds(void **state)
{
	struct bytes bytes = {0};
	const struct datagram script = {.bytes = &bytes};

	(void)state;
	add_result(&bytes, NLMSG_DONE, 0);
	assert_int_equal(run_scripted(&script, 1), 0);
	assert_int_equal(visited, 0);
}

static void an_interrupted_receive_is_repeated(void **state)
{
	struct bytes bytes = {0};
	const struct datagram script[] = {{.error = EINTR}, {.error = EINTR}, {.bytes = &bytes}};

	(void)state;
	add_socket(&bytes);
	add_result(&bytes, NLMSG_DONE, 0);
	assert_int_equal(run_scripted(script, ENTRIES(script)), 0);
	assert_int_equal(visited, 1);
}

/* ---- other senders ---- */

static void a_foreign_sender_is_ignored(void **state)
{
	struct bytes foreign = {0}, bytes = {0};
	const struct datagram script[] = {{.bytes = &foreign, .sender = 4711}, {.bytes = &bytes}};

	(void)state;
	add_result(&foreign, NLMSG_DONE, 0);
	add_socket(&bytes);
	add_result(&bytes, NLMSG_DONE, 0);
	assert_int_equal(run_scripted(script, ENTRIES(script)), 0);
	assert_int_equal(visited, 1);
}

/* Needs CAP_NET_ADMIN, as every sender to another process does (netlink_sendmsg). */
static void a_real_foreign_sender_is_ignored(void **state)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pid = dump.port};
	int foreign = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct bytes bytes = {0};
	ssize_t sent;

	(void)state;
	add_result(&bytes, NLMSG_DONE, -EHOSTDOWN);
	sent = sendto(foreign, bytes.at, bytes.length, 0, (struct sockaddr *)&address,
		      sizeof(address));
	close(foreign);
	if (sent < 0)
		skip();
	assert_int_equal(run_tcp(visit_any, NULL), 0);
}

/* ---- results ---- */

static void an_error_inside_done_is_an_error(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_socket(&bytes);
	add_result(&bytes, NLMSG_DONE, -ENOENT);
	assert_answer_fails(&bytes, -ENOENT);
}

static void a_real_error_inside_done_is_an_error(void **state)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = SOCK_DIAG_BY_FAMILY},
		.body = {.sdiag_family = AF_INET,
			 .sdiag_protocol = UNKNOWN_PROTOCOL,
			 .idiag_states = ALL_STATES_MASK},
	};

	(void)state;
	assert_int_equal(dump_run(&dump, &request.header, visit_any, NULL), -ENOENT);
	assert_recovers();
}

static void a_real_error_message_is_an_error(void **state)
{
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY, /* without the body that contains the family */
	};

	(void)state;
	assert_int_equal(dump_run(&dump, &request, visit_any, NULL), -EINVAL);
	assert_recovers();
}

static void an_error_message_is_an_error(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_result(&bytes, NLMSG_ERROR, -EACCES);
	assert_answer_fails(&bytes, -EACCES);
}

static void an_acknowledgement_is_not_a_dump(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_result(&bytes, NLMSG_ERROR, 0);
	assert_answer_fails(&bytes, -EPROTO);
}

static void a_result_without_its_number_is_truncated(void **state)
{
	static const uint16_t types[] = {NLMSG_DONE, NLMSG_ERROR};

	(void)state;
	for (size_t type = 0; type < ENTRIES(types); type++) {
		struct bytes bytes = {0};

		bytes_add(&bytes, header(types[type], 0), "abc", 3);
		assert_answer_fails(&bytes, -EBADMSG);
	}
}

/* ---- malformed messages ---- */

static void a_datagram_that_ends_in_a_header_is_truncated(void **state)
{
	(void)state;
	for (size_t length = 1; length < sizeof(struct nlmsghdr); length++) {
		struct bytes bytes = {0};
		const struct datagram script = {.bytes = &bytes};

		add_socket(&bytes);
		bytes.length += length;
		assert_int_equal(run_scripted(&script, 1), -EBADMSG);
		assert_int_equal(visited, 1);
		assert_recovers();
	}
}

static void a_header_without_its_payload_is_truncated(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_socket(&bytes);
	bytes.length = sizeof(struct nlmsghdr);
	assert_answer_fails(&bytes, -EBADMSG);
}

static void a_message_beyond_the_end_is_truncated(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_socket(&bytes)->nlmsg_len += 1;
	assert_answer_fails(&bytes, -EBADMSG);
}

/* libmnl relies on the padding. */
static void a_message_without_its_padding_is_truncated(void **state)
{
	(void)state;
	for (size_t length = 4; length < 8; length++) {
		struct bytes bytes = {0};

		bytes_add(&bytes, header(NLMSG_DONE, 0), "\0\0\0\0\0\0\0", length);
		bytes.length = NLMSG_LENGTH(length);
		if (length > 4)
			assert_answer_fails(&bytes, -EBADMSG);
		else
			assert_int_equal(run_scripted(&(struct datagram){.bytes = &bytes}, 1), 0);
	}
}

static void a_message_shorter_than_its_header_is_truncated(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_socket(&bytes)->nlmsg_len = sizeof(struct nlmsghdr) - 1;
	assert_answer_fails(&bytes, -EBADMSG);
}

/* libmnl's own check compares lengths as int. */
static void a_message_of_more_than_2_gib_is_truncated(void **state)
{
	static const uint32_t lengths[] = {INT32_MAX, 0x80000000, 0xfffffff0, UINT32_MAX};

	(void)state;
	for (size_t length = 0; length < ENTRIES(lengths); length++) {
		struct bytes on_socket = {0}, on_done = {0};

		add_socket(&on_socket)->nlmsg_len = lengths[length];
		add_result(&on_socket, NLMSG_DONE, 0);
		assert_answer_fails(&on_socket, -EBADMSG);
		add_result(&on_done, NLMSG_DONE, 0)->nlmsg_len = lengths[length];
		assert_answer_fails(&on_done, -EBADMSG);
	}
}

static void garbage_after_the_last_message_is_an_error(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_socket(&bytes);
	bytes.at[bytes.length] = 0xff;
	bytes.length += 4;
	assert_answer_fails(&bytes, -EBADMSG);
}

static void a_leftover_of_another_dump_is_an_error(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_socket(&bytes)->nlmsg_seq -= 1;
	add_result(&bytes, NLMSG_DONE, 0);
	assert_answer_fails(&bytes, -EPROTO);
}

static void a_message_for_another_port_is_an_error(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	add_socket(&bytes)->nlmsg_pid += 1;
	add_result(&bytes, NLMSG_DONE, 0);
	assert_answer_fails(&bytes, -EPROTO);
}

static void an_interrupted_walk_is_an_error(void **state)
{
	struct bytes on_socket = {0}, on_done = {0};

	(void)state;
	add_socket(&on_socket)->nlmsg_flags |= NLM_F_DUMP_INTR;
	add_result(&on_socket, NLMSG_DONE, 0);
	assert_answer_fails(&on_socket, -EINTR);
	add_socket(&on_done);
	add_result(&on_done, NLMSG_DONE, 0)->nlmsg_flags |= NLM_F_DUMP_INTR;
	assert_answer_fails(&on_done, -EINTR);
}

static void an_unexpected_type_is_an_error(void **state)
{
	static const uint16_t types[] = {
		0, NLMSG_NOOP, NLMSG_OVERRUN, TCPDIAG_GETSOCK - 1, SOCK_DIAG_BY_FAMILY, UINT16_MAX};

	(void)state;
	for (size_t type = 0; type < ENTRIES(types); type++) {
		struct bytes bytes = {0};

		bytes_add(&bytes, header(types[type], 0), "abcd", 4);
		assert_answer_fails(&bytes, -EPROTO);
	}
}

/* ---- receiving that fails ---- */

static void a_datagram_longer_than_the_buffer_is_an_error(void **state)
{
	struct bytes bytes = {0};
	const struct datagram script = {.bytes = &bytes, .flags = MSG_TRUNC};

	(void)state;
	add_result(&bytes, NLMSG_DONE, 0);
	assert_int_equal(run_scripted(&script, 1), -ENOSPC);
	assert_recovers();
}

/* A kernel multicast about closed TCP sockets to a full socket is lost. */
static void a_real_lost_datagram_is_an_error(void **state)
{
	int descriptor = mnl_socket_get_fd(dump.socket);
	struct pollfd lost = {.fd = descriptor};
	int group = SKNLGRP_INET_TCP_DESTROY;
	int smallest = 1;
	int waited = 0;

	(void)state;
	assert_int_equal(setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest)),
			 0);
	assert_int_equal(
		setsockopt(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)),
		0);
	do
		close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	while (poll(&lost, 1, 1) == 0 && ++waited < DEADLINE_MS);
	assert_true(lost.revents & POLLERR);
	assert_int_equal(run_tcp(visit_any, NULL), -ENOBUFS);
	assert_recovers();
}

/* ---- other errors ---- */

static int give_up(const struct nlmsghdr *message, void *context)
{
	(void)message;
	(void)context;
	visited++;
	return -EDOM;
}

static void an_error_of_the_visitor_ends_the_dump(void **state)
{
	struct bytes bytes = {0};
	const struct datagram script = {.bytes = &bytes};

	(void)state;
	add_socket(&bytes);
	add_socket(&bytes);
	add_result(&bytes, NLMSG_DONE, 0);
	datagrams_script(&script, 1);
	assert_int_equal(run_tcp(give_up, NULL), -EDOM);
	assert_int_equal(visited, 1);
	assert_recovers();
}

static void a_lack_of_descriptors_is_an_error(void **state)
{
	struct rlimit before, none;

	(void)state;
	dump_finalise(&dump);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(run_tcp(visit_any, NULL), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_recovers();
}

static void failed_dumps_leave_no_descriptor_open(void **state)
{
	struct bytes bytes = {0};
	const struct datagram script = {.bytes = &bytes};
	size_t before;

	(void)state;
	dump_finalise(&dump);
	dump_finalise(&dump);
	before = unit_entries("/proc/self/fd");
	for (int time = 0; time < 3; time++)
		assert_int_equal(run_scripted(&script, 0), 0);
	assert_int_equal(unit_entries("/proc/self/fd"), before + 1);
	add_result(&bytes, NLMSG_DONE, -EIO);
	assert_int_equal(run_scripted(&script, 1), -EIO);
	assert_int_equal(unit_entries("/proc/self/fd"), before);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_dump, close_dump)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_real_dump_lists_a_socket_once),
		TEST(each_dump_has_a_new_sequence_number),
		TEST(two_datagrams_make_one_dump),
		TEST(a_dump_without_sockets_succeeds),
		TEST(an_interrupted_receive_is_repeated),
		TEST(a_foreign_sender_is_ignored),
		TEST(a_real_foreign_sender_is_ignored),
		TEST(an_error_inside_done_is_an_error),
		TEST(a_real_error_inside_done_is_an_error),
		TEST(a_real_error_message_is_an_error),
		TEST(an_error_message_is_an_error),
		TEST(an_acknowledgement_is_not_a_dump),
		TEST(a_result_without_its_number_is_truncated),
		TEST(a_datagram_that_ends_in_a_header_is_truncated),
		TEST(a_header_without_its_payload_is_truncated),
		TEST(a_message_beyond_the_end_is_truncated),
		TEST(a_message_without_its_padding_is_truncated),
		TEST(a_message_shorter_than_its_header_is_truncated),
		TEST(a_message_of_more_than_2_gib_is_truncated),
		TEST(garbage_after_the_last_message_is_an_error),
		TEST(a_leftover_of_another_dump_is_an_error),
		TEST(a_message_for_another_port_is_an_error),
		TEST(an_interrupted_walk_is_an_error),
		TEST(an_unexpected_type_is_an_error),
		TEST(a_datagram_longer_than_the_buffer_is_an_error),
		TEST(a_real_lost_datagram_is_an_error),
		TEST(an_error_of_the_visitor_ends_the_dump),
		TEST(a_lack_of_descriptors_is_an_error),
		TEST(failed_dumps_leave_no_descriptor_open),
	};

	alarm(600);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
