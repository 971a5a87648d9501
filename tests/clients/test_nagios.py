# SPDX-License-Identifier: BSD-2-Clause
"""Nagios and Icinga 2 with the generated services."""

import collections
import html
import os
import pathlib
import re
import subprocess
import time

import pytest

import browser
import mib
import snmp
from daemons import BUILD
from levels import STATES, THRESHOLDS, directive
from polling import until
from monitored_host import ADDRESS_IPV6, INTEGRATIONS, MonitoredHost

OK, WARNING, CRITICAL, UNKNOWN = map(str, range(4))
COUNTS = ("TCP states", *(f"TCP {state}" for state in STATES), "TCP accept queue", "TCP limits",
          "TCP thresholds", "TCP watch web")
STATUSES = tuple(f"TCP threshold {name}" for name in ("synFlood", "synDrops", "drops", "orphans"))
PORT, BACKLOG, WAITING = 8083, 10, 7
SERVICES = ("TCP agent", *COUNTS, *STATUSES)
CGI = "/usr/lib/cgi-bin/nagios4/status.cgi"
HTML = "/usr/share/nagios4/htdocs"

# Nagios with Debian's objects.
_NAGIOS = """\
cfg_file=/etc/nagios4/objects/commands.cfg
cfg_file=/etc/nagios4/objects/contacts.cfg
cfg_file=/etc/nagios4/objects/timeperiods.cfg
cfg_file=/etc/nagios4/objects/templates.cfg
cfg_file=/etc/nagios-plugins/config/ping.cfg
cfg_file={integrations}/nagios/tcp-states.cfg
cfg_file={directory}/hosts.cfg
resource_file={directory}/resource.cfg
log_file={directory}/nagios.log
status_file={directory}/status.dat
object_cache_file={directory}/objects.cache
precached_object_file={directory}/objects.precache
state_retention_file={directory}/retention.dat
command_file={directory}/nagios.cmd
lock_file={directory}/nagios.lock
temp_file={directory}/nagios.tmp
temp_path={directory}
check_result_path={directory}/results
query_socket={directory}/nagios.qh
nagios_user=root
nagios_group=root
check_external_commands=1
status_update_interval=1
interval_length=1
enable_notifications=0
illegal_object_name_chars=`~!$%^&*|'"<>?,()=
illegal_macro_output_chars=`~$&|'"<>
"""
# From README.md.
_HOST = """\
define host {{
    use             linux-server
    host_name       web
    address         {address}
    hostgroups      tcp-state-agents,tcp-state-thresholds
    _SNMPCOMMUNITY  public
}}
define service {{
    use                     tcp-state-service
    service_description     TCP watch web
    check_command           check_tcp_states!--watch-name web --conn-status close_wait -w 200
}}
"""
_ICINGA = """\
include <itl>
include <plugins>
const NodeName = "monitor"
object CheckerComponent "checker" {{ }}
object PerfdataWriter "perfdata" {{
	host_perfdata_path = "{directory}/host"
	service_perfdata_path = "{directory}/service"
	host_temp_path = "{directory}/host.tmp"
	service_temp_path = "{directory}/service.tmp"
	rotation_interval = 1s
	service_format_template = "{format}"
}}
template Service "often" default {{
	check_interval = 1s
}}
include "{integrations}/nagios/tcp-states.conf"
object Host "web" {{
	check_command = "dummy"
	{address}
	vars.snmp_community = "public"
	vars.tcp_state_agent = true
	vars.tcp_state_thresholds = true
	vars.tcp_state_watches = [ "web" ]
}}
"""

_ICINGA_TELLS = r"\t".join(f"$service.{what}$" for what in
                           ("name", "state_id", "output", "perfdata"))

Service = collections.namedtuple("Service", "state output performance")


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    thresholds = [directive(threshold) for threshold in THRESHOLDS]
    with MonitoredHost(tmp_path_factory.mktemp("monitored"), threshold=thresholds,
                       watch=f"web port {PORT}") as monitored:
        yield monitored


@pytest.fixture(scope="module")
def plugins(monitored):
    """A directory with Debian's plugins and the one under test, as with --with-plugindir."""
    directory = monitored.directory / "plugins"
    directory.mkdir()
    for program in [*pathlib.Path("/usr/lib/nagios/plugins").iterdir(),
                    BUILD / "tests/system/check_tcp_states"]:
        (directory / program.name).symlink_to(program)
    return directory


