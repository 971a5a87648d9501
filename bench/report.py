# SPDX-License-Identifier: BSD-2-Clause
"""Writes the results as doc/performance.md, and the targets as text for the terminal."""

import math
import operator
import pathlib
import platform
import statistics
import subprocess

from ways import WAYS

_MIXED = "mixed"


def _machine():
    model = next(line.split(":")[1].strip()
                 for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                 if line.startswith("model name"))
    cores = len(list(pathlib.Path("/sys/devices/system/cpu").glob("cpu[0-9]*")))
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) // 1024 ** 2
    # A negative number means that the namespace shares the host's table, with that many buckets.
    buckets = abs(int(pathlib.Path("/proc/sys/net/ipv4/tcp_ehash_entries").read_text()))
    snmpd = subprocess.run(["snmpd", "-v"], capture_output=True, text=True).stdout.split()
    return (f"Linux {platform.release()}, {model}, {cores} cores, {memory} GiB of memory, "
            f"{buckets:,} buckets in the kernel's connection hash table; "
            f"net-snmp {snmpd[snmpd.index('version:') + 1]}")


def _number(value):
    """Format with three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 else f"{value:.2f}"


def _cut(value, atmost):
    """Format with two decimals, never rounded towards the target."""
    return f"{(math.ceil if atmost else math.floor)(value * 100) / 100:,.2f}"


def _table(head, rows):
    alignment = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, alignment, *rows))


def _size(sockets):
    return f"{sockets:,}"


def _spread(values):
    middle = _number(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({_number(min(values))}–{_number(max(values))})"


# ---- targets ----

class _Target:
    def __init__(self, promise, value, limit, atmost=False, unit=" ×"):
        self._promise = promise
        self._limit = limit
        self._value = value
        self._atmost = atmost
        self._unit = unit

    def line(self):
        if self._value is None:
            return f"not measured             {self._promise}"
        good = self._value <= self._limit if self._atmost else self._value >= self._limit
        measured = _cut(self._value, self._atmost) + self._unit
        return f"{'reached' if good else 'missed':<8}{measured:>14}   {self._promise}"


def _ratio(figures, dear, cheap="derived"):
    """Return the ratio of CPU times, or None."""
    if figures[dear].skipped or figures[cheap].skipped:
        return None
    return figures[dear].median_cpu / figures[cheap].median_cpu


def _most_expensive(figures):
    if any(figures[name].skipped for name in ("prefixes", "walk", "full")):
        return None
    return figures["prefixes"].median_cpu / (
        figures["walk"].median_cpu + 1.1 * figures["full"].median_cpu)


def _pace(results, one, other):
    """Return the ratio of requests per second, compared round by round."""
    return statistics.median(map(operator.truediv, results.load[one], results.load[other]))


def _targets(results):
    smallest, largest = min(results.sizes), max(results.sizes)
    figures, mixed = results.sizes[largest].figures, results.mixed.figures
    least, most = results.sizes[smallest].daemon, results.sizes[largest].daemon
    at = f"at {_size(largest)} sockets"
    return (
        _Target(f"derived refresh / bare walk, {at}: at most 1.15",
                _ratio(figures, "derived", "walk"), 1.15, atmost=True),
        _Target(f"64 watches of one port each / bare walk, {at}: at most 4.5",
                _ratio(figures, "ports", "walk"), 4.5, atmost=True),
        _Target(f"most expensive watches / (bare walk + 1.1 full refreshes), {at}: at most 1",
                _most_expensive(figures), 1, atmost=True),
        _Target(f"owner of every socket / full refresh, {at}: at most 1.05",
                _ratio(figures, "owners", "full"), 1.05, atmost=True),
        _Target(f"two full dumps / derived refresh, {at}: at least 10",
                _ratio(figures, "two-pass"), 10),
        _Target(f"ss | awk / derived refresh, {at}: at least 25", _ratio(figures, "ss"), 25),
        _Target(f"netstat | awk / derived refresh, {at}: at least 45",
                _ratio(figures, "netstat"), 45),
        _Target("two full dumps / derived refresh, mixed states: at least 4.5",
                _ratio(mixed, "two-pass"), 4.5),
        _Target(f"99th percentile of GET, {at} / at {_size(smallest)}: at most 1.5",
                most.latency.p99 / least.latency.p99, 1.5, atmost=True),
        _Target(f"RSS of the daemon, {at} / at {_size(smallest)}: at most 1.01",
                most.memory["Rss"] / least.memory["Rss"], 1.01, atmost=True),
        _Target("GETs of all 22 counts / walks of them: at least 10",
                _pace(results, "counts", "column"), 10),
        _Target("GETs of all 22 counts a second: at least 6,000",
                statistics.median(results.load["counts"]), 6000, unit=""),
        _Target("GETs of all 22 counts / GETs of sysUpTime: at least 6/14",
                _pace(results, "counts", "uptime"), 6 / 14),
        _Target("duration of a walk / the same from a constant subagent: at most 1.1",
                _pace(results, "constant table", "table"), 1.1, atmost=True),
    )


def targets(results):
    """Return the reached and missed targets, one per line, never rounded towards the target."""
    return "\n".join(target.line() for target in _targets(results))


# ---- figures ----

def _refresh_columns(results):
    columns = {_size(size): at.figures for size, at in results.sizes.items()}
    return {**columns, _MIXED: results.mixed.figures}


def _refresh_table(results, cell):
    columns = _refresh_columns(results)
    rows = [[way.label, *(figures[way.name].skipped or cell(figures, way.name)
                          for figures in columns.values())] for way in WAYS]
    return _table(["", *columns], rows)


def _peak_table(results):
    def cell(measured, way):
        peak = measured.figures[way.name].peak
        return measured.figures[way.name].skipped or ("" if peak is None else _number(peak / 1024))
    daemon = ["**tcp-state-agent**, the daemon",
              *(_number(measured.daemon.memory["Peak"] / 1024)
                for measured in results.sizes.values())]
    rows = [[way.label, *(cell(measured, way) for measured in results.sizes.values())]
            for way in WAYS if way.command or way.daemon]
    return _table(["", *map(_size, results.sizes)], [daemon, *rows])


def _versions():
    """Return the packages of the measured alternatives, with their versions."""
    packages = sorted({way.package for way in WAYS if way.package})
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *packages],
                           capture_output=True, text=True).stdout.splitlines()
    return "Versions: " + ", ".join(line for line in found if line.split()[1:])


def _daemon_rows(results):
    for size, measured in results.sizes.items():
        latency, memory = measured.daemon.latency, measured.daemon.memory
        yield [_size(size), *map(_number, (latency.p50, latency.p99, latency.max)),
               *(_size(memory[kind]) for kind in ("Rss", "Pss", "Private_Dirty"))]


def _walk(walk):
    return f"{walk.seconds:.3f} s ({walk.outcome})"


def _walk_rows(results):
    for size, measured in results.sizes.items():
        yield [_size(size), _walk(measured.daemon.walk), _walk(measured.daemon.connections)]


_LOADS = {
    "counts": "GET of all 22 counts in one PDU",
    "constant counts": "the same GET from a subagent that serves constants",
    "count": "GET of one count",
    "uptime": "GET of sysUpTime, which snmpd itself serves",
    "column": "walk of the 22 counts",
    "table": "walk of tcpStateCountTable, 88 values",
    "constant table": "the same walk from a subagent that serves constants",
}


def _load_rows(results):
    for name, label in _LOADS.items():
        rates = results.load[name]
        yield [label, _spread(rates), _number(1e6 / statistics.median(rates))]


def _summary(results):
    size = max(results.sizes)
    figures = results.sizes[size].figures
    others = " and ".join(f"{label} {_number(figures[name].median_cpu)} ms" for name, label in
                          (("ss", "`ss | awk`"), ("netstat", "`netstat | awk`"))
                          if not figures[name].skipped)
    memory = max(measured.daemon.memory["Rss"] for measured in results.sizes.values())
    return "\n".join((
        f"- **A refresh** of {_size(size)} established sockets takes "
        f"{_number(figures['derived'].median_cpu)} ms of CPU time"
        + (f"; {others}." if others else "."),
        f"- **A poll** of all 22 counts in one GET takes "
        f"{_number(1e6 / statistics.median(results.load['counts']))} µs. Requests are answered "
        f"from the last refresh, so the number of sockets does not matter.",
        f"- **The daemon's memory** (RSS) is at most {math.ceil(memory / 1024)} MiB, also "
        f"regardless of the number of sockets."))


_TEXT = """\
<!-- Written by bench/run. -->
# Performance

