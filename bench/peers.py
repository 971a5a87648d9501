# SPDX-License-Identifier: BSD-2-Clause
"""Daemons of other monitoring systems that count sockets, each with nothing else enabled.

CPU time is that of the whole process while it collects, so it includes writing the values.
"""

import csv
import http.client
import json
import pathlib
import socket
import time

from surroundings import launch, peak_kib, until

_INTERVAL = 1
_COLLECTD = """\
BaseDir "{directory}"
PIDFile "{directory}/pid"
Interval {interval}
LoadPlugin tcpconns
LoadPlugin csv
<Plugin tcpconns>
    ListeningPorts false
    AllPortsSummary true
</Plugin>
<Plugin csv>
    DataDir "{directory}/csv"
</Plugin>
"""
# Of plugin:proc, only /proc/net/sockstat, sockstat6, snmp, snmp6 and netstat remain.
_NETDATA_UNUSED = (
    "/proc/stat", "/proc/uptime", "/proc/loadavg", "/proc/meminfo", "/proc/vmstat",
    "/proc/interrupts", "/proc/softirqs", "/proc/diskstats", "/proc/mdstat", "/proc/pressure",
    "/proc/net/dev", "/proc/net/wireless", "/proc/net/softnet_stat",
    "/proc/sys/kernel/random/entropy_avail", "ipc", "netdata server resources")
_NETDATA = """\
[global]
run as user = root
update every = {interval}
[directories]
config = {directory}
cache = {directory}
lib = {directory}
log = {directory}
[db]
mode = ram
[ml]
enabled = no
[health]
enabled = no
[web]
bind to = unix:{directory}/web
[plugins]
enable running new plugins = no
{plugins}
[plugin:proc]
{unused}
"""
_NETDATA_PLUGINS = ("timex", "idlejitter", "tc", "cgroups", "diskspace", "slabinfo", "statsd",
                    "netdata monitoring", "netdata monitoring extended")


def _cpu_seconds(pid):
    """Return the CPU time of all threads, also those that have ended (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)


class Daemon:
    """A daemon with its files in DIRECTORY.

    Subclasses implement command(), ready() and collect(), which waits for collections and returns
    their number, and the ESTABLISHED sockets of the last.
    """

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        with open(self._directory / "log", "wb") as log:
            self._process = launch(self.command(), stdin=log, stdout=log, stderr=log)
        until(self.ready, f"{self.command()[0]} has counted sockets")

    def stop(self):
        self._process.kill()
        self._process.wait()

    @property
    def peak(self):
        """The largest resident set so far, in KiB."""
        return peak_kib(self._process.pid)

    def measure(self):
        """Return the CPU time of a collection in seconds, and the number of ESTABLISHED sockets."""
        before = _cpu_seconds(self._process.pid)
        collections, established = self.collect()
        return (_cpu_seconds(self._process.pid) - before) / collections, established


class NodeExporter(Daemon):
    """A collection is a request."""
    _PORT = 9100

    def command(self):
        return ["prometheus-node-exporter", "--collector.disable-defaults", "--collector.tcpstat",
                f"--web.listen-address=127.0.0.1:{self._PORT}"]

    def ready(self):
        try:
            socket.create_connection(("127.0.0.1", self._PORT)).close()
        except ConnectionRefusedError:
            return False
        return True

    def collect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._PORT)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        counted = text.partition('node_tcp_connection_states{state="established"} ')[2].split()[0]
        return 1, int(float(counted)) - 2  # both ends of this connection


class _Timed(Daemon):
    """A collection happens in each interval, which is measured from the end of one to another."""
    _MEASURED = 1
    _PAUSE = 0.005

    def ready(self):
        return self.done() > 0

    def measure(self):
        self._wait_for(1)
        return super().measure()

    def collect(self):
        first = self.done()
        self._wait_for(self._MEASURED)
        return self.done() - first, self.established()

    def _wait_for(self, collections):
        end = self.done() + collections
        until(lambda: self.done() >= end, "sockets are counted", self._PAUSE)


class Collectd(_Timed):
    def command(self):
        configuration = self._directory / "collectd.conf"
        configuration.write_text(_COLLECTD.format(directory=self._directory, interval=_INTERVAL))
        return ["collectd", "-f", "-C", configuration]

    def _rows(self):
        return [row for file in self._directory.glob("csv/*/tcpconns-all/*-ESTABLISHED-*")
                for row in csv.reader(file.open()) if row[0] != "epoch"]

    def done(self):
        return len(self._rows())

    def established(self):
        return int(float(self._rows()[-1][1]))


class Netdata(_Timed):
    """It has no counts by state, but the kernel's number of sockets in use, among others.

    Seldom asked, because answers cost it CPU time, too.
    """
    _MEASURED = 4
    _PAUSE = 2 * _INTERVAL

    def command(self):
        configuration = self._directory / "netdata.conf"
        configuration.write_text(_NETDATA.format(
            directory=self._directory, interval=_INTERVAL,
            plugins="\n".join(f"{name} = no" for name in _NETDATA_PLUGINS),
            unused="\n".join(f"{name} = no" for name in _NETDATA_UNUSED)))
        return ["netdata", "-D", "-c", configuration]

    def _charts(self):
        """Return the charts of sockets, without any before the first collection."""
        with socket.socket(socket.AF_UNIX) as web:
            try:
                web.connect(str(self._directory / "web"))
            except (FileNotFoundError, ConnectionRefusedError):
                return []
            web.sendall(b"GET /api/v1/allmetrics?format=json HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: web.recv(65536), b"")).partition(b"\r\n\r\n")[2]
        charts = json.loads(answer)
        return [charts[name] for name in ("ipv4.sockstat_tcp_sockets", "ipv6.sockstat6_tcp_sockets")
                if name in charts]

    def done(self):
        return max((chart["last_updated"] for chart in self._charts()), default=0)

    def established(self):
        """Nothing listens meanwhile."""
        return int(sum(chart["dimensions"]["inuse"]["value"] for chart in self._charts()))
