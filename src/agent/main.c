/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-state-agent: connects its modules, starts them and stops them.
 */
#include "agent/confinement.h"
#include "agent/daemon.h"
#include "agent/helper.h"
#include "agent/library.h"
#include "agent/logging.h"
#include "agent/master_socket.h"
#include "agent/mib.h"
#include "agent/notifier.h"
#include "agent/options.h"
#include "agent/refresh_log.h"
#include "agent/reload.h"
#include "agent/service_manager.h"
#include "agent/session.h"
#include "agent/settings.h"
#include "build.h"
#include "clock.h"
#include "collect/collector.h"
#include "inherited.h"
#include "model/date.h"
#include "model/history.h"
#include "streams.h"

#include <errno.h>
#include <malloc.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How often the conntrack files are requested from the helper while they are missing. */
#define CONNTRACK_INTERVAL_NS (10 * NS_PER_SECOND)

struct agent {
	struct options options;
	struct daemon_process process;
	struct settings settings;
	char *library_socket; /* agentXSocket in net-snmp's own configuration, or NULL */
	struct helper helper;
	struct collector *collector;
	struct history refreshes;
	struct refresh_log refresh_log;
	struct reload reload;
	struct mib mib;
	struct session session;
	struct notifier notifier;
	struct service_manager service_manager;
	int64_t conntrack_requested_ns;
	bool session_initialised;
	bool serving;
	bool exiting;
	int exit_status;
};

static void request_exit(struct agent *agent, int exit_status)
{
	agent->exiting = true;
	agent->exit_status = exit_status;
}

/* ---- the session ---- */

static void handle_session_opened(void *argument)
{
	struct agent *agent = argument;

	mib_begin_session(&agent->mib);
}

static void handle_session_refused(void *argument)
{
	struct agent *agent = argument;

	log_line(LOG_ERR, "another " AGENT_NAME " already serves the MIB in context '%s', exiting",
		 agent->options.context);
	request_exit(agent, EXIT_FAILURE);
}

/* ---- settings ---- */

static void apply_agent_settings(struct agent *agent)
{
	const char *agentx_socket = agent->options.agentx_socket;

	if (agentx_socket == NULL && agent->settings.agentx_socket[0] != '\0')
		agentx_socket = agent->settings.agentx_socket;
	if (agentx_socket == NULL)
		agentx_socket = agent->library_socket;
	library_set_socket(agentx_socket);
	agent->mib.max_age_ns = agent->settings.max_age_ns;
	agent->refreshes.window_ns = agent->settings.window_ns;
	agent->refresh_log.interval_logged = false;
}

static void handle_helper_exit(struct agent *agent)
{
	log_line(LOG_CRIT, "helper process " HELPER_PROCESS_NAME " exited unexpectedly");
	request_exit(agent, EXIT_FAILURE);
}

static void handle_settings(int descriptor, void *argument)
{
	struct agent *agent = argument;

	(void)descriptor;
	switch (reload_receive(&agent->reload, &agent->settings)) {
	case 0:
		apply_agent_settings(agent);
		service_manager_expect_refresh(&agent->service_manager, 0);
		break;
	case -EPIPE:
		handle_helper_exit(agent);
		break;
	}
}

static void handle_signal(int descriptor, void *argument)
{
	struct agent *agent = argument;
	struct signalfd_siginfo received;

	if (read(descriptor, &received, sizeof(received)) != sizeof(received))
		return;
	if (received.ssi_signo != SIGHUP)
		request_exit(agent, EXIT_SUCCESS);
	else if (reload_request(&agent->reload) != 0)
		handle_helper_exit(agent);
}

/* ---- the conntrack files, which exist while the nf_conntrack kernel module is loaded ---- */

static void request_conntrack(struct agent *agent)
{
	const struct report *latest = agent->refreshes.latest;

	if (latest == NULL || latest->snapshot->host.known[HOST_CONNTRACKS] ||
	    latest->snapshot->taken_ns - agent->conntrack_requested_ns < CONNTRACK_INTERVAL_NS)
		return;
	agent->conntrack_requested_ns = latest->snapshot->taken_ns;
	helper_request_conntrack(&agent->helper);
}

static void pass_conntrack(struct agent *agent, const int descriptors[PROC_CONNTRACK_FILES])
{
	struct collector_settings settings = settings_for_collector(&agent->settings);

	settings.has_conntrack = true;
	memcpy(settings.conntrack, descriptors, sizeof(settings.conntrack));
	if (collector_configure(agent->collector, &settings) == 0)
		return;
	for (size_t i = 0; i < PROC_CONNTRACK_FILES; i++)
		close(descriptors[i]);
}

