/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration files: accepted values are within their limits and cause no error; refused ones
 * cause an error, and change nothing.
 */
#include "agent/master_socket.h"

/* The address is kept as it was accepted. */
#define master_socket_problem note_socket_problem
static const char *note_socket_problem(const char *address);
#include "agent/settings.c"
#undef master_socket_problem

#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

static char *last_accepted_socket;

static const char *note_socket_problem(const char *address)
{
	const char *problem = master_socket_problem(address);

	if (problem == NULL) {
		free(last_accepted_socket);
		last_accepted_socket = strdup(address);
	}
	return problem;
}

static unsigned int complaints;

static int note_complaint(int major, int minor, void *message, void *context)
{
	(void)major;
	(void)minor;
	(void)context;
	if (((const struct snmp_log_message *)message)->priority <= LOG_WARNING)
		complaints++;
	return SNMPERR_SUCCESS;
}

/* ---- the file ---- */

/* Returns its path. */
static const char *write_file(const uint8_t *data, size_t size)
{
	static char path[sizeof("/proc/self/fd/2147483647")];
	static int descriptor = -1;

	if (descriptor < 0) {
		descriptor = memfd_create("configuration", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	}
	assert(ftruncate(descriptor, 0) == 0);
	assert(pwrite(descriptor, data, size, 0) == (ssize_t)size);
	return path;
}

/* The reader itself would go on to files of the machine. */
static bool names_other_files(const uint8_t *data, size_t size)
{
	static const char word[] = "include";
	const size_t length = strlen(word);

	for (size_t i = 0; i + length <= size; i++) {
		if (strncasecmp((const char *)data + i, word, length) == 0)
			return true;
	}
	return false;
}

/* ---- what was read ---- */

static bool is_within(int64_t ns, double minimum, double maximum)
{
	return ns >= llround(minimum * 1000) * NS_PER_MS &&
	       ns <= llround(maximum * 1000) * NS_PER_MS;
}

static void check_numbers(const struct settings *settings)
{
	assert(is_within(settings->refresh_interval_ns, REFRESH_INTERVAL_MIN,
			 REFRESH_INTERVAL_MAX));
	if (settings->max_age_ns != 0)
		assert(settings->max_age_ns >= settings->refresh_interval_ns &&
		       is_within(settings->max_age_ns, REFRESH_INTERVAL_MIN, MAX_AGE_MAX));
	assert(is_within(settings->window_ns, 1, WINDOW_MAX));
	assert(settings->window_ns % NS_PER_SECOND == 0);
	assert(settings->cpu_limit >= CPU_LIMIT_MIN && settings->cpu_limit <= CPU_LIMIT_MAX);
	assert(settings->refresh_options.policy <= COUNT_DERIVED);
}

static void check_watch_list(const struct watches *watches)
{
	assert(watches->count <= WATCHES_MAX);
	for (size_t i = 0; i < watches->count; i++) {
		const struct watch *watch = &watches->watch[i];

		assert(watch_name_is_valid(watch->name));
		assert(i == 0 || watch_name_compare(watch[-1].name, watch->name) < 0);
		assert(watches_find(watches, watch->name) == watch);
		assert(strlen(watch->text) <= WATCH_TEXT_MAX);
		assert(watch->ports.count > 0 || watch->peer_ports.count > 0 ||
		       watch->addresses.count > 0 || watch->peers.count > 0 ||
		       watch->units_count > 0);
	}
}

static void check_thresholds(const struct settings *settings)
{
	const struct thresholds *thresholds = settings->thresholds;

	for (size_t i = 0; i < thresholds->count; i++) {
		const struct threshold *threshold = &thresholds->threshold[i];

		if (i > 0)
			assert(watch_name_compare(threshold[-1].name, threshold->name) < 0);
		assert(metric_problem(&threshold->metric, settings->watches,
				      refresh_owner_states(&settings->refresh_options)) == NULL);
	}
}

static void check_accepted(const struct settings *settings)
{
	check_numbers(settings);
	check_watch_list(settings->watches);
	check_thresholds(settings);
	if (settings->agentx_socket[0] == '\0')
		assert(last_accepted_socket == NULL);
	else
		assert(strcmp(settings->agentx_socket, last_accepted_socket) == 0);
}

/* Called by libFuzzer before the first input. What is logged goes nowhere else. */
int LLVMFuzzerInitialize(int *count, char ***arguments);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	/* two, for the reason that read_strictly() has two */
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_DEBUG);
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_WARNING)->pri_max = LOG_DEBUG;
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, note_complaint, NULL);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings, untouched;
	struct settings_source source = {.without_defaults = true};

	if (names_other_files(data, size))
		return -1;
	source.files = write_file(data, size);
	memset(&untouched, 0x55, sizeof(untouched));
	untouched.watches = NULL;
	untouched.thresholds = NULL;
	memcpy(&settings, &untouched, sizeof(settings));
	complaints = 0;
	if (settings_read(&settings, &source) == 0) {
		assert(complaints == 0);
		check_accepted(&settings);
	} else {
		assert(complaints > 0);
		assert(memcmp(&settings, &untouched, sizeof(settings)) == 0);
	}
	settings_finalise(&settings);
	free(last_accepted_socket);
	last_accepted_socket = NULL;
	return 0;
}
