# SPDX-License-Identifier: BSD-2-Clause
"""Faults inside a program (failing allocations, jumping clocks), and counters of its events.

The program preloads faults.c.
"""

import atexit
import ctypes
import functools
import mmap
import pathlib
import shutil
import subprocess
import tempfile

from daemons import SANITIZED, SANITIZER
from polling import until

_SOURCE = pathlib.Path(__file__).with_name("faults.c")
_FLAGS = ("-std=c17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-fno-builtin")
_DELAYS = 64


class _Fields(ctypes.Structure):
    """struct faults of faults.c, which documents the fields."""

    _fields_ = [*((name, ctypes.c_int64) for name in (
        "all_fail", "failing", "allocations", "reached", "failed", "realtime_ns", "boottime_ns",
        "waits", "connects", "schedules", "delays")), ("delays_ns", ctypes.c_int64 * _DELAYS)]


@functools.cache
def _library():
    """Build the library, once for all tests of this process, and return LD_PRELOAD."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="faults-"))
    atexit.register(shutil.rmtree, directory)
    directory.chmod(0o755)
    library = directory / "faults.so"
    subprocess.run(["cc", *_FLAGS, "-shared", "-fPIC", "-o", library, _SOURCE], check=True)
    if not SANITIZED:
        return str(library)
    # The sanitizer's runtime must come first. Its malloc() is then called instead of faults.c's.
    sanitizer = subprocess.run(["cc", f"-print-file-name=lib{SANITIZER}.so"], check=True,
                               capture_output=True, text=True).stdout.strip()
    return f"{sanitizer} {library}"


class Faults:
    """The faults of a program that runs with `environment`. DIRECTORY has the control file."""

    def __init__(self, directory):
        control = directory / "faults"
        control.write_bytes(bytes(ctypes.sizeof(_Fields)))
        control.chmod(0o666)
        with open(control, "r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), 0)
        self.fields = _Fields.from_buffer(self._mapped)
        self.environment = {"LD_PRELOAD": _library(), "FAULTS": str(control)}

    # ---- allocations, not with a sanitizer ----

    def fail_one(self, number):
        """Let one allocation fail: the next one if NUMBER is 1, the one after it if 2, etc."""
        self.fields.failing = 0
        self.fields.reached = self.fields.failed = self.fields.allocations = 0
        self.fields.failing = number

    def fail_none(self):
        """Let no more allocation fail. Return whether the one chosen was reached."""
        self.fields.failing = 0
        return self.fields.reached > 0

    # ---- clocks ----

    def jump(self, clock, seconds):
        """Set CLOCK, "realtime" or "boottime", forward by SECONDS."""
        name = f"{clock}_ns"
        setattr(self.fields, name, getattr(self.fields, name) + round(seconds * 1e9))

    # ---- events ----

    def delays(self, since):
        """Return the delays in seconds that the agent chose, from its decision number SINCE on."""
        assert self.fields.delays - since <= _DELAYS
        return [self.fields.delays_ns[number % _DELAYS] / 1e9
                for number in range(since, self.fields.delays)]

    def last_delays(self):
        """Return the delays of the last decisions, as many as are kept."""
        return self.delays(max(0, self.fields.delays - _DELAYS))

    def wait_for_refreshes(self, number):
        """Return once NUMBER refreshes have begun and ended. Does not need snmpd."""
        for next_one in range(self.fields.schedules + 1, self.fields.schedules + number + 2):
            until(lambda: self.fields.schedules >= next_one, "another refresh")

    def wait_for_tries(self, number):
        """Return once the agent has tried NUMBER times to connect to snmpd."""
        before = self.fields.connects
        until(lambda: self.fields.connects >= before + number,
              f"{number} attempts to connect to snmpd")

    def watch_waits(self):
        """Return a function that fails if the agent spins, judged by events instead of CPU time.

        A loop that waits wakes up a few times for each refresh and for each attempt to connect to
        snmpd, and for each request. One that spins wakes up many thousands of times.
        """
        fields = self.fields
        waits, events = fields.waits, fields.schedules + fields.delays

        def check():
            happened = fields.schedules + fields.delays - events
            woken = fields.waits - waits
            assert woken <= 500 + 20 * happened, f"{woken} wake-ups for {happened} events"
        return check