static void handle_conntrack(int descriptor, void *argument)
{
	struct agent *agent = argument;
	int descriptors[PROC_CONNTRACK_FILES];

	switch (helper_receive_conntrack(&agent->helper, descriptors)) {
	case 0:
		pass_conntrack(agent, descriptors);
		break;
	case -EPIPE:
		unregister_readfd(descriptor);
		break;
	}
}

/* ---- refreshes ---- */

static int add_refresh(struct agent *agent, const struct refresh *refresh)
{
	struct evaluation *before = evaluation_hold(agent->refreshes.evaluation);
	int error = history_add(&agent->refreshes, refresh, clock_real_ahead_ns());

	notifier_add(&agent->notifier, before, agent->refreshes.evaluation);
	evaluation_release(before);
	return error;
}

/* The MIB is registered with the first counts: its rows exist from then on. */
static void start_serving(struct agent *agent)
{
	session_start(&agent->session);
	service_manager_notify_ready();
	agent->serving = true;
}

static void handle_refresh(int descriptor, void *argument)
{
	struct agent *agent = argument;
	struct refresh refresh;
	int error;

	(void)descriptor;
	if (collector_take(agent->collector, &refresh) != 0) {
		log_line(LOG_CRIT, "the collector thread ended unexpectedly");
		request_exit(agent, EXIT_FAILURE);
		return;
	}
	error = add_refresh(agent, &refresh);
	refresh_log_add(&agent->refresh_log, &agent->settings, &agent->refreshes, error,
			refresh.not_derived);
	service_manager_expect_refresh(&agent->service_manager, agent->refreshes.interval_ns);
	request_conntrack(agent);
	if (!agent->serving && agent->refreshes.latest != NULL)
		start_serving(agent);
	if (reload_refreshed(&agent->reload) != 0)
		handle_helper_exit(agent);
}

static void report_status(struct agent *agent)
{
	char status[SERVICE_STATUS_SIZE] = "";

	if (agent->refresh_log.error != 0)
		snprintf(status, sizeof(status), "refresh failed: %s", agent->refreshes.last_error);
	else if (agent->serving)
		session_describe(&agent->session, status, sizeof(status));
	if (agent->reload.failed) {
		size_t length = strlen(status);

		snprintf(status + length, sizeof(status) - length,
			 "%sconfiguration not reloaded, see the log", length > 0 ? "; " : "");
	}
	service_manager_notify_status(&agent->service_manager, status);
}

/* ---- start ---- */

/*
 * Memory that the collector allocates is freed by the main thread. With a heap for each thread the
 * C library would open a file when it returns memory (malloc/arena.c, check_may_shrink_heap).
 */
static void share_heap(void)
{
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
}

static void choose_logging(const struct options *options)
{
	if (options->check_only || (options->foreground && !options->logging_chosen)) {
		logging_add("e");
	} else if (!options->logging_chosen) {
		snmp_log_syslogname(AGENT_NAME);
		logging_add("sd"); /* the facility daemon */
	}
	logging_escape();
}

/* net-snmp's own configuration is that of snmpd too, where agentXSocket may be a list. */
static int check_library_socket(const struct agent *agent)
{
	const char *problem = NULL;

	if (agent->options.agentx_socket == NULL && agent->settings.agentx_socket[0] == '\0' &&
	    agent->library_socket != NULL)
		problem = master_socket_problem(agent->library_socket);
	if (problem == NULL)
		return 0;
	log_line(LOG_ERR, "net-snmp configuration: agentXSocket '%s': %s", agent->library_socket,
		 problem);
	return -EINVAL;
}

static int read_configuration(struct agent *agent)
{
	int error = library_read_configuration(agent->options.configuration.without_defaults,
					       &agent->library_socket);

	if (error != 0)
		return error;
	error = settings_read(&agent->settings, &agent->options.configuration);
	if (error != 0)
		return error;
	return check_library_socket(agent);
}

static int prepare_process(struct agent *agent)
{
	const struct options *options = &agent->options;

	return options->check_only
		       ? identity_find(&agent->process.identity, options->user, options->group)
		       : daemon_prepare(&agent->process, options);
}

/* Logs errors also to the terminal, for a user who starts the agent by hand. */
static int prepare(struct agent *agent)
{
	netsnmp_log_handler *terminal = NULL;
	int error;

	if (!snmp_stderrlog_status()) {
		logging_add("e");
		terminal = netsnmp_find_loghandler("stderr");
		logging_escape();
	}
	error = read_configuration(agent);
	if (error == 0)
		error = prepare_process(agent);
	if (terminal != NULL)
		netsnmp_remove_loghandler(terminal);
	return error;
}

/* Signals are handled in the main loop, in turn with all other events. */
static int catch_signals(struct agent *agent)
{
	sigset_t signals;
	int descriptor;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (descriptor < 0)
		return -errno;
	register_readfd(descriptor, handle_signal, agent);
	return 0;
}

