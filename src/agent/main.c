/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp-state-agent: the wiring of its parts, and its start and end as a daemon.
 */
#include "agent/attendant.h"
#include "agent/confinement.h"
#include "agent/daemon.h"
#include "agent/mib.h"
#include "agent/notifier.h"
#include "agent/options.h"
#include "agent/service_manager.h"
#include "agent/session.h"
#include "agent/settings.h"
#include "build.h"
#include "clock.h"
#include "collect/collector.h"
#include "model/refreshes.h"

#include <errno.h>
#include <malloc.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What the library calls itself: it would else read our configuration too, and not strictly. */
#define LIBRARY_NAME AGENT_NAME "-library"

struct agent {
	struct options options;
	struct daemon_process process;
	struct settings settings;
	char *library_socket; /* what net-snmp's own configuration names, or NULL */
	struct attendant attendant;
	struct collector *collector;
	struct refreshes refreshes;
	struct mib mib;
	struct session session;
	struct notifier notifier;
	struct service_manager service_manager;
	bool session_initialised;
	bool serving;
	int refresh_error; /* of the last refresh, so that it is logged once */
	bool stretch_logged;
	const char *not_derived; /* what the last refresh said, so that it is logged once */
	bool ending;
	int exit_status;
};

/* ---- what happens while it runs ---- */

static void end(struct agent *agent, int exit_status)
{
	agent->ending = true;
	agent->exit_status = exit_status;
}

static void session_opened(void *argument)
{
	struct agent *agent = argument;

	mib_begin_session(&agent->mib);
}

static void session_refused(void *argument)
{
	struct agent *agent = argument;

	snmp_log(LOG_ERR,
		 "snmpd refuses the registration: another " AGENT_NAME
		 " serves TCP-STATE-COUNT-MIB in context \"%s\"\n",
		 agent->options.context);
	end(agent, EXIT_FAILURE);
}

static void log_refresh(struct agent *agent, int error)
{
	if (error != 0 && error != agent->refresh_error)
		snmp_log(LOG_ERR, "%s\n", agent->refreshes.last_error);
	if (error == 0 && agent->refresh_error != 0)
		snmp_log(LOG_NOTICE, "refreshing works again\n");
	agent->refresh_error = error;
}

static void log_stretch(struct agent *agent)
{
	if (agent->stretch_logged ||
	    agent->refreshes.interval_ns <= agent->settings.refresh_interval_ns)
		return;
	agent->stretch_logged = true;
	snmp_log(LOG_WARNING,
		 "a refresh costs so much that with cpuLimit %g the next comes after %g seconds\n",
		 agent->settings.cpu_limit,
		 (double)agent->refreshes.interval_ns / (double)NS_PER_SECOND);
}

static void log_method(struct agent *agent, const char *not_derived)
{
	if (not_derived != NULL && not_derived != agent->not_derived)
		snmp_log(LOG_WARNING, "all sockets are listed, at a higher cost: %s\n",
			 not_derived);
	agent->not_derived = not_derived;
}

static void add_refresh(struct agent *agent, const struct refresh *refresh)
{
	struct judgement *before = judgement_hold(agent->refreshes.judgement);

	log_refresh(agent, refreshes_add(&agent->refreshes, refresh));
	notifier_tell(&agent->notifier, before, agent->refreshes.judgement);
	judgement_release(before);
}

/* Only counts that are there can be registered: from then on the rows exist. */
static void serve(struct agent *agent)
{
	session_start(&agent->session);
	service_manager_tell_ready();
	agent->serving = true;
}

static void take_refresh(int descriptor, void *argument)
{
	struct agent *agent = argument;
	struct refresh refresh;

	(void)descriptor;
	if (collector_take(agent->collector, &refresh) != 0) {
		snmp_log(LOG_CRIT, "the collector has ended\n");
		end(agent, EXIT_FAILURE);
		return;
	}
	add_refresh(agent, &refresh);
	service_manager_expect_refresh(&agent->service_manager, agent->refreshes.interval_ns);
	log_stretch(agent);
	log_method(agent, refresh.not_derived);
	if (!agent->serving && agent->refreshes.latest != NULL)
		serve(agent);
}

static struct collector_settings collector_settings(const struct agent *agent)
{
	const struct settings *settings = &agent->settings;

