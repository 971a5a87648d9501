/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The refreshing thread, with real dumps: when its refreshes come, and that it ends, whatever it is
 * at, with everything given back.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* The module's memory is counted, so that a leak shows without a sanitizer too. */
static atomic_uint allocated;
static atomic_uint freed;
static atomic_bool out_of_memory;

static void *count_and_calloc(size_t count, size_t size)
{
	void *memory = out_of_memory ? NULL : calloc(count, size);

	allocated += memory != NULL;
	return memory;
}

static void count_and_free(void *memory)
{
	freed += memory != NULL;
	free(memory);
}

#define calloc count_and_calloc
#define free count_and_free
#include "collect/collector.c"
#undef calloc
#undef free

#include "unit.h"

#include <sched.h>
#include <sys/ioctl.h>

#define DEADLINE_MS 10000
#define HOUR_NS (3600 * NS_PER_SECOND)

/* malloc()'s, which is not counted */
#define COLLECTORS_FREED 1u

static struct collector *collector;
static size_t descriptors_before;
static size_t threads_before;

static void start(int64_t interval_ns)
{
	const struct collector_settings settings = {.interval_ns = interval_ns};

	allocated = 0;
	freed = 0;
	descriptors_before = unit_entries("/proc/self/fd");
	threads_before = unit_entries("/proc/self/task");
	assert_int_equal(collector_start(&collector, &settings), 0);
}

/* Also says that nothing of the collector is left: no memory, no descriptor, no thread. */
static void stop(unsigned int taken)
{
	int64_t deadline_ns = clock_now_ns() + DEADLINE_MS * NS_PER_MS;

	collector_stop(collector);
	assert_int_equal(freed, allocated - taken + COLLECTORS_FREED);
	assert_int_equal(unit_entries("/proc/self/fd"), descriptors_before);
	/* a thread that was joined is still listed while the kernel takes it down */
	while (unit_entries("/proc/self/task") > threads_before && clock_now_ns() < deadline_ns)
		sched_yield();
	assert_int_equal(unit_entries("/proc/self/task"), threads_before);
}

static void configure(int64_t interval_ns)
{
	const struct collector_settings settings = {.interval_ns = interval_ns};

	assert_int_equal(collector_configure(collector, &settings), 0);
}

static bool readable_within(int milliseconds)
{
	struct pollfd refreshes = {.fd = collector_descriptor(collector), .events = POLLIN};

	return poll(&refreshes, 1, milliseconds) == 1;
}

/* Takes a refresh that succeeded; returns when it was begun. */
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
	free(refresh.snapshot);
	return taken_ns;
}

static void the_first_refresh_comes_at_once_and_alone(void **state)
{
	int64_t before_ns = clock_now_ns();
	int64_t interval_ns, taken_ns;

	(void)state;
	start(HOUR_NS);
	taken_ns = take(&interval_ns);
	assert_in_range(taken_ns, before_ns, clock_now_ns());
	assert_int_equal(interval_ns, HOUR_NS);
	assert_false(readable_within(50));
	stop(1);
}

static void refreshes_come_in_order_at_the_interval(void **state)
{
	static const int64_t every_ns = 20 * NS_PER_MS;
	int64_t before_ns = clock_now_ns();
	int64_t last_ns = 0;
	int64_t shortest_ns = INT64_MAX;

	(void)state;
	start(every_ns);
	for (int number = 0; number < 10; number++) {
		int64_t interval_ns;
		int64_t taken_ns = take(&interval_ns);

		assert_int_equal(interval_ns, every_ns);
		assert_true(taken_ns > last_ns);
		assert_true(taken_ns >= before_ns + number * every_ns);
		if (taken_ns - last_ns < shortest_ns)
			shortest_ns = taken_ns - last_ns;
		last_ns = taken_ns;
	}
	/* a busy machine delays some, not all */
	assert_true(shortest_ns < 2 * every_ns);
	stop(10);
}

static void a_snapshot_says_how_long_it_took(void **state)
{
	struct refresh refresh;
	int64_t before_ns = clock_now_ns();

	(void)state;
	start(HOUR_NS);
	assert_true(readable_within(DEADLINE_MS));
	assert_int_equal(collector_take(collector, &refresh), 0);
	assert_in_range(refresh.snapshot->duration_us, 1, (clock_now_ns() - before_ns) / NS_PER_US);
	free(refresh.snapshot);
	stop(1);
}

