/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real configuration files in a separate directory: their settings, and errors with file and line.
 */
#include "agent/settings.c"

#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#define LOG_SIZE 4096
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static char directory[] = "/tmp/tcp-state-agent-settings-XXXXXX";
static char configuration[sizeof(directory) + 32];
static char log_name[sizeof(directory) + 32];

/* Different from every default. */
static const struct settings untouched = {
	.refresh_interval_ns = 17 * NS_PER_SECOND,
	.max_age_ns = 171 * NS_PER_SECOND,
	.agentx_socket = "unix:/untouched",
};

static struct settings settings;

/* The simulated abilities of the kernel. */
static int bound_inactive;

/* ---- files ---- */

static void path_of(char *path, const char *name)
{
	snprintf(path, sizeof(configuration), "%s/%s", directory, name);
}

static void write_file(const char *name, const char *text)
{
	char path[sizeof(configuration)];
	FILE *file;

	path_of(path, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
	char path[sizeof(configuration)];

	path_of(path, name);
	unlink(path);
}

/* Returns the messages since the last call. */
static const char *logged(void)
{
	static char text[LOG_SIZE];
	FILE *file = fopen(log_name, "r");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	assert_int_equal(truncate(log_name, 0), 0);
	return text;
}

static int make_directory(void **state)
{
	char option[sizeof(log_name) + 1];

	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	path_of(configuration, "agent.conf");
	path_of(log_name, "log");
	setenv("SNMPCONFPATH", directory, 1);
	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	init_snmp(AGENT_NAME);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_APPEND_LOGFILES, 1);
	snprintf(option, sizeof(option), "f%s", log_name);
	return snmp_log_options(option, 0, NULL);
}

static int remove_directory(void **state)
{
	(void)state;
	settings_finalise(&settings);
	snmp_shutdown(AGENT_NAME);
	remove_file("agent.conf");
	remove_file("log");
	return rmdir(directory);
}

/* ---- reading ---- */

static int read_from(const char *files)
{
	const struct settings_source source = {
		.files = files,
		.without_defaults = true,
		.bound_inactive_tried = true,
		.bound_inactive = bound_inactive,
	};

	settings_finalise(&settings);
	settings = untouched;
	return settings_read(&settings, &source);
}

static int read_text(const char *text)
{
	write_file("agent.conf", text);
	return read_from(configuration);
}

static void assert_settings(int64_t interval_ms, int64_t max_age_ms, const char *agentx_socket)
{
	assert_int_equal(settings.refresh_interval_ns, interval_ms * NS_PER_MS);
	assert_int_equal(settings.max_age_ns, max_age_ms * NS_PER_MS);
	assert_string_equal(settings.agentx_socket, agentx_socket);
}

static void assert_accepted(const char *text, int64_t interval_ms, int64_t max_age_ms,
			    const char *agentx_socket)
{
	assert_int_equal(read_text(text), 0);
	assert_settings(interval_ms, max_age_ms, agentx_socket);
	assert_string_equal(logged(), "");
}

static void assert_untouched(void)
{
	assert_memory_equal(&settings, &untouched, sizeof(untouched));
}

/* The message contains the file, the line and @p problem. */
static void assert_complaint(const char *file, unsigned int line, const char *problem)
{
	char i[sizeof(configuration) + 32];
	const char *message = logged();

	assert_untouched();
	snprintf(i, sizeof(i), "%s/%s: line %u:", directory, file, line);
	if (strstr(message, i) == NULL || strstr(message, problem) == NULL)
		fail_msg("\"%s\" does not name %s and %s", message, i, problem);
}

static void assert_refused(const char *text, unsigned int line, const char *problem)
{
	assert_int_equal(read_text(text), -EINVAL);
	assert_complaint("agent.conf", line, problem);
}

/* ---- valid values ---- */