{summary}

Measured by `bench/run`, which also writes this page, on {machine}. Compare ratios rather than \
absolute figures. To measure another machine, run `sudo bench/run` there.

## Cost of a refresh

![CPU time of a refresh by number of sockets](performance.svg)

CPU time in milliseconds, median (minimum–maximum), by number of ESTABLISHED sockets:

{cpu}

CPU time relative to the derived refresh:

{ratio}

Peak memory of one collection in MiB, the largest resident set of its processes:

{peak}

- *mixed*: 300,000 ESTABLISHED and 200,000 TIME_WAIT sockets, a tenth of each IPv6; \
{mixed_rounds} rounds, before the first TIME_WAIT sockets expire.
- The methods take turns, for {rounds} rounds over the same sockets. Each one must report the \
exact number of sockets, except for the bare walk, which counts nothing. The daemons of others are \
measured three times after that, and `psutil` once.
- A program that is started includes its start. A daemon (collectd, node_exporter, Netdata) has \
nothing else enabled, and its figure is the CPU time of the whole process for a collection. {versions}.
- Netdata reads sums that the kernel keeps (/proc/net/sockstat, snmp and netstat), which have no \
counts by state. `zabbix_agentd` reads /proc/net/tcp and tcp6 once for each item, which is one state.
- A *refresh* is a complete refresh of the daemon: listening sockets with their drops, counts, and \
the files in /proc. *Two full dumps* are the usual way to use the kernel's interface: one request \
per family for every state, parsed by the same code, and nothing else.
- *Watches* take one more walk, in which the kernel filters the sockets. The most expensive ones have 64 times as many prefixes as fit, and every socket is in all of them: the kernel then lists every socket.
- The *owner of every socket* is its cgroup, which the kernel reports with each socket that it lists.
- The *bare walk* requests a state that no socket is in, so that the kernel walks its tables \
without emitting anything. No dump can be cheaper. The tables contain the sockets of all network \
namespaces, so other sockets on the host are walked as well.
- ESTABLISHED sockets are created without a peer (TCP_REPAIR); TIME_WAIT sockets are left by real \
connections.

