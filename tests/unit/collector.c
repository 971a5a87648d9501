/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The refresh thread, with real dumps: when it refreshes, and that it stops at any point and
 * releases everything.
 */
#include "collect/collector.c"

#include "unit.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#define DEADLINE_MS 100000
#define HOUR_NS (3600 * NS_PER_SECOND)

static struct collector *collector;
static size_t descriptors_before;
static size_t threads_before;

/* ---- snapshots are counted, to detect leaks without a sanitizer ---- */

static atomic_uint made;
static atomic_uint freed;
static atomic_bool out_of_memory;

struct snapshot *__real_snapshot_new(void);
struct snapshot *__wrap_snapshot_new(void);
void __real_snapshot_free(struct snapshot *snapshot);
void __wrap_snapshot_free(struct snapshot *snapshot);

struct snapshot *__wrap_snapshot_new(void)
{
	struct snapshot *snapshot = out_of_memory ? NULL : __real_snapshot_new();

	made += snapshot != NULL;
	return snapshot;
}

void __wrap_snapshot_free(struct snapshot *snapshot)
{
	freed += snapshot != NULL;
	__real_snapshot_free(snapshot);
}

/* ---- one collector at a time ---- */

static struct collector_settings settings_of(int64_t interval_ns)
{
	return (struct collector_settings){
		.interval_ns = interval_ns,
		.cpu_limit = 100,
		.refresh_options = {.policy = COUNT_FULL},
	};
}

static void start_refreshing(int64_t interval_ns)
{
	const struct collector_settings settings = settings_of(interval_ns);

	made = 0;
	freed = 0;
	descriptors_before = unit_entries("/proc/self/fd");
	threads_before = unit_entries("/proc/self/task");
	assert_int_equal(collector_new(&collector, &settings, -1, -1), 0);
	assert_int_equal(collector_start(collector), 0);
}

/* Also asserts that no snapshot, descriptor or thread is left. */
static void stop_refreshing(void)
{
	int64_t deadline_ns = clock_now_ns() + DEADLINE_MS * NS_PER_MS;

	collector_stop(collector);
	assert_int_equal(freed, made);
	assert_int_equal(unit_entries("/proc/self/fd"), descriptors_before);
	/* a thread that was joined is still listed while the kernel takes it down */
	while (unit_entries("/proc/self/task") > threads_before && clock_now_ns() < deadline_ns)
		sched_yield();
	assert_int_equal(unit_entries("/proc/self/task"), threads_before);
}

static void configure(int64_t interval_ns)
{
	const struct collector_settings settings = settings_of(interval_ns);

	assert_int_equal(collector_configure(collector, &settings), 0);
}

static bool readable_within(int milliseconds)
{
	struct pollfd refreshes = {.fd = collector_descriptor(collector), .events = POLLIN};

	return poll(&refreshes, 1, milliseconds) == 1;
}

/* Takes a successful refresh; returns the time when it began. */
static int64_t take(int64_t *interval_ns)
{
	struct refresh refresh;
	int64_t taken_ns;

	assert_true(readable_within(DEADLINE_MS));
	assert_int_equal(collector_take(collector, &refresh), 0);
	assert_int_equal(refresh.error, 0);
	assert_null(refresh.failed);
	assert_int_equal(refresh.snapshot->method, METHOD_FULL);
	taken_ns = refresh.snapshot->taken_ns;
	*interval_ns = refresh.interval_ns;
	snapshot_free(refresh.snapshot);
	return taken_ns;
}

static void the_first_refresh_is_immediate_and_single(void **state)
{
	int64_t before_ns = clock_now_ns();
	int64_t interval_ns, taken_ns;

	(void)state;
	start_refreshing(HOUR_NS);
	taken_ns = take(&interval_ns);
	assert_between(taken_ns, before_ns, clock_now_ns());
	assert_int_equal(interval_ns, HOUR_NS);
	assert_false(readable_within(50));
	stop_refreshing();
}