static void defaults_apply_without_a_file(void **state)
{
	(void)state;
	assert_int_equal(read_from(NULL), 0);
	assert_settings(5000, 0, "");
	assert_int_equal(settings.window_ns, 300 * NS_PER_SECOND);
	assert_true(settings.cpu_limit == 2);
	assert_int_equal(settings.refresh_options.policy, COUNT_AUTO);
	assert_false(settings.refresh_options.bound_inactive);
	assert_int_equal(settings.watches->count, 0);
	assert_int_equal(settings.thresholds->count, 0);
	assert_string_equal(logged(), "");
}

static void a_file_without_directives_leaves_the_defaults(void **state)
{
	(void)state;
	assert_accepted("", 5000, 0, "");
	assert_accepted("\n# refreshInterval 7\n\n   \n", 5000, 0, "");
}

static void each_directive_sets_its_setting(void **state)
{
	(void)state;
	assert_accepted("refreshInterval 7\n", 7000, 0, "");
	assert_accepted("maxAge 7\n", 5000, 7000, "");
	assert_accepted("agentXSocket unix:/run/x\n", 5000, 0, "unix:/run/x");
	assert_accepted("agentXSocket /run/x\n", 5000, 0, "/run/x");
	assert_accepted("maxAge 60\nrefreshInterval 2\nagentXSocket /y\n", 2000, 60000, "/y");
}

static void the_last_of_a_directive_holds(void **state)
{
	(void)state;
	assert_accepted("refreshInterval 7\nrefreshInterval 0.5\n", 500, 0, "");
}

static void limits_are_within(void **state)
{
	(void)state;
	assert_accepted("refreshInterval 0.1\n", 100, 0, "");
	assert_accepted("refreshInterval 3600\n", 3600000, 0, "");
	assert_accepted("refreshInterval 0.1\nmaxAge 0.1\n", 100, 100, "");
	assert_accepted("maxAge 86400\n", 5000, 86400000, "");
}

static void seconds_are_rounded_to_milliseconds(void **state)
{
	(void)state;
	assert_accepted("refreshInterval 0.2504\n", 250, 0, "");
	assert_accepted("refreshInterval 0.2506\n", 251, 0, "");
	assert_accepted("refreshInterval .25\n", 250, 0, "");
}

static void a_max_age_of_one_interval_is_accepted(void **state)
{
	(void)state;
	assert_accepted("maxAge 7\nrefreshInterval 7\n", 7000, 7000, "");
}

/* ---- invalid values ---- */

static void numbers_out_of_range_are_refused(void **state)
{
	static const char *const beyond[] = {
		"refreshInterval 0.0999",
		"refreshInterval 0",
		"refreshInterval 3600.001",
		"refreshInterval 99999999999999999999999999999999",
		"maxAge 0.0999",
		"maxAge 0",
		"maxAge 86400.001",
	};

	(void)state;
	for (size_t line = 0; line < ENTRIES(beyond); line++)
		assert_refused(beyond[line], 1, "is not a number of seconds from 0.1 to ");
}

static void invalid_numbers_are_refused(void **state)
{
	static const char *const words[] = {"refreshInterval", "maxAge"};
	static const char *const values[] = {"abc", "5x",  "nan", "inf",   "-inf", "1e999",
					     "5 6", "5,5", "-5",  "\"5\"", "5s",   ".",
					     "1e2", "0x5", "+5",  "1.2.3"};
	char text[64];

	(void)state;
	for (size_t word = 0; word < ENTRIES(words); word++) {
		for (size_t value = 0; value < ENTRIES(values); value++) {
			snprintf(text, sizeof(text), "%s %s\n", words[word], values[value]);
			assert_refused(text, 1, "is not a number of seconds");
		}
	}
}

static void a_directive_without_a_value_is_refused(void **state)
{
	(void)state;
	assert_refused("refreshInterval\n", 1, "refreshInterval");
	assert_refused("refreshInterval   \n", 1, "refreshInterval");
	assert_refused("maxAge\n", 1, "maxAge");
	assert_refused("agentXSocket\n", 1, "agentXSocket");
}