static void new_settings_take_effect_at_once(void **state)
{
	unsigned int taken = 2;
	int64_t interval_ns;

	(void)state;
	start(HOUR_NS);
	take(&interval_ns);
	configure(NS_PER_MS);
	take(&interval_ns);
	assert_int_equal(interval_ns, NS_PER_MS);
	configure(HOUR_NS);
	for (; readable_within(50) && taken < DEADLINE_MS; taken++)
		take(&interval_ns);
	assert_true(taken < DEADLINE_MS);
	stop(taken);
}

static void the_last_of_many_settings_holds(void **state)
{
	int64_t interval_ns;

	(void)state;
	start(HOUR_NS);
	take(&interval_ns);
	for (int64_t hours = 2; hours < 100; hours++)
		configure(hours * HOUR_NS);
	configure(NS_PER_MS);
	take(&interval_ns);
	assert_int_equal(interval_ns, NS_PER_MS);
	stop(2);
}

static void a_refresh_without_memory_fails_and_the_next_succeeds(void **state)
{
	struct refresh refresh;
	int64_t interval_ns;

	(void)state;
	out_of_memory = true;
	start(HOUR_NS);
	assert_true(readable_within(DEADLINE_MS));
	out_of_memory = false;
	assert_int_equal(collector_take(collector, &refresh), 0);
	assert_int_equal(refresh.error, -ENOMEM);
	assert_string_equal(refresh.failed, "making a snapshot");
	assert_null(refresh.snapshot);
	configure(NS_PER_MS);
	take(&interval_ns);
	stop(1);
}

static void unread_refreshes_are_freed(void **state)
{
	(void)state;
	start(NS_PER_MS);
	while (allocated < 5)
		assert_true(readable_within(DEADLINE_MS));
	stop(0);
	assert_true(allocated >= 5);
}

/* A pipe of one page holds 4096 / sizeof(struct refresh) of them, and the thread one more. */
static void a_thread_that_waits_for_its_owner_is_ended(void **state)
{
	const int size = 4096;
	const unsigned int waiting = 4096 / sizeof(struct refresh) + 1;

	(void)state;
	for (int time = 0; time < 5; time++) {
		int held = 0;
		int64_t deadline_ns = clock_now_ns() + DEADLINE_MS * NS_PER_MS;

		start(HOUR_NS);
		assert_true(readable_within(DEADLINE_MS));
		assert_int_equal(fcntl(collector->refreshes[WRITE_END], F_SETPIPE_SZ, size), size);
		configure(1);
		while (allocated < waiting && clock_now_ns() < deadline_ns)
			sched_yield();
		assert_int_equal(allocated, waiting);
		assert_int_equal(ioctl(collector_descriptor(collector), FIONREAD, &held), 0);
		assert_int_equal(held, size);
		stop(0);
	}
}

static void refreshes_that_waited_come_in_order(void **state)
{
	int64_t interval_ns, last_ns = 0;

	(void)state;
	start(1);
	while (allocated < 300)
		assert_true(readable_within(DEADLINE_MS));
	for (int number = 0; number < 300; number++) {
		int64_t taken_ns = take(&interval_ns);

		assert_true(taken_ns > last_ns);
		last_ns = taken_ns;
	}
	stop(300);
}

static void it_can_be_stopped_before_its_first_refresh_is_seen(void **state)
{
	(void)state;
	for (int time = 0; time < 50; time++) {
		start(HOUR_NS);
		stop(0);
	}
	collector_stop(NULL);
}

/* A signal that the thread did not block would end the process. */
static void signals_stay_with_the_owner(void **state)
{
	sigset_t signals, pending;
	int64_t interval_ns;
	int taken;

	(void)state;
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	start(HOUR_NS);
	take(&interval_ns);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	kill(getpid(), SIGUSR1);
	sigpending(&pending);
	assert_int_equal(sigismember(&pending, SIGUSR1), 1);
	assert_int_equal(sigwait(&signals, &taken), 0);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	stop(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_refresh_comes_at_once_and_alone),
		cmocka_unit_test(refreshes_come_in_order_at_the_interval),
		cmocka_unit_test(a_snapshot_says_how_long_it_took),
		cmocka_unit_test(new_settings_take_effect_at_once),
		cmocka_unit_test(the_last_of_many_settings_holds),
		cmocka_unit_test(a_refresh_without_memory_fails_and_the_next_succeeds),
		cmocka_unit_test(unread_refreshes_are_freed),
		cmocka_unit_test(a_thread_that_waits_for_its_owner_is_ended),
		cmocka_unit_test(refreshes_that_waited_come_in_order),
		cmocka_unit_test(it_can_be_stopped_before_its_first_refresh_is_seen),
		cmocka_unit_test(signals_stay_with_the_owner),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
