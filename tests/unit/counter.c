/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When counts are derived and when they are not, with a kernel that says what the test makes up;
 * and that with the real kernel derived counts are the listed ones.
 */
#include "collect/counter.c"

#include "network.h"
#include "unit.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATES_ASKED SOCKETS_OTHER
#define MINUTE_NS (60 * NS_PER_SECOND)

/* More TIME_WAIT sockets than it takes for them to be derived. */
#define MANY 2500
#define FEW 30

/* ---- a kernel that says what it is told to ---- */

static struct {
	bool scripted;
	struct socket_counts truth;
	struct host host;
	int64_t now_ns;
	int error;            /* of the dumps */
	unsigned int full;    /* how many dumps of each kind were made */
	unsigned int partial; /* without ESTABLISHED */
	unsigned int one_family;
	unsigned int stray; /* so many derivations are wrong */
	uint32_t grows;     /* so many sockets more at each full dump */
	uint32_t opens;     /* and so many connections */
} fake;

static bool is_asked_for(socket_states states, enum tcp_state state)
{
	if (state == STATE_LISTEN)
		return states & SOCKETS_LISTENING;
	if (state == STATE_ESTABLISHED)
		return states & SOCKETS_ESTABLISHED;
	if (state == STATE_TIME_WAIT)
		return states & SOCKETS_TIME_WAIT;
	if (state == STATE_CLOSED)
		return states & SOCKETS_BOUND_INACTIVE;
	return states & SOCKETS_OTHER & ~(SOCKETS_ESTABLISHED | SOCKETS_TIME_WAIT);
}

static void copy_counts(enum tcp_family family, socket_states states, struct socket_counts *counts)
{
	for (enum tcp_state state = 0; state < STATES; state++) {
		if (!is_asked_for(states, state))
			continue;
		counts->sockets[family][state] = fake.truth.sockets[family][state];
		counts->mini[family][state] = fake.truth.mini[family][state];
	}
}

int __real_sock_diag_count(struct dump *dump, socket_states states, struct socket_counts *counts);
int __wrap_sock_diag_count(struct dump *dump, socket_states states, struct socket_counts *counts);
int __real_sock_diag_count_family(struct dump *dump, enum tcp_family family, socket_states states,
				  struct socket_counts *counts);
int __wrap_sock_diag_count_family(struct dump *dump, enum tcp_family family, socket_states states,
				  struct socket_counts *counts);
void __real_proc_read_sockstat(struct proc *proc, struct host *host);
void __wrap_proc_read_sockstat(struct proc *proc, struct host *host);
void __real_proc_read(struct proc *proc, struct host *host);
void __wrap_proc_read(struct proc *proc, struct host *host);
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_sock_diag_count(struct dump *dump, socket_states states, struct socket_counts *counts)
{
	bool is_full = states & SOCKETS_ESTABLISHED;

	fake.full += is_full;
	fake.partial += !is_full;
	if (!fake.scripted)
		return __real_sock_diag_count(dump, states, counts);
	if (fake.error != 0)
		return fake.error;
	*counts = (struct socket_counts){0};
	copy_counts(FAMILY_IPV4, states, counts);
	copy_counts(FAMILY_IPV6, states, counts);
	if (is_full) {
		counts->sockets[FAMILY_IPV4][STATE_ESTABLISHED] += fake.grows;
		fake.host.value[HOST_PASSIVE_OPENS] += fake.opens;
	}
	return 0;
}

int __wrap_sock_diag_count_family(struct dump *dump, enum tcp_family family, socket_states states,
				  struct socket_counts *counts)
{
	fake.one_family++;
	if (!fake.scripted)
		return __real_sock_diag_count_family(dump, family, states, counts);
	*counts = (struct socket_counts){0};
	copy_counts(family, states, counts);
	return 0;
}

void __wrap_proc_read_sockstat(struct proc *proc, struct host *host)
{
	if (!fake.scripted) {
		__real_proc_read_sockstat(proc, host);
		return;
	}
	*host = fake.host;
	if (fake.stray > 0) {
		fake.stray--;
		host->value[HOST_IN_USE_IPV4] = 0;
	}
}