static void a_socket_that_is_none_is_refused(void **state)
{
	char text[256] = "agentXSocket /";

	(void)state;
	assert_refused("agentXSocket tcp:localhost:705\n", 1,
		       "agentXSocket: 'tcp:localhost:705': ");
	assert_refused("agentXSocket localhost:705\n", 1, "agentXSocket: 'localhost:705': ");
	assert_refused("agentXSocket run/x\n", 1, "agentXSocket: 'run/x': ");
	memset(text + strlen(text), 'x', SOCKET_PATH_MAX);
	assert_refused(text, 1, "too long for the path of a unix socket");
}

static void the_longest_socket_path_is_accepted(void **state)
{
	char plain[256] = "agentXSocket /", with_transport[256] = "agentXSocket unix:/";

	(void)state;
	memset(plain + strlen(plain), 'x', SOCKET_PATH_MAX - 1);
	assert_accepted(plain, 5000, 0, plain + strlen("agentXSocket "));
	memset(with_transport + strlen(with_transport), 'x', SOCKET_PATH_MAX - 1);
	assert_accepted(with_transport, 5000, 0, with_transport + strlen("agentXSocket "));
	strcat(with_transport, "x");
	assert_refused(with_transport, 1, "too long for the path of a unix socket");
}

/* ---- counting ---- */

static void the_window_is_of_whole_seconds(void **state)
{
	static const char *const beyond[] = {"window 0", "window 0.9", "window 86401"};

	(void)state;
	assert_int_equal(read_text("window 1\n"), 0);
	assert_int_equal(settings.window_ns, NS_PER_SECOND);
	assert_int_equal(read_text("window 86400\n"), 0);
	assert_int_equal(settings.window_ns, 86400 * NS_PER_SECOND);
	for (size_t line = 0; line < ENTRIES(beyond); line++)
		assert_refused(beyond[line], 1, "is not a number of seconds from 1 to 86400");
	assert_refused("window 1.5\n", 1, "window: '1.5' is not a whole number of seconds");
}

static void the_cpu_limit_is_a_percentage(void **state)
{
	(void)state;
	assert_int_equal(read_text("cpuLimit 0.1\n"), 0);
	assert_true(settings.cpu_limit == 0.1);
	assert_int_equal(read_text("cpuLimit 100\n"), 0);
	assert_true(settings.cpu_limit == 100);
	assert_refused("cpuLimit 0\n", 1,
		       "cpuLimit: '0' is not a number of percent from 0.1 to 100");
	assert_refused("cpuLimit 100.1\n", 1, "is not a number of percent from 0.1 to 100");
	assert_refused("cpuLimit 2%\n", 1, "is not a number of percent");
}

static void each_method_has_its_word(void **state)
{
	static const struct {
		const char *text;
		enum count_policy policy;
	} methods[] = {
		{"countMethod auto\n", COUNT_AUTO},
		{"countMethod full\n", COUNT_FULL},
		{"countMethod derived\n", COUNT_DERIVED},
		{"countMethod derived\ncountMethod full\n", COUNT_FULL},
	};

	(void)state;
	for (size_t method = 0; method < ENTRIES(methods); method++) {
		assert_int_equal(read_text(methods[method].text), 0);
		assert_int_equal(settings.refresh_options.policy, methods[method].policy);
	}
	assert_refused("countMethod Full\n", 1,
		       "invalid value 'Full' (expected auto, full or derived)");
	assert_refused("countMethod\n", 1, "countMethod");
}

static void bound_sockets_are_counted_if_the_kernel_lists_them(void **state)
{
	(void)state;
	assert_int_equal(read_text("countBoundInactive no\n"), 0);
	assert_false(settings.refresh_options.bound_inactive);
	assert_int_equal(read_text("countBoundInactive yes\n"), 0);
	assert_true(settings.refresh_options.bound_inactive);
	assert_refused("countBoundInactive 1\n", 1, "invalid value '1' (expected yes or no)");
	bound_inactive = -EOPNOTSUPP;
	assert_int_equal(read_text("countBoundInactive yes\n"), -EOPNOTSUPP);
	assert_non_null(strstr(logged(), "not supported by this kernel"));
	assert_untouched();
	assert_int_equal(read_text("countBoundInactive no\n"), 0);
	bound_inactive = 0;
}

