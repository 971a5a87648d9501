/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults for the program that this is preloaded into: allocations that fail, and clocks that jump.
 * And events, counted: what shows whether it waits, without a look at the time.
 *
 * The file that the environment calls FAULTS holds a struct faults. A test changes it while the
 * program runs (faults.py, whose Fields are the same), and reads from it what has failed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define DELAYS 64

struct faults {
	int64_t all_fail;    /* not 0: every allocation does */
	int64_t failing;     /* the one that fails, counted from 1; 0: none */
	int64_t allocations; /* made so far */
	int64_t reached;     /* of them that were to fail */
	int64_t failed;      /* of those; the others would have ended the process in the library */
	int64_t realtime_ns; /* how far CLOCK_REALTIME is ahead of the machine's */
	int64_t boottime_ns; /* how far CLOCK_BOOTTIME is */
	int64_t waits;       /* calls of poll() and select(), in all threads */
	int64_t connects;    /* calls of connect() */
	int64_t schedules;   /* timers set to a point in time, as each refresh is scheduled */
	int64_t delays;      /* timers set relative to now, as each try to reach snmpd is */
	int64_t delays_ns[DELAYS]; /* the last of these; number n, from 0, is at n % DELAYS */
};

static struct faults none;
static struct faults *faults = &none;

__attribute__((constructor)) static void begin(void)
{
	void *frame;
	const char *name = getenv("FAULTS");
	int descriptor = name == NULL ? -1 : open(name, O_RDWR | O_CLOEXEC);
	void *mapped;

	backtrace(&frame, 1); /* allocates, the first time */
	if (descriptor < 0)
		return;
	mapped = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	if (mapped != MAP_FAILED)
		faults = mapped;
	close(descriptor);
}

/* ---- allocations ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

/*
 * Functions of net-snmp 5.9 within which a failed allocation ends the process, in themselves or in
 * their callers, because it is not checked: every request passes through them. In the order below:
 * cp->pdu, a clone (snmpCallbackDomain.c); *opaque, which netsnmp_callback_send() reads (likewise);
 * the address, which netsnmp_agent_check_packet() compares; and the session that
 * handle_snmp_packet() is given.
 */
static const char *const unchecking[] = {
	"netsnmp_callback_send",
	"netsnmp_callback_recv",
	"netsnmp_callback_fmtaddr",
	"init_agent_snmp_session",
};

/* asp->treecache (snmp_agent.c); only in itself, because it calls our handler. */
static const char unchecking_itself[] = "handle_pdu";

static int is_in(const void *address, const char *function)
{
	Dl_info found;

	return dladdr(address, &found) != 0 && found.dli_sname != NULL &&
	       strcmp(found.dli_sname, function) == 0;
}

/* Whether the program, were it not for the library, would see that the allocation failed. */
__attribute__((noinline)) static int is_checked(void)
{
	enum { OURS = 3, FRAMES = 12 }; /* this function, fails() and malloc() */
	void *frames[FRAMES];
	int count = backtrace(frames, FRAMES);

	for (int frame = OURS; frame < count; frame++) {
		for (size_t i = 0; i < sizeof(unchecking) / sizeof(unchecking[0]); i++)
			if (is_in(frames[frame], unchecking[i]))
				return 0;
	}
	return count <= OURS || !is_in(frames[OURS], unchecking_itself);
}

__attribute__((noinline)) static int fails(void)
{
	int64_t number = __atomic_add_fetch(&faults->allocations, 1, __ATOMIC_SEQ_CST);

	if (!__atomic_load_n(&faults->all_fail, __ATOMIC_SEQ_CST) &&
	    number != __atomic_load_n(&faults->failing, __ATOMIC_SEQ_CST))
		return 0;
	__atomic_add_fetch(&faults->reached, 1, __ATOMIC_SEQ_CST);
	if (!is_checked())
		return 0;
	__atomic_add_fetch(&faults->failed, 1, __ATOMIC_SEQ_CST);
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return fails() ? NULL : __libc_realloc(memory, size);
}

/* ---- events ---- */

static void count(int64_t *events)
{
	__atomic_add_fetch(events, 1, __ATOMIC_SEQ_CST);
}

int poll(struct pollfd *polled, nfds_t number, int timeout_ms)
{
	static int (*next)(struct pollfd *, nfds_t, int);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "poll");
	count(&faults->waits);
	return next(polled, number, timeout_ms);
}

int select(int number, fd_set *restrict readable, fd_set *restrict writable,
	   fd_set *restrict exceptional, struct timeval *restrict timeout)
{
	static int (*next)(int, fd_set *, fd_set *, fd_set *, struct timeval *);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "select");
	count(&faults->waits);
	return next(number, readable, writable, exceptional, timeout);
}

int connect(int descriptor, const struct sockaddr *address, socklen_t size)
{
	static int (*next)(int, const struct sockaddr *, socklen_t);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "connect");
	count(&faults->connects);
	return next(descriptor, address, size);
}

/* ---- clocks ---- */

static int64_t shift_of(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return __atomic_load_n(&faults->realtime_ns, __ATOMIC_SEQ_CST);
	case CLOCK_BOOTTIME:
		return __atomic_load_n(&faults->boottime_ns, __ATOMIC_SEQ_CST);
	default:
		return 0;
	}
}

static void shift(struct timespec *moment, int64_t by_ns)
{
	int64_t ns = moment->tv_sec * NS_PER_SECOND + moment->tv_nsec + by_ns;

	moment->tv_sec = ns / NS_PER_SECOND;
	moment->tv_nsec = ns % NS_PER_SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long error = syscall(SYS_clock_gettime, clock, now);

	if (error == 0)
		shift(now, shift_of(clock));
	return (int)error;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec moment;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &moment);
	now->tv_sec = moment.tv_sec;
	now->tv_usec = moment.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *now)
{
	struct timespec moment;

	clock_gettime(CLOCK_REALTIME, &moment);
	if (now != NULL)
		*now = moment.tv_sec;
	return moment.tv_sec;
}

/* The timers that are set to a time here are those of CLOCK_BOOTTIME; the kernel's is behind. */
int timerfd_settime(int timer, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	struct itimerspec shifted = *when;

	if (flags & TFD_TIMER_ABSTIME) {
		count(&faults->schedules);
		shift(&shifted.it_value, -shift_of(CLOCK_BOOTTIME));
	} else if (when->it_value.tv_sec != 0 || when->it_value.tv_nsec != 0) {
		faults->delays_ns[faults->delays % DELAYS] =
			when->it_value.tv_sec * NS_PER_SECOND + when->it_value.tv_nsec;
		count(&faults->delays);
	}
	return (int)syscall(SYS_timerfd_settime, timer, flags, &shifted, old);
}