void __wrap_proc_read(struct proc *proc, struct host *host)
{
	if (fake.scripted)
		*host = fake.host;
	else
		__real_proc_read(proc, host);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!fake.scripted)
		return __real_clock_gettime(clock, now);
	*now = clock_timespec(fake.now_ns);
	return 0;
}

/* What the kernel itself would count of the sockets that there are. */
static void tell_the_truth(void)
{
	struct host *host = &fake.host;
	uint64_t time_waits = 0;

	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		uint64_t in_use = 0;

		for (enum tcp_state state = STATE_LISTEN; state < STATES; state++)
			in_use +=
				fake.truth.sockets[family][state] - fake.truth.mini[family][state];
		host_set(host, family == FAMILY_IPV4 ? HOST_IN_USE_IPV4 : HOST_IN_USE_IPV6, in_use);
		time_waits += fake.truth.mini[family][STATE_FIN_WAIT_2] +
			      fake.truth.sockets[family][STATE_TIME_WAIT];
	}
	host_set(host, HOST_TIME_WAITS, time_waits);
	host_set(host, HOST_ACTIVE_OPENS, 1000);
	host_set(host, HOST_PASSIVE_OPENS, 2000);
}

/* Some of each state, another number everywhere. */
static void script(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.scripted = true;
	fake.now_ns = 100 * NS_PER_SECOND;
	for (enum tcp_family family = 0; family < FAMILIES; family++) {
		for (enum tcp_state state = STATE_LISTEN; state < STATES; state++)
			fake.truth.sockets[family][state] = 100 * (family + 1U) + state;
		fake.truth.mini[family][STATE_SYN_RECEIVED] =
			fake.truth.sockets[family][STATE_SYN_RECEIVED];
		fake.truth.mini[family][STATE_TIME_WAIT] =
			fake.truth.sockets[family][STATE_TIME_WAIT];
		fake.truth.mini[family][STATE_FIN_WAIT_2] = 5 + family;
	}
	tell_the_truth();
}

static void set_time_waits(uint32_t ipv4, uint32_t ipv6)
{
	fake.truth.sockets[FAMILY_IPV4][STATE_TIME_WAIT] = ipv4;
	fake.truth.sockets[FAMILY_IPV6][STATE_TIME_WAIT] = ipv6;
	fake.truth.mini[FAMILY_IPV4][STATE_TIME_WAIT] = ipv4;
	fake.truth.mini[FAMILY_IPV6][STATE_TIME_WAIT] = ipv6;
	tell_the_truth();
}

/* ---- counting ---- */

static struct kernel kernel;
static struct counter counter;
static struct tally tally;

static int count(enum count_policy policy)
{
	tally = (struct tally){.policy = policy, .states = STATES_ASKED};
	for (enum tcp_family family = 0; family < FAMILIES; family++)
		tally.listening[family] = fake.truth.sockets[family][STATE_LISTEN];
	fake.full = fake.partial = fake.one_family = 0;
	return counter_count(&counter, &tally);
}

static void assert_truth(void)
{
	assert_memory_equal(tally.counts.sockets, fake.truth.sockets, sizeof(fake.truth.sockets));
}

static void assert_derived(unsigned int full, unsigned int partial)
{
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_int_equal(tally.method, METHOD_DERIVED);
	assert_null(tally.not_derived);
	assert_int_equal(fake.full, full);
	assert_int_equal(fake.partial, partial);
	assert_truth();
}

static void assert_full(unsigned int full, unsigned int partial, const char *reason)
{
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_int_equal(tally.method, METHOD_FULL);
	assert_non_null(tally.not_derived);
	assert_string_equal(tally.not_derived, reason);
	assert_int_equal(fake.full, full);
	assert_int_equal(fake.partial, partial);
	assert_truth();
}

static int begin(void **state)
{
	(void)state;
	script();
	dump_initialise(&kernel.dump);
	proc_initialise(&kernel.proc);
	counter_initialise(&counter, &kernel);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake.scripted = false;
	dump_finalise(&kernel.dump);
	proc_finalise(&kernel.proc);
	return 0;
}

/* ---- whether two counts agree ---- */

static bool counts_agree(const struct socket_counts *before, const struct socket_counts *full,
			 const struct socket_counts *after, uint64_t opened)
{
	const struct comparison comparison = {
		.before.counts = *before,
		.full.counts = *full,
		.after.counts = *after,
		.opened = opened,
	};

	return comparison_agrees(&comparison);
}

