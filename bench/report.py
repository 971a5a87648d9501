# SPDX-License-Identifier: BSD-2-Clause
"""The results as doc/performance.md: first what was promised, then every figure."""

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
    # A negative number: the namespace shares the host's table, which has so many buckets.
    buckets = abs(int(pathlib.Path("/proc/sys/net/ipv4/tcp_ehash_entries").read_text()))
    snmpd = subprocess.run(["snmpd", "-v"], capture_output=True, text=True).stdout.split()
    return (f"Linux {platform.release()}, {model}, {cores} cores, {memory} GiB of memory, "
            f"{buckets:,} buckets in the kernel's hash table of connections; "
            f"net-snmp {snmpd[snmpd.index('version:') + 1]}")


def _number(value):
    """Three figures, as they are read easiest."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 else f"{value:.2f}"


def _cut(value, atmost):
    """Two places, never rounded towards the target."""
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


# ---- the targets ----

class _Target:
    def __init__(self, promise, value, limit, atmost=False, unit=" ×"):
        self._promise = promise
        self._limit = limit
        self._value = value
        self._atmost = atmost
        self._unit = unit

    def row(self):
        if self._value is None:
            return [self._promise, "", "not measured"]
        good = self._value <= self._limit if self._atmost else self._value >= self._limit
        return [self._promise, _cut(self._value, self._atmost) + self._unit,
                "reached" if good else "**not reached**"]


def _ratio(figures, dear, cheap="derived"):
    """How much more CPU time, or None."""
    if figures[dear].skipped or figures[cheap].skipped:
        return None
    return figures[dear].median_cpu / figures[cheap].median_cpu


def _pace(results, one, other):
    """How many times as many requests a second: round by round, as both had the same moments."""
    return statistics.median(map(operator.truediv, results.load[one], results.load[other]))


def _targets(results):
    smallest, largest = min(results.sizes), max(results.sizes)
    figures, mixed = results.sizes[largest].figures, results.mixed.figures
    least, most = results.sizes[smallest].daemon, results.sizes[largest].daemon
    at = f"at {_size(largest)} sockets"
    return (
        _Target(f"derived refresh at most 1.15 × the bare walk, {at}",
                _ratio(figures, "derived", "walk"), 1.15, atmost=True),
        _Target(f"10 × cheaper than two full dumps, {at}", _ratio(figures, "two-pass"), 10),
        _Target(f"25 × cheaper than `ss \\| awk`, {at}", _ratio(figures, "ss"), 25),
        _Target(f"45 × cheaper than `netstat \\| awk`, {at}", _ratio(figures, "netstat"), 45),
        _Target("4.5 × cheaper than two full dumps, mixed states",
                _ratio(mixed, "two-pass"), 4.5),
        _Target(f"99th percentile of GET {at} at most 1.5 × that at {_size(smallest)}",
                most.latency.p99 / least.latency.p99, 1.5, atmost=True),
        _Target(f"the daemon's memory (RSS) {at} is that at {_size(smallest)}, to 1 %",
                most.memory["Rss"] / least.memory["Rss"], 1.01, atmost=True),
        _Target("GET of all 22 counts 10 × cheaper than walking them",
                _pace(results, "counts", "column"), 10),
        _Target("GET of all 22 counts at least 6,000 a second",
                statistics.median(results.load["counts"]), 6000, unit=""),
        _Target("the same as a part of sysUpTime's rate, at least 6 of 14",
                _pace(results, "counts", "uptime"), 6 / 14),
        _Target("a walk takes at most 1.1 × as long as from a subagent of constants",
                _pace(results, "constant table", "table"), 1.1, atmost=True),
    )


# ---- the figures ----

def _refresh_columns(results):
    columns = {_size(size): at.figures for size, at in results.sizes.items()}
    return {**columns, _MIXED: results.mixed.figures}


def _refresh_table(results, cell):
    columns = _refresh_columns(results)
    rows = [[way.label, *(figures[way.name].skipped or cell(figures, way.name)
                          for figures in columns.values())] for way in WAYS]
    return _table(["", *columns], rows)


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
    "uptime": "GET of snmpd's own sysUpTime",
    "count": "GET of one count",
    "counts": "GET of all 22 counts in one PDU",
    "constant counts": "the same GET of a subagent of constants",
    "column": "walk of the 22 counts",
    "table": "walk of tcpStateCountTable, 88 values",
    "constant table": "the same walk of a subagent of constants",
}


def _load_rows(results):
    for name, label in _LOADS.items():
        rates = results.load[name]
        yield [label, _spread(rates), _number(1e6 / statistics.median(rates))]


_TEXT = """\
<!-- Written by bench/run. -->
# Performance

Measured by `bench/run`, which also wrote this page, on: {machine}.
The figures of one machine are good for ratios; on another one, run it again.

## What was to be reached

{targets}

Nothing is rounded towards the target.

## What a refresh costs

![CPU time of a refresh over the number of sockets](performance.svg)

CPU time in milliseconds, median (and least to most), by the number of ESTABLISHED sockets:

{cpu}

Wall time in milliseconds:

{wall}

CPU time as a multiple of the derived refresh's:

{ratio}

- *mixed*: 300,000 ESTABLISHED and 200,000 TIME_WAIT sockets, a tenth of each IPv6. \
{mixed_rounds} rounds, before the first TIME_WAIT ends.
- All ways are measured in turn, {rounds} rounds over the same sockets, and each but the bare \
walk, which counts nothing, must count them exactly. `psutil` runs once.
- A *refresh* is the daemon's own, whole: the listening sockets with their drops, the counts, the \
texts in /proc. The *two full dumps* are the usual way to use the kernel's interface: one request \
a family for every state, read by the same code, and nothing else.
- The *bare walk* asks for a state that no socket is in: the kernel goes through its tables and \
emits nothing. No dump can cost less. Its tables hold the sockets of all network namespaces: \
others on the host are walked too.
- ESTABLISHED sockets are made without a peer (TCP_REPAIR), TIME_WAIT ones are what real \
connections leave.

## The daemon while it refreshes

GET of one count, {latency_rate} a second for {latency_seconds} s through the real snmpd, while \
refreshes run at the default refreshInterval; microseconds from the moment when the request was \
due. Memory in KiB, after that: as soon as there is something to read, the buffer for it counts.

{daemon}

## Walking

`snmpbulkwalk` of tcpStateCountTable, and of TCP-MIB's tcpConnectionTable, from which snmpd lets \
count the sockets without this subagent:

{walks}

## Requests and walks a second

One client without a pause, with no sockets besides; a walk is by GETBULK of 10 repetitions, as \
snmpbulkwalk's.

{loads}
"""


def write(results, **how):
    """Return the page; HOW says how long and how often was measured."""
    return _TEXT.format(
        machine=_machine(),
        targets=_table(["target", "measured", ""], [target.row() for target in _targets(results)]),
        cpu=_refresh_table(results, lambda figures, name: _spread(figures[name].cpu)),
        wall=_refresh_table(results, lambda figures, name: _spread(figures[name].wall)),
        ratio=_refresh_table(
            results, lambda figures, name: f"{_ratio(figures, name):.2f}"),
        mixed_rounds=results.mixed.rounds,
        daemon=_table(["sockets", "median", "99th percentile", "most", "RSS", "PSS",
                       "private dirty"], _daemon_rows(results)),
        walks=_table(["sockets", "tcpStateCountTable", "tcpConnectionTable"],
                     _walk_rows(results)),
        loads=_table(["", "a second", "µs each"], _load_rows(results)),
        **how)