static int start_helper(struct agent *agent)
{
	int error = helper_start(&agent->helper, &agent->process, &agent->options.configuration);

	if (error != 0)
		return error;
	register_readfd(agent->helper.socket, handle_settings, agent);
	register_readfd(agent->helper.files_socket, handle_conntrack, agent);
	return 0;
}

static int initialise_session(struct agent *agent)
{
	const struct session_callbacks callbacks = {
		.opened = handle_session_opened,
		.refused = handle_session_refused,
		.context = agent,
	};
	int error = session_initialise(&agent->session, mib_root, mib_root_length,
				       agent->options.context, &callbacks);

	agent->session_initialised = error == 0;
	return error;
}

static int initialise_modules(struct agent *agent)
{
	int error;

	apply_agent_settings(agent);
	error = history_initialise(&agent->refreshes, agent->settings.window_ns,
				   agent->settings.thresholds);
	if (error != 0)
		return error;
	notifier_initialise(&agent->notifier, &agent->mib, &agent->session);
	agent->mib.refreshes = &agent->refreshes;
	agent->mib.notifications_dropped = &agent->notifier.dropped;
	agent->mib.started_real_ns = clock_now_ns() + clock_real_ahead_ns();
	error = mib_register(&agent->mib, agent->options.context);
	return error == 0 ? initialise_session(agent) : error;
}

/* The confinement begins when everything is open that the collector needs. */
static int start_collector(struct agent *agent)
{
	struct collector_settings settings = settings_for_collector(&agent->settings);
	int error;

	settings.watches = watches_copy(agent->settings.watches);
	if (settings.watches == NULL)
		return -ENOMEM;
	error = collector_new(&agent->collector, &settings, agent->helper.units_socket,
			      agent->helper.names_socket);
	if (error != 0) {
		free(settings.watches);
		return error;
	}
	agent->helper.units_socket = -1;
	agent->helper.names_socket = -1;
	confinement_enter(CONFINED_AGENT, NULL);
	register_readfd(collector_descriptor(agent->collector), handle_refresh, agent);
	agent->reload = (struct reload){
		.helper = &agent->helper,
		.refreshes = &agent->refreshes,
		.notifier = &agent->notifier,
		.collector = agent->collector,
	};
	return collector_start(agent->collector);
}

static int start_agent(struct agent *agent)
{
	int error = start_helper(agent);

	if (error != 0)
		return error;
	error = initialise_modules(agent);
	if (error != 0)
		return error;
	error = catch_signals(agent);
	if (error != 0)
		return error;
	error = start_collector(agent);
	if (error != 0)
		return error;
	service_manager_initialise(&agent->service_manager);
	return 0;
}

/* ---- from start to exit ---- */

static void run_agent(struct agent *agent)
{
	int error = start_agent(agent);

	if (error != 0) {
		log_line(LOG_ERR, "cannot start: %s", strerror(-error));
		request_exit(agent, EXIT_FAILURE);
		return;
	}
	log_line(LOG_NOTICE, AGENT_NAME " " AGENT_VERSION " started");
	daemon_ready(&agent->process);
	while (!agent->exiting) {
		agent_check_and_process(1);
		notifier_send(&agent->notifier);
		report_status(agent);
	}
	service_manager_notify_stopping();
}

static void finalise_agent(struct agent *agent)
{
	if (agent->session_initialised)
		session_stop(&agent->session);
	collector_stop(agent->collector);
	notifier_finalise(&agent->notifier);
	mib_forget_requests(&agent->mib);
	history_finalise(&agent->refreshes);
	settings_finalise(&agent->settings);
	free(agent->library_socket);
	if (agent->helper.socket >= 0)
		helper_stop(&agent->helper);
	else
		daemon_remove_pid_file(&agent->process);
	daemon_finalise(&agent->process);
}

/* The exit status after -h, -v or -H. */
static int end_output(void)
{
	const char *problem = streams_close_output();

	if (problem == NULL)
		return EXIT_SUCCESS;
	fprintf(stderr, AGENT_NAME ": standard output: %s\n", problem);
	return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
	static struct agent agent = {
		.process = {.pid_file = -1, .ready = -1},
		.helper = {.socket = -1, .units_socket = -1, .names_socket = -1},
	};

	inherited_reset();
	if (streams_open() != 0)
		return EXIT_FAILURE;
	switch (options_parse(&agent.options, argc, argv)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_ANSWERED:
		return end_output();
	case OPTIONS_WRONG:
		return EXIT_FAILURE;
	}
	share_heap();
	date_read_zone();
	choose_logging(&agent.options);
	library_initialise();
	if (prepare(&agent) != 0 ||
	    (!agent.options.check_only && daemon_become(&agent.process) != 0))
		request_exit(&agent, EXIT_FAILURE);
	else if (!agent.options.check_only)
		run_agent(&agent);
	finalise_agent(&agent);
	return agent.exit_status;
}