static void counts_agree_but_for_what_was_opened(void **state)
{
	static const struct {
		uint32_t before, full, after;
		uint64_t opened;
		bool agree;
	} cases[] = {
		{0, 0, 0, 0, true},
		{100, 100, 100, 0, true},
		{100, 101, 100, 0, false},
		{100, 99, 100, 0, false},
		{100, 102, 100, 1, true},
		{100, 103, 100, 1, false},
		{100, 98, 100, 1, true},
		{100, 97, 100, 1, false},
		{100, 105, 110, 0, true},
		{110, 105, 100, 0, true},
		/* as far outside as the two differ */
		{100, 120, 110, 0, true},
		{100, 121, 110, 0, false},
		{100, 90, 110, 0, true},
		{100, 89, 110, 0, false},
		{110, 124, 100, 2, true},
		{110, 125, 100, 2, false},
		{0, UINT32_MAX, 0, 0, false},
		{0, UINT32_MAX, UINT32_MAX, 0, true},
		{UINT32_MAX, 0, UINT32_MAX, UINT32_MAX, true},
		{UINT32_MAX, 0, UINT32_MAX, 1000, false},
	};

	(void)state;
	for (size_t place = 0; place < ENTRIES(cases); place++) {
		for (enum tcp_family family = 0; family < FAMILIES; family++) {
			for (enum tcp_state one = 0; one < STATES; one++) {
				struct socket_counts before = {0}, full = {0}, after = {0};

				before.sockets[family][one] = cases[place].before;
				full.sockets[family][one] = cases[place].full;
				after.sockets[family][one] = cases[place].after;
				assert_int_equal(
					counts_agree(&before, &full, &after, cases[place].opened),
					cases[place].agree);
			}
		}
	}
}

/* One that is missing here and one too many there are two. */
static void differences_add_up_over_states(void **state)
{
	struct socket_counts before = {0}, full = {0}, after = {0};

	(void)state;
	before.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 10;
	after.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 10;
	full.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 9;
	full.sockets[FAMILY_IPV6][STATE_CLOSE_WAIT] = 1;
	assert_false(counts_agree(&before, &full, &after, 0));
	assert_true(counts_agree(&before, &full, &after, 1));
	full.sockets[FAMILY_IPV6][STATE_LAST_ACK] = 1;
	assert_false(counts_agree(&before, &full, &after, 1));
	/* small sockets are compared as sockets only */
	full = before;
	full.mini[FAMILY_IPV4][STATE_FIN_WAIT_2] = 100;
	assert_true(counts_agree(&before, &full, &after, 0));
}

/* ---- whether it pays ---- */

static void time_waits_are_derived_where_it_is_cheaper(void **state)
{
	static const struct {
		uint64_t ipv4, ipv6, time_waits;
		bool pays;
	} cases[] = {
		{0, 0, 0, false},
		{0, 0, 2000, false},
		{0, 0, 2222, false},
		{0, 0, 2223, true},
		{0, 0, 1000000, true},
		{1000000, 0, 100000, false},
		{500000, 500000, 113334, true},
		{500000, 500000, 113333, false},
		{20, 0, 2224, false},
		{20, 0, 2225, true},
		{0, 20, 2224, false},
		{0, 20, 2225, true},
	};

	(void)state;
	for (size_t place = 0; place < ENTRIES(cases); place++) {
		struct host host = {0};

		host_set(&host, HOST_IN_USE_IPV4, cases[place].ipv4);
		host_set(&host, HOST_IN_USE_IPV6, cases[place].ipv6);
		host_set(&host, HOST_TIME_WAITS, cases[place].time_waits);
		assert_int_equal(deriving_time_waits_pays(&host), cases[place].pays);
		host.known[HOST_TIME_WAITS] = false;
		assert_false(deriving_time_waits_pays(&host));
	}
}

/* ---- deriving ---- */

static struct derivation derivation_of(uint64_t ipv4, uint64_t ipv6, uint64_t time_waits)
{
	struct derivation derivation = {.of_time_waits = true};

	host_set(&derivation.before, HOST_IN_USE_IPV4, ipv4);
	host_set(&derivation.before, HOST_IN_USE_IPV6, ipv6);
	host_set(&derivation.before, HOST_TIME_WAITS, time_waits);
	derivation.after = derivation.before;
	return derivation;
}