static void refreshes_are_received_in_order_at_the_interval(void **state)
{
	static const int64_t every_ns = 50 * NS_PER_MS;
	int64_t before_ns = clock_now_ns();
	int64_t last_ns = 0;

	(void)state;
	start_refreshing(every_ns);
	for (int number = 0; number < 10; number++) {
		int64_t interval_ns;
		int64_t taken_ns = take(&interval_ns);

		assert_int_equal(interval_ns, every_ns);
		assert_true(taken_ns > last_ns);
		assert_true(taken_ns >= before_ns + number * every_ns);
		last_ns = taken_ns;
	}
	stop_refreshing();
}

static void a_snapshot_says_how_long_it_took(void **state)
{
	struct refresh refresh;
	int64_t before_ns = clock_now_ns();

	(void)state;
	start_refreshing(HOUR_NS);
	assert_true(readable_within(DEADLINE_MS));
	assert_int_equal(collector_take(collector, &refresh), 0);
	assert_between(refresh.snapshot->duration_us, 1, (clock_now_ns() - before_ns) / NS_PER_US);
	snapshot_free(refresh.snapshot);
	stop_refreshing();
}

static void new_settings_cause_an_immediate_refresh(void **state)
{
	int64_t interval_ns;

	(void)state;
	start_refreshing(HOUR_NS);
	take(&interval_ns);
	configure(2 * HOUR_NS);
	take(&interval_ns);
	assert_int_equal(interval_ns, 2 * HOUR_NS);
	assert_false(readable_within(50));
	stop_refreshing();
}

/* However many refreshes were pending, the last one has the current interval. */
static void the_last_interval_applies(void **state)
{
	int64_t interval_ns;

	(void)state;
	start_refreshing(NS_PER_MS);
	take(&interval_ns);
	configure(HOUR_NS);
	/* pending ones come first */
	while (interval_ns != HOUR_NS)
		take(&interval_ns);
	assert_false(readable_within(50));
	stop_refreshing();
}

static void the_last_of_many_settings_holds(void **state)
{
	int64_t interval_ns = 0;

	(void)state;
	start_refreshing(HOUR_NS);
	take(&interval_ns);
	for (int64_t hours = 2; hours <= 10; hours++)
		configure(hours * HOUR_NS);
	while (interval_ns != 10 * HOUR_NS) {
		int64_t last_ns = interval_ns;

		take(&interval_ns);
		assert_true(interval_ns > last_ns);
	}
	assert_false(readable_within(50));
	stop_refreshing();
}

/* ---- the limit of CPU time ---- */

static void the_interval_grows_with_the_cost_of_a_refresh(void **state)
{
	static const struct {
		double limit;
		int64_t cost_ms, interval_ms;
	} cases[] = {
		{2, 0, 5000},     {2, 99, 5000},     {2, 100, 5000},       {2, 101, 5050},
		{2, 1000, 50000}, {100, 4999, 5000}, {100, 5001, 5001},    {0.5, 25, 5000},
		{0.5, 26, 5200},  {0.1, 5, 5000},    {0.1, 3600, 3600000},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(cases); i++) {
		const struct collector_settings settings = {
			.interval_ns = 5 * NS_PER_SECOND,
			.cpu_limit = cases[i].limit,
		};

		assert_int_equal(affordable_interval_ns(&settings, cases[i].cost_ms * NS_PER_MS),
				 cases[i].interval_ms * NS_PER_MS);
	}
}

/* The first refresh, which may be expensive by chance, delays nothing. */
static void real_refreshes_keep_to_the_limit(void **state)
{
	struct collector_settings settings = settings_of(1);
	int64_t interval_ns, first_ns, second_ns, third_ns;

	(void)state;
	start_refreshing(HOUR_NS);
	take(&interval_ns);
	assert_int_equal(interval_ns, HOUR_NS);
	stop_refreshing();

	start_refreshing(1);
	first_ns = take(&interval_ns);
	assert_int_equal(interval_ns, 1);
	second_ns = take(&interval_ns);
	assert_true(second_ns > first_ns);
	assert_true(interval_ns > NS_PER_US);
	third_ns = take(&first_ns);
	assert_true(third_ns >= second_ns + interval_ns);
	settings.cpu_limit = 1e-6;
	assert_int_equal(collector_configure(collector, &settings), 0);
	do
		take(&interval_ns);
	while (interval_ns < 100 * NS_PER_SECOND);
	assert_false(readable_within(50));
	stop_refreshing();
}

/* ---- failure ---- */