## Cost of a poll

One client sends requests without pause, with no other sockets on the host. Walks use GETBULK with \
10 repetitions, like snmpbulkwalk.

{loads}

`snmpbulkwalk` of tcpStateCountTable, compared with tcpConnectionTable of TCP-MIB, which is how \
sockets can be counted over SNMP without this agent:

{walks}

## Latency and memory during refreshes

Latency of a GET of one count in microseconds, from the time at which the request was due: \
{latency_rate} requests a second for {latency_seconds} s through snmpd, with the default \
refreshInterval. Memory in KiB is measured afterwards, and includes the receive buffer.

{daemon}
"""


def write(results, **how):
    """Return the page. HOW is the duration and number of measurements."""
    return _TEXT.format(
        machine=_machine(), versions=_versions(),
        summary=_summary(results),
        cpu=_refresh_table(results, lambda figures, name: _spread(figures[name].cpu)),
        peak=_peak_table(results),
        ratio=_refresh_table(
            results, lambda figures, name: f"{_ratio(figures, name):.2f}"),
        mixed_rounds=results.mixed.rounds,
        daemon=_table(["sockets", "median", "99th percentile", "maximum", "RSS", "PSS",
                       "private dirty"], _daemon_rows(results)),
        walks=_table(["sockets", "tcpStateCountTable", "tcpConnectionTable"],
                     _walk_rows(results)),
        loads=_table(["", "per second", "µs each"], _load_rows(results)),
        **how)