static void established_is_what_is_left(void **state)
{
	struct derivation derivation = derivation_of(100, 50, 0);
	struct socket_counts counts = {0};

	(void)state;
	assert_null(derive_established(&derivation, &counts));
	assert_int_equal(counts.sockets[FAMILY_IPV4][STATE_ESTABLISHED], 100);
	assert_int_equal(counts.sockets[FAMILY_IPV6][STATE_ESTABLISHED], 50);

	counts = (struct socket_counts){0};
	/* neither those that are only bound nor small ones are in use */
	counts.sockets[FAMILY_IPV4][STATE_CLOSED] = 7;
	counts.sockets[FAMILY_IPV4][STATE_LISTEN] = 3;
	counts.sockets[FAMILY_IPV4][STATE_FIN_WAIT_2] = 10;
	counts.mini[FAMILY_IPV4][STATE_FIN_WAIT_2] = 4;
	counts.sockets[FAMILY_IPV6][STATE_TIME_WAIT] = 1000;
	counts.mini[FAMILY_IPV6][STATE_TIME_WAIT] = 1000;
	counts.sockets[FAMILY_IPV6][STATE_SYN_RECEIVED] = 5;
	counts.mini[FAMILY_IPV6][STATE_SYN_RECEIVED] = 5;
	derivation.after.value[HOST_IN_USE_IPV4] = 111; /* on average 105 */
	assert_null(derive_established(&derivation, &counts));
	assert_int_equal(counts.sockets[FAMILY_IPV4][STATE_ESTABLISHED], 105 - 3 - 6);
	assert_int_equal(counts.sockets[FAMILY_IPV6][STATE_ESTABLISHED], 50);
}

static void established_is_never_negative(void **state)
{
	struct derivation derivation = derivation_of(100, 50, 0);
	struct socket_counts counts = {0};

	(void)state;
	counts.sockets[FAMILY_IPV6][STATE_CLOSE_WAIT] = 50;
	assert_null(derive_established(&derivation, &counts));
	assert_int_equal(counts.sockets[FAMILY_IPV6][STATE_ESTABLISHED], 0);
	counts = (struct socket_counts){0};
	counts.sockets[FAMILY_IPV6][STATE_CLOSE_WAIT] = 51;
	assert_string_equal(derive_established(&derivation, &counts),
			    "the kernel counts fewer sockets than it lists");
}

static void what_the_kernel_does_not_tell_is_not_derived(void **state)
{
	static const enum host_object in_use[] = {HOST_IN_USE_IPV4, HOST_IN_USE_IPV6};
	struct socket_counts counts = {0};

	(void)state;
	for (size_t object = 0; object < ENTRIES(in_use); object++) {
		struct derivation before = derivation_of(100, 50, 10);
		struct derivation after = before;

		before.before.known[in_use[object]] = false;
		after.after.known[in_use[object]] = false;
		assert_string_equal(derive_established(&before, &counts),
				    "/proc/net/sockstat and sockstat6 cannot be read");
		assert_string_equal(derive_established(&after, &counts),
				    "/proc/net/sockstat and sockstat6 cannot be read");
	}
	for (int after = 0; after < 2; after++) {
		struct derivation derivation = derivation_of(100, 50, 10);

		(after ? &derivation.after : &derivation.before)->known[HOST_TIME_WAITS] = false;
		assert_string_equal(derive_time_waits(&derivation, FAMILY_IPV4, &counts),
				    "/proc/net/sockstat does not tell timewait sockets");
	}
}

