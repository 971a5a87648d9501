# SPDX-License-Identifier: BSD-2-Clause
"""Faults inside of a program: allocations that fail, and clocks that jump (faults.c)."""

import ctypes
import mmap
import pathlib
import subprocess

_SOURCE = pathlib.Path(__file__).with_name("faults.c")
_FLAGS = ("-std=c17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-fno-builtin")


class _Fields(ctypes.Structure):
    """struct faults, where each is explained."""

    _fields_ = [(name, ctypes.c_int64) for name in (
        "all_fail", "failing", "allocations", "reached", "failed", "realtime_ns", "boottime_ns")]


class Faults:
    """Of the program that is run with `environment`; the files are in DIRECTORY."""

    def __init__(self, directory):
        library, control = directory / "faults.so", directory / "faults"
        subprocess.run(["cc", *_FLAGS, "-shared", "-fPIC", "-o", library, _SOURCE], check=True)
        control.write_bytes(bytes(ctypes.sizeof(_Fields)))
        with open(control, "r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), 0)
        self.fields = _Fields.from_buffer(self._mapped)
        self.environment = {"LD_PRELOAD": str(library), "FAULTS": str(control)}

    def fail_one(self, number):
        """Of the allocations from now on, the one of this NUMBER, the next being 1."""
        self.fields.failing = 0
        self.fields.reached = self.fields.failed = self.fields.allocations = 0
        self.fields.failing = number

    def fail_none(self):
        """Return whether the one that was to fail was reached."""
        self.fields.failing = 0
        return self.fields.reached > 0

    def jump(self, clock, seconds):
        """Set CLOCK, "realtime" or "boottime", SECONDS ahead of what it is now."""
        name = f"{clock}_ns"
        setattr(self.fields, name, getattr(self.fields, name) + round(seconds * 1e9))
