# SPDX-License-Identifier: BSD-2-Clause
"""Resource usage of processes, read from /proc."""

import os
import pathlib


def children_of(pid):
    """Return the running children of all threads of PID."""
    return [int(child) for task in _tasks(pid) for child in (task / "children").read_text().split()]


def with_children(pid):
    """Return PID followed by its running descendants."""
    return [pid, *(found for child in children_of(pid) for found in with_children(child))]


def status(pid):
    """Return /proc/PID/status as {name: text}. PID may be a thread id."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(_tasks(pid))


def resident_kib(pid):
    return _memory_kib(pid, "VmRSS")


def resident_peak_kib(pid):
    return _memory_kib(pid, "VmHWM")


def cpu_seconds(pid):
    """Return the CPU time of all threads, which is more precise than /proc/PID/stat."""
    return sum(int((task / "schedstat").read_text().split()[0]) / 1e9 for task in _tasks(pid))


def _tasks(pid):
    return list(pathlib.Path(f"/proc/{pid}/task").iterdir())


def _memory_kib(pid, name):
    return int(status(pid)[name].split()[0])