static void time_waits_are_what_is_left(void **state)
{
	(void)state;
	for (enum tcp_family fewer = 0; fewer < FAMILIES; fewer++) {
		enum tcp_family more = fewer == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct derivation derivation = derivation_of(0, 0, 5000);
		struct socket_counts counts = {0};

		derivation.time_waits.sockets[fewer][STATE_TIME_WAIT] = 20;
		counts.sockets[fewer][STATE_FIN_WAIT_2] = 9;
		counts.mini[fewer][STATE_FIN_WAIT_2] = 3;
		counts.mini[more][STATE_FIN_WAIT_2] = 1;
		assert_null(derive_time_waits(&derivation, fewer, &counts));
		assert_int_equal(counts.sockets[fewer][STATE_TIME_WAIT], 20);
		assert_int_equal(counts.sockets[more][STATE_TIME_WAIT], 5000 - 20 - 4);

		derivation.time_waits.sockets[fewer][STATE_TIME_WAIT] = 4996;
		assert_null(derive_time_waits(&derivation, fewer, &counts));
		assert_int_equal(counts.sockets[more][STATE_TIME_WAIT], 0);
		derivation.time_waits.sockets[fewer][STATE_TIME_WAIT] = 4997;
		assert_string_equal(derive_time_waits(&derivation, fewer, &counts),
				    "the kernel counts fewer timewait sockets than it lists");
	}
}

/* ---- the policies ---- */

static void derived_counts_are_checked_once_and_believed(void **state)
{
	(void)state;
	assert_derived(1, 2);
	assert_int_equal(fake.one_family, 0);
	assert_derived(0, 1);
	fake.now_ns += 59 * MINUTE_NS;
	assert_derived(0, 1);
	fake.now_ns += MINUTE_NS;
	assert_derived(1, 2);
	assert_derived(0, 1);
}

/* The family that has fewer is listed, and the other one derived. */
static void many_time_waits_are_derived_of_either_family(void **state)
{
	(void)state;
	set_time_waits(MANY, FEW);
	assert_derived(1, 2);
	assert_int_equal(fake.one_family, 2);
	assert_int_equal(counter.fewer_time_waits, FAMILY_IPV6);
	set_time_waits(FEW, MANY);
	assert_derived(0, 1);
	assert_int_equal(fake.one_family, 1);
	assert_int_equal(counter.fewer_time_waits, FAMILY_IPV4);
	assert_derived(0, 1);
	set_time_waits(FEW, FEW);
	assert_derived(0, 1);
	assert_int_equal(fake.one_family, 0);
}

static void counts_that_disagree_are_not_believed_for_ten_minutes(void **state)
{
	static const char disagree[] = "derived counts disagree with listed ones";

	(void)state;
	fake.host.value[HOST_IN_USE_IPV4] += 1;
	assert_full(CHECK_TRIES + 1, 2 * CHECK_TRIES, disagree);
	fake.now_ns += 9 * MINUTE_NS;
	assert_full(1, 0, disagree);
	fake.now_ns += MINUTE_NS;
	assert_full(CHECK_TRIES + 1, 2 * CHECK_TRIES, disagree);
	tell_the_truth();
	assert_full(1, 0, disagree);
	fake.now_ns += 10 * MINUTE_NS;
	assert_derived(1, 2);
	assert_derived(0, 1);
	fake.now_ns += 60 * MINUTE_NS;
	fake.host.value[HOST_IN_USE_IPV4] += 1;
	assert_full(CHECK_TRIES + 1, 2 * CHECK_TRIES, disagree);
}

static void opened_connections_excuse_a_difference(void **state)
{
	(void)state;
	fake.grows = 10;
	fake.opens = 4;
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_int_equal(tally.method, METHOD_FULL);
	fake.opens = 5;
	fake.now_ns += 10 * MINUTE_NS;
	assert_derived(1, 2);
}

static void what_cannot_be_derived_is_listed(void **state)
{
	static const char unread[] = "/proc/net/sockstat and sockstat6 cannot be read";

	(void)state;
	fake.host = (struct host){0};
	assert_full(1, CHECK_TRIES, unread);
	assert_full(1, 0, unread);
	tell_the_truth();
	fake.now_ns += 10 * MINUTE_NS;
	assert_derived(1, 2);
}

/* A number that is wrong once is checked at once, and not held against the others. */
static void churn_is_forgiven(void **state)
{
	(void)state;
	assert_derived(1, 2);
	fake.truth.sockets[FAMILY_IPV4][STATE_ESTABLISHED] = 0;
	tell_the_truth();
	fake.stray = 1;
	assert_derived(1, 1 + 2);
	assert_derived(0, 1);
	fake.stray = CHECK_TRIES;
	assert_derived(1, CHECK_TRIES + 2);
	fake.stray = CHECK_TRIES + 1;
	assert_full(1, CHECK_TRIES + 1, "the kernel counts fewer sockets than it lists");
}