class Nagios:
    """services() returns the results of checks that started after the call."""

    def __init__(self, monitored, plugins, name="nagios", address="127.0.0.1"):
        self.directory = monitored.directory / name
        (self.directory / "results").mkdir(parents=True)
        (self.directory / "nagios.cfg").write_text(
            _NAGIOS.format(directory=self.directory, integrations=INTEGRATIONS))
        (self.directory / "hosts.cfg").write_text(_HOST.format(address=address))
        (self.directory / "resource.cfg").write_text(f"$USER1$={plugins}\n")
        self.daemon = monitored.launch(name, ["nagios4", self.directory / "nagios.cfg"])
        until(self._pipe.exists, "nagios takes commands")

    def services(self):
        now = int(time.time())
        with open(self._pipe, "w", encoding="ascii") as pipe:
            for service in SERVICES:
                pipe.write(f"[{now}] SCHEDULE_FORCED_SVC_CHECK;web;{service};{now}\n")
        begun = time.time()
        while time.time() <= now + 1:  # Nagios reports whole seconds
            time.sleep(0.05)
        return until(lambda: self._checked_after(begun), "all services are checked", 40, 0.2)

    @property
    def _pipe(self):
        return self.directory / "nagios.cmd"

    def _checked_after(self, begun):
        assert self.daemon.running, self.daemon.log
        try:
            text = (self.directory / "status.dat").read_text()
        except FileNotFoundError:
            return None
        blocks = [dict(re.findall(r"^\t(\w+)=(.*)$", block, re.MULTILINE))
                  for block in re.findall(r"^servicestatus \{\n(.*?)^\t\}", text, re.M | re.S)]
        assert {block["service_description"] for block in blocks} == set(SERVICES)
        if any(int(block["last_check"]) < int(begun) for block in blocks):
            return None
        return {block["service_description"]: Service(
            block["current_state"], block["plugin_output"], block["performance_data"])
            for block in blocks}


class Icinga:
    """services() returns the results of checks that started after the call."""

    def __init__(self, monitored, plugins, name="icinga2", address='address = "127.0.0.1"'):
        self.directory = monitored.directory / name
        self.directory.mkdir()
        configuration = self.directory / "icinga2.conf"
        configuration.write_text(
            _ICINGA.format(directory=self.directory, integrations=INTEGRATIONS,
                           format=_ICINGA_TELLS, address=address))
        paths = [f"{name}={self.directory}" for name in
                 ("DataDir", "LogDir", "CacheDir", "SpoolDir", "InitRunDir")]
        self._command = ["icinga2", "daemon", "-c", configuration]
        for define in (*paths, f"PluginDir={plugins}"):
            self._command += ["-D", define]
        self._environment = {**os.environ, "ICINGA2_USER": "root", "ICINGA2_GROUP": "root"}
        self._monitored = monitored

    def validate(self):
        return subprocess.run([*self._command, "-C"], env=self._environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def services(self):
        """Start a daemon without retained state."""
        for file in (*self.directory.glob("service*"), self.directory / "icinga2.state"):
            file.unlink(missing_ok=True)
        daemon = self._monitored.launch("icinga2", self._command, env=self._environment,
                                    start_new_session=True)
        try:
            return until(lambda: self._all(daemon), "all services are checked", 60, 0.2)
        finally:
            daemon.stop(20)  # killed, it would leave its workers behind

    def _all(self, daemon):
        assert daemon.running, daemon.log
        services = {}
        for file in self.directory.glob("service*"):
            for line in file.read_text().splitlines():
                if line.count("\t") == 3:
                    name, *service = line.split("\t")
                    services[name] = Service(service[0].removesuffix(".0"), *service[1:])
        return services if services.keys() == set(SERVICES) else None


@pytest.fixture(scope="module")
def nagios(monitored, plugins):
    return Nagios(monitored, plugins)


@pytest.fixture(scope="module")
def icinga(monitored, plugins):
    return Icinga(monitored, plugins)


@pytest.fixture(params=("nagios", "icinga"))
def monitor(request):
    return request.getfixturevalue(request.param)


def figures(performance):
    """Return {label: value} of performance data."""
    found = re.findall(r"(?:^| )(?:'([^']+)'|([^ '=]+))=(\d+)[^ ]*", performance)
    return {quoted or plain: int(value) for quoted, plain, value in found}


def plugin_name(family, state):
    status = re.sub("(?=[A-Z])", "_", state).upper().replace("RECEIVED", "RECV")
    return f"tcp{'6' if family == 6 else ''}_{status.replace('CLOSED', 'CLOSE')}"


@pytest.fixture(scope="module", autouse=True)
def sockets(monitored):
    """Set a different number for each row, above its level."""
    monitored.make_different_numbers()
    monitored.make(4, "synSent", 60)
    monitored.make(6, "closeWait", 210)


def test_icinga_accepts_the_file(icinga):
    done = icinga.validate()
    assert done.returncode == 0 and "critical" not in done.stdout, done.stdout


def states_of(services):
    """Return {name: state} of the services that are not OK."""
    return {name: service.state for name, service in services.items() if service.state != OK}


def test_services_show_the_counts(monitored, monitor, record_property):
    counts, services = monitored.unchanged(monitor.services)
    # The agent does not count closed sockets.
    assert figures(services["TCP states"].performance) == {
        plugin_name(*row): count for row, count in counts.items() if row[1] != "closed"}
    for state in STATES:
        assert figures(services[f"TCP {state}"].performance) == {
            plugin_name(family, state): counts[family, state] for family in (4, 6)}
    assert states_of(services) == {"TCP synSent": WARNING, "TCP closeWait": WARNING,
                                   "TCP thresholds": WARNING}
    assert services["TCP limits"].output.startswith("timeWait: 0 % (")
    record_property("observed", f"20 of 20 counts equal, {services['TCP synSent'].output}")


@pytest.mark.parametrize("monitor, address", [
    (Nagios, ADDRESS_IPV6), (Icinga, f'address6 = "{ADDRESS_IPV6}"')])
def test_a_host_without_ipv4(monitored, plugins, monitor, address, record_property):
    monitor = monitor(monitored, plugins, f"ipv6-{monitor.__name__}", address)
    counts, services = monitored.unchanged(monitor.services)
    assert figures(services["TCP states"].performance) == {
        plugin_name(*row): count for row, count in counts.items() if row[1] != "closed"}
    assert states_of(services) == {"TCP synSent": WARNING, "TCP closeWait": WARNING,
                                   "TCP thresholds": WARNING}
    record_property("observed", services["TCP agent"].output)


def test_a_full_accept_queue_and_a_watch(monitored, monitor, record_property):
    with monitored.waiting_connections(PORT, BACKLOG, WAITING + 2):
        services = monitor.services()
    queue = services["TCP accept queue"]
    assert (queue.state, queue.output) == (
        WARNING, f"127.0.0.1:{PORT}: 90 % (9 of {BACKLOG} connections) [WARNING]")
    assert figures(queue.performance) == {"fill": 90}
    watch = services["TCP watch web"]
    assert (watch.state, watch.output) == (
        OK, "watch web: tcp CLOSE WAIT: 0, tcp6 CLOSE WAIT: 0")
    monitored.wait_until_counted()
    record_property("observed", queue.output)


def test_a_syn_flood_is_reported_and_recovers(monitored, monitor, record_property):
    """The agent's threshold reports it, because half-open connections stay below every level."""
    status = mib.of_threshold(mib.THRESHOLD_STATUS, "synFlood")
    with monitored.flood(5000):
        until(lambda: snmp.get_value(status) == mib.RAISED_STATUS, "it is raised")
        services = monitor.services()
    assert states_of(services) == {"TCP synSent": WARNING, "TCP closeWait": WARNING,
                                   "TCP threshold synFlood": WARNING, "TCP thresholds": WARNING}
    assert "synFlood" in services["TCP thresholds"].output
    until(lambda: snmp.get_value(status) == mib.NORMAL, "a minute is over", 90, 0.5)
    assert "TCP threshold synFlood" not in states_of(monitor.services())
    record_property("observed", services["TCP threshold synFlood"].output)


def test_old_counts_are_no_alert_if_the_interval_is_long(monitored, monitor, record_property):
    monitored.reconfigure(refreshInterval=20, maxAge=None)
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 20000, "the interval is used")
    until(lambda: snmp.get_value(mib.REFRESH_AGE) > 1500, "the counts are old", 30, 0.2)
    try:
        services = monitor.services()
    finally:
        monitored.reconfigure()
        monitored.wait_until_counted()
    assert states_of(services) == {"TCP synSent": WARNING, "TCP closeWait": WARNING,
                                   "TCP thresholds": WARNING}
    record_property("observed", services["TCP agent"].output)