static void a_refresh_without_memory_fails_and_the_next_succeeds(void **state)
{
	struct refresh refresh;
	int64_t interval_ns;

	(void)state;
	out_of_memory = true;
	start_refreshing(HOUR_NS);
	assert_true(readable_within(DEADLINE_MS));
	out_of_memory = false;
	assert_int_equal(collector_take(collector, &refresh), 0);
	assert_int_equal(refresh.error, -ENOMEM);
	assert_string_equal(refresh.failed, "cannot create snapshot");
	assert_null(refresh.snapshot);
	configure(HOUR_NS);
	take(&interval_ns);
	stop_refreshing();
}

/* Sets the soft limit of descriptors. */
static void limit_descriptors(rlim_t descriptors)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = descriptors;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void it_starts_with_all_its_descriptors_or_with_none(void **state)
{
	const struct collector_settings settings = settings_of(HOUR_NS);
	const rlim_t needed = 5;
	struct rlimit before;
	rlim_t first_free = (rlim_t)dup(STDOUT_FILENO);

	(void)state;
	close((int)first_free);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	descriptors_before = unit_entries("/proc/self/fd");
	for (rlim_t left = 0; left < needed; left++) {
		limit_descriptors(first_free + left);
		assert_int_equal(collector_new(&collector, &settings, -1, -1), -EMFILE);
		limit_descriptors(before.rlim_cur);
		assert_int_equal(unit_entries("/proc/self/fd"), descriptors_before);
	}
	start_refreshing(HOUR_NS);
	stop_refreshing();
}

/* Makes poll() fail. */
static void a_limit_of_no_descriptors_makes_no_haste(void **state)
{
	struct rlimit before;
	int64_t interval_ns, taken_ns;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	start_refreshing(50 * NS_PER_MS);
	taken_ns = take(&interval_ns);
	limit_descriptors(1);
	for (int number = 0; number < 3; number++) {
		int64_t last_ns = taken_ns;

		taken_ns = take(&interval_ns);
		assert_true(taken_ns >= last_ns + interval_ns);
	}
	limit_descriptors(before.rlim_cur);
	stop_refreshing();
}

/* ---- a suspend ---- */

/* Reads the line of the timer's /proc/self/fdinfo that begins with @p word. */
static void timer_information(const char *word, char *line, size_t size)
{
	char path[64];
	FILE *information;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", collector->timer);
	information = fopen(path, "r");
	assert_non_null(information);
	do
		assert_non_null(fgets(line, (int)size, information));
	while (strncmp(line, word, strlen(word)) != 0);
	fclose(information);
}

/* Such a timer expires when a suspend ends; relative times and other clocks do not. */
static void it_waits_for_a_time_on_the_clock_that_a_suspend_does_not_stop(void **state)
{
	char clock_line[64], flags_line[64], wanted[64];
	int64_t deadline_ns = clock_now_ns() + DEADLINE_MS * NS_PER_MS;

	(void)state;
	start_refreshing(HOUR_NS);
	do
		timer_information("settime flags:", flags_line, sizeof(flags_line));
	while (strcmp(flags_line, "settime flags: 01\n") != 0 && clock_now_ns() < deadline_ns);
	assert_string_equal(flags_line, "settime flags: 01\n");
	timer_information("clockid:", clock_line, sizeof(clock_line));
	snprintf(wanted, sizeof(wanted), "clockid: %d\n", CLOCK_BOOTTIME);
	assert_string_equal(clock_line, wanted);
	stop_refreshing();
}

/* ---- an owner that does not read, and stopping ---- */

static void unread_refreshes_are_freed(void **state)
{
	(void)state;
	start_refreshing(NS_PER_MS);
	while (made < 5)
		assert_true(readable_within(DEADLINE_MS));
	stop_refreshing();
	assert_true(freed >= 5);
}

/* The pipe holds WAITING_MAX refreshes, and the thread one more. */
static void a_thread_that_waits_for_its_owner_is_stopped(void **state)
{
	(void)state;
	for (int time = 0; time < 5; time++) {
		int held = 0;
		int64_t deadline_ns = clock_now_ns() + DEADLINE_MS * NS_PER_MS;

		start_refreshing(1);
		while (made <= WAITING_MAX && clock_now_ns() < deadline_ns)
			sched_yield();
		assert_int_equal(made, WAITING_MAX + 1);
		assert_int_equal(ioctl(collector_descriptor(collector), FIONREAD, &held), 0);
		assert_int_equal(held, WAITING_MAX * sizeof(struct refresh));
		stop_refreshing();
	}
}

