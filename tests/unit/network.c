/* SPDX-License-Identifier: BSD-2-Clause */
#include "network.h"

#include "unit.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

static bool is_ours;

/* By default a loopback connection may reuse a TIME_WAIT socket after a second (ip-sysctl). */
static void keep_time_waits(void)
{
	int reuse = open("/proc/sys/net/ipv4/tcp_tw_reuse", O_WRONLY | O_CLOEXEC);

	if (reuse < 0)
		return;
	is_ours &= write(reuse, "0", 1) == 1;
	close(reuse);
}

/* Without root, a network namespace needs a user namespace around it. */
int network_enter(void **state)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int any;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		print_message("no network namespace can be made: what needs one is skipped\n");
		return 0;
	}
	any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	is_ours = ioctl(any, SIOCSIFFLAGS, &loopback) == 0;
	keep_time_waits();
	return close(any);
}

bool network_is_ours(void)
{
	return is_ours;
}

static struct sockaddr_in6 address_of(int family, uint16_t port)
{
	struct sockaddr_in6 address = {
		.sin6_family = (sa_family_t)family, /* both have the port at the same offset */
		.sin6_port = htons(port),
	};

	return address;
}

static int open_socket(int family)
{
	const int yes = 1;
	int opened = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(opened >= 0);
	setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (family == AF_INET6)
		setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	return opened;
}

int network_bind(int family, uint16_t port)
{
	struct sockaddr_in6 address = address_of(family, port);
	int bound = open_socket(family);

	assert_int_equal(bind(bound, (struct sockaddr *)&address, sizeof(address)), 0);
	return bound;
}

int network_listen(int family, uint16_t port)
{
	int listener = network_bind(family, port);

	assert_int_equal(listen(listener, BACKLOG), 0);
	return listener;
}

/* For connect(), the unspecified address means loopback. */
int network_connect(int family, uint16_t port)
{
	struct sockaddr_in6 address = address_of(family, port);
	int connection = open_socket(family);

	assert_int_equal(connect(connection, (struct sockaddr *)&address, sizeof(address)), 0);
	return connection;
}
