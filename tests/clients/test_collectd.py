# SPDX-License-Identifier: BSD-2-Clause
"""The values and notifications of collectd, for large and for missing counts, too."""

import math
import re
import shutil
import subprocess
import time

import pytest

import cgroups
import mib
from daemons import SOURCES
from levels import STATES
from polling import until
from monitored_host import INTEGRATIONS

_CONFIGURATION = """\
Hostname "monitor"
FQDNLookup false
Interval 1
BaseDir "{directory}"
PIDFile "{directory}/pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin logfile
<Plugin logfile>
	LogLevel info
	File "{directory}/log"
</Plugin>
LoadPlugin csv
<Plugin csv>
	DataDir "{directory}/csv"
</Plugin>
LoadPlugin rrdtool
<Plugin rrdtool>
	DataDir "{directory}/rrd"
	StepSize 1
	HeartBeat 5
	RRATimespan 600
</Plugin>
<Include "{directory}/conf.d">
	Filter "*.conf"
</Include>
"""
PORT = 8085
_COLOURS = ("808080", "1f77b4", "aec7e8", "ff7f0e", "2ca02c", "98df8a", "d62728", "9467bd",
            "c5b0d5", "8c564b", "e377c2")


def _hosts(address):
    """Return the file of README.md with the host under test, its watches and a short interval."""
    text = (SOURCES / "integrations/collectd/README.md").read_text()
    assert "`tcp-states.hosts.conf`" in text
    hosts, = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    return hosts.replace("192.0.2.1", address).replace(
        "BulkSize", 'Interval 1\nCollect "tcp_watches" "tcp_watch_ports"\nBulkSize')


class Collectd:
    def __init__(self, monitored, address="127.0.0.1"):
        self.directory = monitored.directory / "collectd"
        self.directory.mkdir()
        configuration = self.directory / "collectd.conf"
        configuration.write_text(_CONFIGURATION.format(directory=self.directory))
        included = self.directory / "conf.d"
        included.mkdir()
        shutil.copy(INTEGRATIONS / "collectd/tcp-states.conf", included)
        (included / "tcp-states.hosts.conf").write_text(_hosts(address))
        self.daemon = monitored.launch("collectd", ["collectd", "-f", "-C", configuration])

    @property
    def notifications(self):
        """Return the notifications so far as [(severity, text)]."""
        return re.findall(r"severity = (\w+).*?, message = (.*)",
                          (self.directory / "log").read_text())

    def values(self, place="tcp_states"):
        """Return {row: value} as written after the call."""
        begun = time.time()
        return until(lambda: self._values(place, begun), "all values are written", 20, 0.1)

    def age(self):
        """Return the age in seconds, as last written."""
        files = (self.directory / "csv/web/tcp_states").glob("duration-age-*")  # one a day
        return float(max(files).read_text().splitlines()[-1].split(",")[1])

    def value(self, place, name):
        """Return the value of a row as last written, or None."""
        files = sorted((self.directory / "csv/web" / place).glob(f"{name}-*"))
        return float(files[-1].read_text().splitlines()[-1].split(",")[1]) if files else None

    def _values(self, place, begun):
        values = {}
        for family, state in mib.ROWS:
            files = list((self.directory / "csv/web" / place).glob(
                f"tcp_connections-ipv{family} {state}-*"))
            lines = [line.split(",") for file in sorted(files)
                     for line in file.read_text().splitlines()[1:]]
            if not lines or float(lines[-1][0]) < begun:
                return None
            values[family, state] = float(lines[-1][1])
        return values


@pytest.fixture(scope="module")
def collectd(monitored):
    monitored.make_different_numbers()
    return Collectd(monitored)


def test_every_count_is_written(monitored, collectd, record_property):
    counts, values = monitored.unchanged(collectd.values)
    assert values == counts
    assert collectd.values("tcp_peaks") == monitored.peaks()
    record_property("observed", "22 of 22 counts and 22 of 22 peaks equal")