static void the_full_method_derives_nothing(void **state)
{
	(void)state;
	fake.host = (struct host){0};
	assert_int_equal(count(COUNT_FULL), 0);
	assert_int_equal(tally.method, METHOD_FULL);
	assert_null(tally.not_derived);
	assert_int_equal(fake.full, 1);
	assert_int_equal(fake.partial, 0);
	assert_truth();
}

static void the_derived_method_lists_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(count(COUNT_DERIVED), 0);
	assert_int_equal(tally.method, METHOD_DERIVED);
	assert_int_equal(fake.full, 0);
	assert_truth();
	fake.host.known[HOST_IN_USE_IPV6] = false;
	assert_int_equal(count(COUNT_DERIVED), -ENODATA);
	assert_int_equal(fake.full, 0);
	assert_string_equal(tally.not_derived, "/proc/net/sockstat and sockstat6 cannot be read");
}

static void bound_sockets_are_counted_but_not_in_use(void **state)
{
	(void)state;
	fake.truth.sockets[FAMILY_IPV4][STATE_CLOSED] = 77;
	tell_the_truth();
	for (enum count_policy policy = COUNT_AUTO; policy <= COUNT_DERIVED; policy++) {
		tally = (struct tally){.policy = policy,
				       .states = STATES_ASKED | SOCKETS_BOUND_INACTIVE};
		for (enum tcp_family family = 0; family < FAMILIES; family++)
			tally.listening[family] = fake.truth.sockets[family][STATE_LISTEN];
		assert_int_equal(counter_count(&counter, &tally), 0);
		assert_truth();
	}
}

static void an_error_is_not_a_reason_to_try_otherwise(void **state)
{
	(void)state;
	fake.error = -EIO;
	for (enum count_policy policy = COUNT_AUTO; policy <= COUNT_DERIVED; policy++)
		assert_int_equal(count(policy), -EIO);
}

/* Neither does an error make believe what was found wrong, nor what was never checked. */
static void an_error_in_the_check_earns_no_trust(void **state)
{
	static const char disagree[] = "derived counts disagree with listed ones";

	(void)state;
	fake.host.value[HOST_IN_USE_IPV4] += 1;
	assert_full(CHECK_TRIES + 1, 2 * CHECK_TRIES, disagree);
	fake.now_ns += 10 * MINUTE_NS;
	fake.error = -EIO;
	assert_int_equal(count(COUNT_AUTO), -EIO);
	fake.error = 0;
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_truth(); /* is off by one: derived, unchecked */
	assert_int_equal(tally.method, METHOD_FULL);
}

static void a_first_check_that_fails_is_made_up_for(void **state)
{
	(void)state;
	fake.host.value[HOST_IN_USE_IPV4] += 1;
	fake.error = -EIO;
	assert_int_equal(count(COUNT_AUTO), -EIO);
	fake.error = 0;
	assert_int_equal(count(COUNT_AUTO), 0);
	assert_truth();
	assert_int_equal(tally.method, METHOD_FULL);
}

/* ---- the real kernel ---- */

/* Connections that are over: the end that was closed first stays in TIME_WAIT. */
static void leave_time_waits(int family, unsigned int number)
{
	int listener = network_listen(family, 2000);

	for (unsigned int one = 0; one < number; one++) {
		int near = network_connect(family, 2000);
		int far = accept(listener, NULL, NULL);
		char end;

		assert_int_equal(shutdown(near, SHUT_WR), 0);
		assert_int_equal(read(far, &end, 1), 0);
		close(far);
		assert_int_equal(read(near, &end, 1), 0);
		close(near);
	}
	close(listener);
}

