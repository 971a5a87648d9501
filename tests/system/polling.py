# SPDX-License-Identifier: BSD-2-Clause
"""Waiting for a condition, with a deadline instead of a fixed sleep."""

import time

# Default deadline in seconds, far longer than a busy machine needs. bench/latency measures actual
# delays.
PATIENCE = 120

_PAUSE_MAX = 0.1


def until(condition, what, seconds=PATIENCE, pause=0.005):
    """Return the first true value of condition(). Fail with WHAT after SECONDS.

    WHAT describes the condition. It is a string, or a function that returns one. The pause between
    calls is PAUSE seconds at first, and grows to 0.1 s.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause)
        pause = max(pause, min(1.2 * pause, _PAUSE_MAX))


def until_equal(seen, expected, what):
    """Return once seen() equals EXPECTED. Otherwise fail with WHAT and both values."""
    last = []

    def equal():
        last[:] = [seen()]
        return last == [expected]
    until(equal, lambda: f"{what}: expected {expected}, last seen {last[0]}")