	return (struct collector_settings){
		.interval_ns = settings->refresh_interval_ns,
		.cpu_limit = settings->cpu_limit,
		.wanted = settings->wanted,
	};
}

static void apply_settings(struct agent *agent)
{
	const char *agentx_socket = agent->options.agentx_socket;

	if (agentx_socket == NULL && agent->settings.agentx_socket[0] != '\0')
		agentx_socket = agent->settings.agentx_socket;
	if (agentx_socket == NULL)
		agentx_socket = agent->library_socket;
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, agentx_socket);
	agent->mib.max_age_ns = agent->settings.max_age_ns;
	agent->refreshes.window_ns = agent->settings.window_ns;
	agent->stretch_logged = false;
}

/* Thresholds that are no longer there, and were raised, are told as cleared. */
static int change_thresholds(struct agent *agent)
{
	struct judgement *before = agent->refreshes.judgement;
	struct judgement *ended = judgement_end(before, agent->settings.thresholds, clock_now_ns());

	if (ended == NULL)
		return -ENOMEM;
	notifier_tell(&agent->notifier, before, ended);
	judgement_release(ended);
	return refreshes_set_thresholds(&agent->refreshes, agent->settings.thresholds);
}

static void change_settings(struct agent *agent)
{
	struct collector_settings settings = collector_settings(agent);
	int error;

	apply_settings(agent);
	error = change_thresholds(agent);
	if (error == 0)
		error = collector_configure(agent->collector, &settings);
	if (error != 0) {
		snmp_log(LOG_ERR, "the configuration: %s\n", strerror(-error));
		return;
	}
	service_manager_expect_refresh(&agent->service_manager, 0);
	snmp_log(LOG_NOTICE, "the configuration was read again\n");
}

static void tell_status(struct agent *agent)
{
	char status[SERVICE_STATUS_SIZE] = "";

	if (agent->refresh_error != 0)
		snprintf(status, sizeof(status), "refreshing fails: %s",
			 agent->refreshes.last_error);
	else if (agent->serving)
		session_describe(&agent->session, status, sizeof(status));
	service_manager_tell_status(&agent->service_manager, status);
}

/* Nothing else is lost with the attendant. */
static void take_settings(int descriptor, void *argument)
{
	struct agent *agent = argument;
	int error = attendant_take_settings(&agent->attendant, &agent->settings);

	if (error == 0)
		change_settings(agent);
	else
		snmp_log(LOG_ERR, "the configuration stays as it was\n");
	if (error == -EPIPE) {
		snmp_log(LOG_ERR, "the process that reads it has ended\n");
		unregister_readfd(descriptor);
	}
}

static void take_signal(int descriptor, void *argument)
{
	struct agent *agent = argument;
	struct signalfd_siginfo taken;

	if (read(descriptor, &taken, sizeof(taken)) != sizeof(taken))
		return;
	if (taken.ssi_signo != SIGHUP)
		end(agent, EXIT_SUCCESS);
	else if (attendant_read_settings(&agent->attendant) != 0)
		snmp_log(LOG_ERR, "the configuration cannot be read again: the process that reads "
				  "it has ended\n");
}

/* ---- start and end ---- */

/*
 * What the collector allocates is freed here. With a heap for each thread the C library would open
 * a file when it gives memory back (malloc/arena.c, check_may_shrink_heap).
 */
static void share_heap(void)
{
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
}

static void initialise_library(void)
{
	netsnmp_enable_subagent();
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	setenv("MIBS", "", 1);
	init_agent(LIBRARY_NAME);
	session_prepare_library();
}

/*
 * net-snmp reads its own snmp.conf and agentx.conf here. Of ours it knows only a part; it looks for
 * it under another name, and settings_read() reads it, strictly.
 */
static int read_library_configuration(struct agent *agent)
{
	const char *agentx_socket;

	if (agent->options.configuration.without_defaults)
		netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	init_snmp(LIBRARY_NAME);
	agentx_socket = netsnmp_ds_get_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET);
	if (agentx_socket == NULL)
		return 0;
	agent->library_socket = strdup(agentx_socket);
	return agent->library_socket != NULL ? 0 : -ENOMEM;
}