static void refreshes_that_waited_are_received_in_order(void **state)
{
	int64_t interval_ns, last_ns = 0;

	(void)state;
	start_refreshing(1);
	while (made < WAITING_MAX)
		assert_true(readable_within(DEADLINE_MS));
	for (int number = 0; number < 50; number++) {
		int64_t taken_ns = take(&interval_ns);

		assert_true(taken_ns > last_ns);
		last_ns = taken_ns;
	}
	stop_refreshing();
}

static void it_can_be_stopped_before_its_first_refresh_is_seen(void **state)
{
	(void)state;
	for (int time = 0; time < 50; time++) {
		start_refreshing(HOUR_NS);
		stop_refreshing();
	}
	collector_stop(NULL);
}

static void nothing_to_do(int signal)
{
	(void)signal;
}

static void signals_do_not_break_off_the_stop(void **state)
{
	const struct sigaction action = {.sa_handler = nothing_to_do};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	const struct itimerspec often = {.it_value = {.tv_nsec = 10000},
					 .it_interval = {.tv_nsec = 100000}};
	const struct itimerspec never = {0};
	timer_t timer;

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	for (int time = 0; time < 100; time++) {
		start_refreshing(NS_PER_MS);
		timer_settime(timer, 0, &often, NULL);
		collector_stop(collector);
		timer_settime(timer, 0, &never, NULL);
		assert_int_equal(freed, made);
		assert_int_equal(unit_entries("/proc/self/fd"), descriptors_before);
	}
	timer_delete(timer);
	signal(SIGUSR1, SIG_DFL);
}

/* A signal that the thread did not block would terminate the process. */
static void signals_stay_with_the_owner(void **state)
{
	sigset_t signals, pending;
	int64_t interval_ns;
	int taken;

	(void)state;
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	start_refreshing(HOUR_NS);
	take(&interval_ns);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	kill(getpid(), SIGUSR1);
	sigpending(&pending);
	assert_int_equal(sigismember(&pending, SIGUSR1), 1);
	assert_int_equal(sigwait(&signals, &taken), 0);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	stop_refreshing();
}

static void *return_at_once(void *argument)
{
	return argument;
}

/* ThreadSanitizer adds a thread of its own when a program starts its first one. */
static int start_first_thread(void **state)
{
	pthread_t thread;

	(void)state;
	return pthread_create(&thread, NULL, return_at_once, NULL) == 0 ? pthread_join(thread, NULL)
									: -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_refresh_is_immediate_and_single),
		cmocka_unit_test(refreshes_are_received_in_order_at_the_interval),
		cmocka_unit_test(a_snapshot_says_how_long_it_took),
		cmocka_unit_test(new_settings_cause_an_immediate_refresh),
		cmocka_unit_test(the_last_interval_applies),
		cmocka_unit_test(the_last_of_many_settings_holds),
		cmocka_unit_test(the_interval_grows_with_the_cost_of_a_refresh),
		cmocka_unit_test(real_refreshes_keep_to_the_limit),
		cmocka_unit_test(a_refresh_without_memory_fails_and_the_next_succeeds),
		cmocka_unit_test(it_starts_with_all_its_descriptors_or_with_none),
		cmocka_unit_test(a_limit_of_no_descriptors_makes_no_haste),
		cmocka_unit_test(it_waits_for_a_time_on_the_clock_that_a_suspend_does_not_stop),
		cmocka_unit_test(unread_refreshes_are_freed),
		cmocka_unit_test(a_thread_that_waits_for_its_owner_is_stopped),
		cmocka_unit_test(refreshes_that_waited_are_received_in_order),
		cmocka_unit_test(it_can_be_stopped_before_its_first_refresh_is_seen),
		cmocka_unit_test(signals_do_not_break_off_the_stop),
		cmocka_unit_test(signals_stay_with_the_owner),
	};

	alarm(600);
	return cmocka_run_group_tests(tests, start_first_thread, NULL);
}
