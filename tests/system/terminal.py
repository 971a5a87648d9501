# SPDX-License-Identifier: BSD-2-Clause
"""A terminal of a given size, which a program runs on, and what is then to be seen on it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios

import pyte

from polling import until


class Terminal:
    """COMMAND on a terminal of its own, until it ends or the context does."""

    def __init__(self, command, columns=80, lines=24, **environment):
        self.screen = pyte.Screen(columns, lines)
        self.written = b""  # all of it, as it came
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
        """The terminal's own, of which programs change some."""
        return termios.tcgetattr(self._far)

    def type(self, keys):
        os.write(self._near, keys)

    @property
    def rows(self):
        """What is to be seen, line by line."""
        self._read()
        return [row.rstrip() for row in self.screen.display]

    def wait_for(self, condition, what, seconds=5):
        """Return the lines that are to be seen when condition(lines) holds."""
        def rows():
            seen = self.rows
            return condition(seen) and seen
        return until(rows, f"{what}, but {self.rows}", seconds)

    def finish(self, seconds=5):
        """All that it wrote, and its exit status, when it has ended."""
        until(lambda: self._read() or self.process.poll() is not None, "it has ended", seconds)
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
        """In the child: the terminal is its own, so that ^C comes as a signal."""
        # Who tests in the background may ignore it; who sits at a terminal does not.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.setsid()
        fcntl.ioctl(self._far, termios.TIOCSCTTY, 0)