static void watches_are_read_in_the_order_of_their_names(void **state)
{
	(void)state;
	assert_int_equal(
		read_text("watch web port https,8080\nwatch db  peerPort 5432\tpeer ::1\n"), 0);
	assert_int_equal(settings.watches->count, 2);
	assert_string_equal(settings.watches->watch[0].name, "db");
	assert_string_equal(settings.watches->watch[0].text, "peerPort 5432 peer ::1");
	assert_string_equal(settings.watches->watch[1].text, "port https,8080");
	assert_false(settings.watches->each_listening);
	assert_int_equal(read_text("watch  each \t listening\n"), 0);
	assert_true(settings.watches->each_listening);
	assert_int_equal(settings.watches->count, 0);
}

static void an_invalid_watch_is_refused(void **state)
{
	(void)state;
	assert_refused("watch\n", 1, "watch");
	assert_refused("watch a\n", 1, "watch: missing condition");
	assert_refused("\nwatch a port nosuchservice\n", 2,
		       "watch: 'nosuchservice' is not a port, range or service");
	assert_refused("watch each\n", 1, "expected each listening");
	assert_refused("watch each port 80\n", 1, "expected each listening");
	assert_refused("watch a port 1\nwatch a port 2\n", 2, "duplicate watch name 'a'");
	assert_refused("watchPort 443\n", 1, "watchPort was replaced by watch NAME port 443");
}

static void no_more_than_64_watches_are_accepted(void **state)
{
	char text[4096];
	size_t length = 0;

	(void)state;
	for (int watch = 1; watch <= WATCHES_MAX; watch++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "watch w%d port %d\n", watch, 50000 + watch);
	assert_int_equal(read_text(text), 0);
	assert_int_equal(settings.watches->count, WATCHES_MAX);
	strcpy(text + length, "watch one-more port 1\n");
	assert_refused(text, WATCHES_MAX + 1, "'one-more': more than 64 watches");
}

/* The watch may follow. */
static void thresholds_name_watches(void **state)
{
	(void)state;
	assert_int_equal(read_text("threshold t watch db closeWait 5\nthreshold p ports db 80\n"
				   "watch db peerPort 5432\n"),
			 0);
	assert_string_equal(settings.thresholds->threshold[1].watch_text, "peerPort 5432");
	assert_refused("threshold t watch db closeWait 5\nwatch web port 80\n", 1,
		       "threshold 't': unknown watch 'db'");
	assert_refused("watch db unit a.service\nthreshold tt state any listen 5\n"
		       "threshold t watch db timeWait 5\n",
		       3, "threshold 't': sockets in synReceived and timeWait have no unit 'db'");
	assert_int_equal(read_text("watch each listening\nthreshold t watch 443 closeWait 5\n"), 0);
	assert_string_equal(settings.thresholds->threshold[0].watch_text, "port 443");
	assert_refused("watch each listening\nthreshold t watch 0443 closeWait 5\n", 2,
		       "unknown watch '0443'");
}

/* ---- thresholds ---- */

static void thresholds_are_read_in_the_order_of_their_names(void **state)
{
	(void)state;
	assert_int_equal(read_text("threshold web state ipv4 established 10 clear 8 hold 2\n"
				   "threshold any state any timeWait @5:6\n"),
			 0);
	assert_int_equal(settings.thresholds->count, 2);
	assert_string_equal(settings.thresholds->threshold[0].name, "any");
	assert_string_equal(settings.thresholds->threshold[1].name, "web");
	assert_int_equal(settings.thresholds->threshold[1].hold, 2);
	assert_string_equal(logged(), "");
}

static void an_invalid_threshold_is_refused(void **state)
{
	(void)state;
	assert_refused("threshold\n", 1, "threshold");
	assert_refused("threshold a\n", 1, "threshold: unknown metric, expected");
	assert_refused("\nthreshold a state any listen x\n", 2, "threshold: invalid range");
	assert_refused("threshold a state any listen 1\nthreshold a state any listen 2\n", 2,
		       "duplicate threshold name 'a'");
}