def test_absent_counts_are_unknown_while_the_agent_runs(monitored, monitor, record_property):
    monitored.refuse()
    try:
        services = monitor.services()
    finally:
        monitored.allow()
    assert {name for name, state in states_of(services).items() if state == UNKNOWN} == set(COUNTS)
    assert services["TCP agent"].state == OK
    assert not any(figures(services[name].performance) for name in COUNTS)
    record_property("observed", f"{services['TCP agent'].output}; {services['TCP states'].output}")


def test_missing_agent_is_unknown(monitored, monitor, record_property):
    monitored.stop_agent()
    try:
        services = monitor.services()
    finally:
        monitored.start_agent()
    assert {service.state for service in services.values()} == {UNKNOWN}
    assert not any(figures(service.performance) for service in services.values())
    record_property("observed", services["TCP agent"].output)


def test_page(nagios, picture, record_property):
    services = nagios.services()
    configuration = nagios.directory / "cgi.cfg"
    configuration.write_text(f"main_config_file={nagios.directory}/nagios.cfg\n"
                             f"physical_html_path={HTML}\nurl_html_path={HTML}\n"
                             "use_authentication=0\n")
    page = subprocess.run(
        [CGI], capture_output=True, text=True, check=True,
        env={"REQUEST_METHOD": "GET", "QUERY_STRING": "host=web&limit=0",
             "NAGIOS_CGI_CONFIG": str(configuration)}).stdout.partition("\n\n")[2]
    for service in services.values():
        assert html.escape(service.output.partition(",")[0]) in page, page
    browser.draw(page.replace(f"{HTML}/stylesheets", "/etc/nagios4/stylesheets"),
                 nagios.directory, (1000, 590), picture("nagios"))
    record_property("observed", f"{len(services)} services")
