# SPDX-License-Identifier: BSD-2-Clause
"""Programs on a terminal of a given size, with their output and the screen's content."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pyte

from daemons import SANITIZER_OPTIONS
from polling import PATIENCE, until


class Terminal:
    """Runs COMMAND on a separate terminal, and kills it at the end of the context."""

    def __init__(self, command, columns=80, lines=24, **environment):
        self.screen = pyte.Screen(columns, lines)
        self.written = b""  # the raw output
        self._stream = pyte.ByteStream(self.screen)
        self._near, self._far = pty.openpty()
        self.resize(columns, lines)
        self.settings_before = self.settings()
        self.process = subprocess.Popen(
            command, stdin=self._far, stdout=self._far, stderr=self._far,
            preexec_fn=self._control, env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                                           **environment})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._near)
        os.close(self._far)

    def resize(self, columns, lines):
        fcntl.ioctl(self._far, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(lines, columns)

    def settings(self):
        """Return the terminal's termios settings."""
        return termios.tcgetattr(self._far)

    def type(self, keys):
        os.write(self._near, keys)

    @property
    def rows(self):
        """The lines on the screen."""
        self._read()
        return [row.rstrip() for row in self.screen.display]

    def wait_for(self, condition, what, seconds=PATIENCE):
        """Return the lines on the screen once condition(lines) holds."""
        def rows():
            seen = self.rows
            return condition(seen) and seen
        return until(rows, f"{what}, but {self.rows}", seconds)

    def finish(self, seconds=PATIENCE):
        """Wait for the program to exit, read all its output, and return its exit status."""
        until(lambda: self._read() or self.process.poll() is not None, "it has exited", seconds)
        self._read()
        return self.process.returncode

    def _read(self):
        ready = select.poll()
        ready.register(self._near, select.POLLIN)
        while ready.poll(0):
            octets = os.read(self._near, 65536)
            self.written += octets
            self._stream.feed(octets)

    def _control(self):
        """In the child, make the terminal the controlling one, so that ^C sends SIGINT."""
        # Commands that a shell runs in the background ignore SIGINT.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.setsid()
        fcntl.ioctl(self._far, termios.TIOCSCTTY, 0)


def printed(program, option):
    """Return the output of PROGRAM with OPTION, which must not print an error."""
    done = subprocess.run([program, option], env=SANITIZER_OPTIONS, capture_output=True,
                          text=True, timeout=PATIENCE)
    assert done.stderr == ""
    return done.stdout


def options(program):
    """Return the options that -h lists, without the first dash: {"4", "-ipv4", …}."""
    listed = re.findall(r"^ +(?:-(\w))?(?:, )?(?:-(-[\w-]+))?[ =\[]", printed(program, "-h"),
                        re.MULTILINE)
    return {option for line in listed for option in line if option}