/* ---- errors of the reader ---- */

static void an_unknown_word_is_refused(void **state)
{
	(void)state;
	assert_refused("refreshIntervall 7\n", 1, "refreshIntervall");
	assert_refused("nonsense\n", 1, "nonsense");
	assert_refused("refreshInterval 7\nmaxAge 30\n# well\n\nnonsense 1\n", 5, "nonsense");
	assert_refused("nonsense 1\nrefreshInterval 7\n", 1, "nonsense");
	assert_refused("refreshInterval 7\nmaxAge abc\nrefreshInterval 8\n", 2, "maxAge");
}

static void a_section_is_refused(void **state)
{
	(void)state;
	assert_refused("[nonsense]\nrefreshInterval 7\n", 1, "nonsense");
	assert_refused("refreshInterval 7\n[nonsense\n", 2, "nonsense");
	assert_refused("[" AGENT_NAME "]\nrefreshInterval 7\n", 2, "refreshInterval");
	assert_refused("[snmp]\nrefreshInterval 7\n", 2, "refreshInterval");
}

static void a_max_age_below_the_interval_is_refused(void **state)
{
	const char *message;

	(void)state;
	assert_int_equal(read_text("refreshInterval 7.5\nmaxAge 7\n"), -EINVAL);
	assert_untouched();
	message = logged();
	assert_non_null(strstr(message, "maxAge (7 s) is less than refreshInterval (7.5 s)"));
	assert_int_equal(read_text("maxAge 4.9\n"), -EINVAL);
	assert_untouched();
	message = logged();
	assert_non_null(strstr(message, "maxAge (4.9 s) is less than refreshInterval (5 s)"));
}

/* ---- several files ---- */

static void an_included_file_is_read(void **state)
{
	(void)state;
	write_file("more.conf", "maxAge 42\n");
	assert_accepted("includeFile more.conf\nrefreshInterval 7\n", 7000, 42000, "");
	write_file("more.conf", "maxAge 42\nnonsense 1\n");
	assert_int_equal(read_text("refreshInterval 7\nincludeFile more.conf\n"), -EINVAL);
	assert_complaint("more.conf", 2, "nonsense");
	write_file("more.conf", "# one\n# two\n# three\n");
	assert_refused("includeFile more.conf\nnonsense 1\n", 2, "nonsense");
	remove_file("more.conf");
	assert_refused("refreshInterval 7\nincludeFile more.conf\n", 2, "more.conf");
}

static void each_named_file_is_read_in_order(void **state)
{
	char names[2 * sizeof(configuration)];

	(void)state;
	write_file("agent.conf", "refreshInterval 7\nmaxAge 30\n");
	write_file("more.conf", "refreshInterval 8\n");
	snprintf(names, sizeof(names), "%s,%s/more.conf", configuration, directory);
	assert_int_equal(read_from(names), 0);
	assert_settings(8000, 30000, "");
	write_file("more.conf", "maxAge x\n");
	assert_int_equal(read_from(names), -EINVAL);
	assert_complaint("more.conf", 1, "maxAge");
	remove_file("more.conf");
	assert_int_equal(read_from(names), -ENOENT);
	assert_untouched();
	assert_non_null(strstr(logged(), "/more.conf: No such file or directory"));
}

static void a_named_file_that_is_missing_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(read_from("/nonexistent/agent.conf"), -ENOENT);
	assert_untouched();
	assert_string_equal(logged(), "/nonexistent/agent.conf: No such file or directory\n");
	assert_int_equal(read_from(""), -ENOENT);
	assert_untouched();
	logged();
}

static void a_directory_is_not_a_file(void **state)
{
	(void)state;
	assert_int_equal(read_from(directory), -EISDIR);
	assert_untouched();
	assert_non_null(strstr(logged(), ": Is a directory"));
}