def test_watches_owners_and_accept_queues_are_written(monitored, collectd, record_property):
    with monitored.waiting_connections(PORT, 4, 3):
        monitored.reconfigure(watch=f"web port {PORT}")
        until(lambda: collectd.value("tcp_watches", "tcp_connections-web ipv4 established") == 3,
              "the watch")
        until(lambda: collectd.value("tcp_accept_queues", f"percent-127.0.0.1:{PORT}") == 75,
              "the accept queue")
        until(lambda: collectd.value("tcp_watches", f"percent-port {PORT}") == 0, "its ports")
    if cgroups.root() is not None:
        closing = monitored.counts()[4, "closeWait"] + monitored.counts()[6, "closeWait"]
        # A slash in a name is an underscore in the name of a file.
        until(lambda: collectd.value("tcp_owners", "tcp_connections-_* closeWait") == closing,
              "the owner")
    monitored.reconfigure()
    monitored.wait_until_counted()
    record_property("observed", "a watch, its ports, an owner and an accept queue equal")


def test_large_counts_are_notified(monitored, collectd, record_property):
    monitored.make(6, "synSent", STATES["synSent"].warning + 1)
    notifications = until(lambda: [text for severity, text in collectd.notifications
                                   if severity == "WARNING" and "ipv6 synSent" in text],
                          "a warning")
    record_property("observed", notifications[0])


def told_of(collectd, name):
    return [(severity, text) for severity, text in collectd.notifications
            if severity != "OKAY" and f"(instance {name})" in text]


def test_a_flood_is_notified_and_a_burst_is_not(monitored, collectd, record_property):
    """A burst lasts at most two intervals. Its size does not matter."""
    with monitored.flood(2000):
        collectd.values()
    for _ in range(8):
        collectd.values()
    assert not told_of(collectd, "tcpHostSyncookiesSent")
    # The maximum of a count, which remains for a window, is not notified either.
    assert not [text for _, text in collectd.notifications if "tcp_peaks" in text]

    def flooded():
        with monitored.flood(500):
            return told_of(collectd, "tcpHostSyncookiesSent")
    severity, text = until(flooded, "a flood is reported", 40)[0]
    assert severity in ("WARNING", "FAILURE")
    assert not told_of(collectd, "tcpHostSynQueueDrops")
    record_property("observed", text)


def test_graph(monitored, collectd, picture):
    """Draw some seconds in which sockets come and go."""
    begun = int(time.time())
    for number in (2, 5, 9, 4, 12, 7):
        monitored.make(4, "established", number)
        monitored.make(4, "closeWait", number)
        collectd.values()
    lines = [word for number, state in enumerate(mib.STATES) for word in (
        f"DEF:v{number}={collectd.directory}/rrd/web/tcp_states/tcp_connections-ipv4 {state}.rrd"
        ":value:AVERAGE", f"AREA:v{number}#{_COLOURS[number]}:{state}:STACK")]
    subprocess.run(["rrdtool", "graph", picture("collectd"), "--start", str(begun - 5),
                    "--end", str(int(time.time())), "--width", "600", "--height", "200",
                    "--title", "web: TCP sockets, ipv4", "--lower-limit", "0", *lines],
                   check=True, stdout=subprocess.DEVNULL)
    last = subprocess.run(
        ["rrdtool", "lastupdate",
         collectd.directory / "rrd/web/tcp_states/tcp_connections-ipv4 closeWait.rrd"],
        check=True, capture_output=True, text=True).stdout.split()[-1]
    assert float(last) == monitored.counts()[4, "closeWait"]


def failures(collectd):
    return [text for severity, text in collectd.notifications
            if severity == "FAILURE" and "tcp_states/tcp_connections-ipv4 closeWait" in text]


def test_absent_counts_are_a_failure_and_not_zero(monitored, collectd, record_property):
    monitored.refuse()
    files = {path: path.stat().st_size
             for path in (collectd.directory / "csv/web/tcp_states").glob("tcp_connections-*")}
    notifications = until(lambda: failures(collectd), "a failure")
    assert {path: path.stat().st_size for path in files} == files
    assert collectd.age() > 3
    monitored.allow()
    monitored.unchanged(collectd.values)
    record_property("observed", notifications[0])


def test_a_missing_agent_is_a_failure_and_has_no_age(monitored, collectd, record_property):
    until(lambda: collectd.age() < 3, "collectd retries, which it does less often after failures")
    before = failures(collectd)
    monitored.stop_agent()
    notifications = until(lambda: failures(collectd)[len(before):], "a failure")
    assert math.isnan(collectd.age())
    record_property("observed", notifications[0])