static int connect_mapped(uint16_t port)
{
	const int no = 0;
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int connection = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin6_addr.s6_addr[10] = address.sin6_addr.s6_addr[11] = 0xff;
	address.sin6_addr.s6_addr[12] = 127;
	address.sin6_addr.s6_addr[15] = 1;
	setsockopt(connection, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	assert_int_equal(connect(connection, (struct sockaddr *)&address, sizeof(address)), 0);
	return connection;
}

static void count_real(enum count_policy policy, struct tally *counted)
{
	*counted = (struct tally){.policy = policy, .states = STATES_ASKED, .listening = {1, 1}};
	assert_int_equal(counter_count(&counter, counted), 0);
}

/* Waits until the last of what the test did has come to rest. */
static void count_settled(uint32_t time_waits4, uint32_t time_waits6, struct tally *full)
{
	const uint32_t expected[FAMILIES][STATES] = {
		{0, 1, 0, 0, 5, 0, 1, 1, 0, 0, time_waits4},
		{0, 1, 0, 0, 5, 0, 1, 1, 0, 0, time_waits6},
	};
	int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SECOND;

	do
		count_real(COUNT_FULL, full);
	while ((memcmp(full->counts.sockets, expected, sizeof(expected)) != 0 ||
		full->counts.mini[FAMILY_IPV6][STATE_FIN_WAIT_2] != 1) &&
	       clock_now_ns() < deadline_ns);
	assert_memory_equal(full->counts.sockets, expected, sizeof(expected));
}

static void assert_methods_agree(uint32_t time_waits4, uint32_t time_waits6,
				 unsigned int one_family)
{
	struct tally full, derived, chosen;

	count_settled(time_waits4, time_waits6, &full);
	assert_int_equal(full.method, METHOD_FULL);
	fake.one_family = 0;
	count_real(COUNT_DERIVED, &derived);
	assert_int_equal(fake.one_family, one_family);
	assert_int_equal(derived.method, METHOD_DERIVED);
	assert_memory_equal(derived.counts.sockets, full.counts.sockets,
			    sizeof(full.counts.sockets));
	count_real(COUNT_AUTO, &chosen);
	assert_int_equal(chosen.method, METHOD_DERIVED);
	assert_memory_equal(chosen.counts.sockets, full.counts.sockets,
			    sizeof(full.counts.sockets));
}

/* A connection is two sockets; that of an address that is mapped has an end in each family. */
static void derived_counts_are_the_listed_ones(void **state)
{
	int open[9], closed;

	(void)state;
	if (!network_is_ours())
		skip();
	fake.scripted = false;
	open[0] = network_listen(AF_INET, 1000);
	open[1] = network_listen(AF_INET6, 1000);
	open[2] = network_connect(AF_INET, 1000);
	open[3] = network_connect(AF_INET, 1000);
	open[4] = network_connect(AF_INET6, 1000);
	open[5] = network_connect(AF_INET6, 1000);
	open[6] = connect_mapped(1000);
	open[7] = network_bind(AF_INET, 1001);
	open[8] = network_connect(AF_INET, 1000);
	shutdown(open[8], SHUT_WR);
	/* of which a small socket is left */
	closed = network_connect(AF_INET6, 1000);
	close(closed);
	leave_time_waits(AF_INET, FEW);
	leave_time_waits(AF_INET6, FEW);
	assert_methods_agree(FEW, FEW, 0);
	leave_time_waits(AF_INET, MANY);
	assert_methods_agree(FEW + MANY, FEW, 1);
	leave_time_waits(AF_INET6, 2 * MANY);
	assert_methods_agree(FEW + MANY, FEW + 2 * MANY, 1);
	for (size_t place = 0; place < ENTRIES(open); place++)
		close(open[place]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts_agree_but_for_what_was_opened),
		TEST(differences_add_up_over_states),
		TEST(time_waits_are_derived_where_it_is_cheaper),
		TEST(established_is_what_is_left),
		TEST(established_is_never_negative),
		TEST(what_the_kernel_does_not_tell_is_not_derived),
		TEST(time_waits_are_what_is_left),
		TEST(derived_counts_are_checked_once_and_believed),
		TEST(many_time_waits_are_derived_of_either_family),
		TEST(counts_that_disagree_are_not_believed_for_ten_minutes),
		TEST(opened_connections_excuse_a_difference),
		TEST(what_cannot_be_derived_is_listed),
		TEST(churn_is_forgiven),
		TEST(the_full_method_derives_nothing),
		TEST(the_derived_method_lists_nothing_else),
		TEST(bound_sockets_are_counted_but_not_in_use),
		TEST(an_error_is_not_a_reason_to_try_otherwise),
		TEST(an_error_in_the_check_earns_no_trust),
		TEST(a_first_check_that_fails_is_made_up_for),
		TEST(derived_counts_are_the_listed_ones),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, network_enter, NULL);
}