/* Who starts the agent by hand shall see what is wrong, wherever it will log to later. */
static int prepare(struct agent *agent)
{
	netsnmp_log_handler *terminal = NULL;
	int error;

	if (!snmp_stderrlog_status())
		terminal = netsnmp_register_loghandler(NETSNMP_LOGHANDLER_STDERR, LOG_DEBUG);
	error = read_library_configuration(agent);
	if (error == 0)
		error = settings_read(&agent->settings, &agent->options.configuration);
	if (error == 0)
		error = daemon_prepare(&agent->process, &agent->options);
	if (terminal != NULL)
		netsnmp_remove_loghandler(terminal);
	return error;
}

static void choose_logging(const struct options *options)
{
	if (options->logging_chosen)
		return;
	if (options->foreground)
		snmp_enable_stderrlog();
	else
		snmp_enable_syslog_ident(AGENT_NAME, LOG_DAEMON);
}

/* Signals are taken in the main loop, in turn with everything else that happens. */
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
	register_readfd(descriptor, take_signal, agent);
	return 0;
}

static int initialise_session(struct agent *agent)
{
	const struct session_callbacks callbacks = {
		.opened = session_opened,
		.refused = session_refused,
		.context = agent,
	};
	int error = session_initialise(&agent->session, mib_root, mib_root_length,
				       agent->options.context, &callbacks);

	agent->session_initialised = error == 0;
	return error;
}

static int initialise_parts(struct agent *agent)
{
	int error;

	apply_settings(agent);
	error = refreshes_initialise(&agent->refreshes, agent->settings.window_ns,
				     agent->settings.thresholds);
	if (error != 0)
		return error;
	notifier_initialise(&agent->notifier, &agent->mib, &agent->session);
	agent->mib.refreshes = &agent->refreshes;
	agent->mib.notifications_dropped = &agent->notifier.dropped;
	error = mib_register(&agent->mib, agent->options.context);
	return error == 0 ? initialise_session(agent) : error;
}

static int start_attendant(struct agent *agent)
{
	int error =
		attendant_start(&agent->attendant, &agent->process, &agent->options.configuration);

	if (error == 0)
		register_readfd(agent->attendant.socket, take_settings, agent);
	return error;
}

/* Whatever needs more than the running agent is allowed is done before the confinement. */
static int start_collector(struct agent *agent)
{
	const struct collector_settings settings = collector_settings(agent);
	int error = collector_new(&agent->collector, &settings);

	if (error != 0)
		return error;
	confinement_enter(CONFINED_AGENT, NULL);
	register_readfd(collector_descriptor(agent->collector), take_refresh, agent);
	return collector_start(agent->collector);
}

static int start(struct agent *agent)
{
	int error = start_attendant(agent);

	if (error == 0)
		error = initialise_parts(agent);
	if (error == 0)
		error = catch_signals(agent);
	if (error == 0)
		error = start_collector(agent);
	if (error == 0)
		service_manager_initialise(&agent->service_manager);
	return error;
}

static void run(struct agent *agent)
{
	int error = start(agent);

	if (error != 0) {
		snmp_log(LOG_ERR, "cannot start: %s\n", strerror(-error));
		end(agent, EXIT_FAILURE);
		return;
	}
	snmp_log(LOG_NOTICE, AGENT_NAME " " AGENT_VERSION " has started\n");
	while (!agent->ending) {
		agent_check_and_process(1);
		notifier_send(&agent->notifier);
		tell_status(agent);
	}
	service_manager_tell_stopping();
}

static void finish(struct agent *agent)
{
	if (agent->session_initialised)
		session_stop(&agent->session);
	collector_stop(agent->collector);
	notifier_finalise(&agent->notifier);
	mib_finalise(&agent->mib);
	refreshes_finalise(&agent->refreshes);
	settings_finalise(&agent->settings);
	free(agent->library_socket);
	if (agent->attendant.socket >= 0)
		attendant_stop(&agent->attendant);
	else
		daemon_remove_pid_file(&agent->process);
	daemon_finalise(&agent->process);
}

int main(int argc, char *argv[])
{
	static struct agent agent = {.attendant = {.socket = -1}};

	switch (options_parse(&agent.options, argc, argv)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_ANSWERED:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_FAILURE;
	}
	share_heap();
	choose_logging(&agent.options);
	initialise_library();
	if (prepare(&agent) == 0 && daemon_become(&agent.process) == 0)
		run(&agent);
	else
		end(&agent, EXIT_FAILURE);
	finish(&agent);
	return agent.exit_status;
}