static void lines_may_end_with_cr_lf_and_be_long(void **state)
{
	char text[16384] = "#";

	(void)state;
	assert_accepted("refreshInterval 7\r\nmaxAge 60\r\n\r\n", 7000, 60000, "");
	memset(text + 1, 'x', sizeof(text) - 32);
	strcpy(text + sizeof(text) - 32, "\nrefreshInterval 7\n");
	assert_accepted(text, 7000, 0, "");
}

static void the_default_files_are_read_before_the_named_one(void **state)
{
	struct settings_source source = {.files = configuration};

	(void)state;
	write_file(AGENT_NAME ".conf", "refreshInterval 7\nmaxAge 30\n");
	write_file("agent.conf", "refreshInterval 8\n");
	assert_int_equal(settings_read(&settings, &source), 0);
	assert_settings(8000, 30000, "");
	source.files = NULL;
	assert_int_equal(settings_read(&settings, &source), 0);
	assert_settings(7000, 30000, "");
	settings_finalise(&settings);
	settings = untouched;
	write_file(AGENT_NAME ".conf", "nonsense 1\n");
	assert_int_equal(settings_read(&settings, &source), -EINVAL);
	assert_complaint(AGENT_NAME ".conf", 1, "nonsense");
	remove_file(AGENT_NAME ".conf");
	assert_int_equal(settings_read(&settings, &source), 0);
	assert_settings(5000, 0, "");
}

static void a_refusal_does_not_outlive_its_reading(void **state)
{
	(void)state;
	assert_refused("refreshInterval 7\nnonsense 1\n", 2, "nonsense");
	assert_accepted("maxAge 60\n", 5000, 60000, "");
}

/* ---- the list of directives ---- */

static void each_directive_is_printed(void **state)
{
	char *text;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	(void)state;
	settings_print_directives(file);
	fclose(file);
	for (size_t directive = 0; directive < DIRECTIVES; directive++)
		assert_true(directives[directive].help == NULL ||
			    strstr(text, directives[directive].config_token) != NULL);
	assert_null(strstr(text, "watchPort"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_apply_without_a_file),
		cmocka_unit_test(a_file_without_directives_leaves_the_defaults),
		cmocka_unit_test(each_directive_sets_its_setting),
		cmocka_unit_test(the_last_of_a_directive_holds),
		cmocka_unit_test(limits_are_within),
		cmocka_unit_test(seconds_are_rounded_to_milliseconds),
		cmocka_unit_test(a_max_age_of_one_interval_is_accepted),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(invalid_numbers_are_refused),
		cmocka_unit_test(a_directive_without_a_value_is_refused),
		cmocka_unit_test(a_socket_that_is_none_is_refused),
		cmocka_unit_test(the_longest_socket_path_is_accepted),
		cmocka_unit_test(the_window_is_of_whole_seconds),
		cmocka_unit_test(the_cpu_limit_is_a_percentage),
		cmocka_unit_test(each_method_has_its_word),
		cmocka_unit_test(bound_sockets_are_counted_if_the_kernel_lists_them),
		cmocka_unit_test(watches_are_read_in_the_order_of_their_names),
		cmocka_unit_test(an_invalid_watch_is_refused),
		cmocka_unit_test(thresholds_name_watches),
		cmocka_unit_test(no_more_than_64_watches_are_accepted),
		cmocka_unit_test(thresholds_are_read_in_the_order_of_their_names),
		cmocka_unit_test(an_invalid_threshold_is_refused),
		cmocka_unit_test(an_unknown_word_is_refused),
		cmocka_unit_test(a_section_is_refused),
		cmocka_unit_test(a_max_age_below_the_interval_is_refused),
		cmocka_unit_test(an_included_file_is_read),
		cmocka_unit_test(each_named_file_is_read_in_order),
		cmocka_unit_test(a_named_file_that_is_missing_is_an_error),
		cmocka_unit_test(a_directory_is_not_a_file),
		cmocka_unit_test(lines_may_end_with_cr_lf_and_be_long),
		cmocka_unit_test(the_default_files_are_read_before_the_named_one),
		cmocka_unit_test(a_refusal_does_not_outlive_its_reading),
		cmocka_unit_test(each_directive_is_printed),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
