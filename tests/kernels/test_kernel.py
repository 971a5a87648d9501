# SPDX-License-Identifier: BSD-2-Clause
"""Counts, notifications and confinement on the kernel that is running.

tests/kernels/run boots one for these tests alone: nothing else uses its network.
"""

import contextlib
import ctypes
import errno
import os
import pathlib
import re
import socket
import subprocess
import sys

import mib
import snmp
import test_watches
from cgroups import Cgroups
from daemons import AGENT, BUILD, FAST_AGENT, served_counts, wait_for_refresh
from injection import SYSCALLS, Injection
from namespace import set_sysctl
from polling import until
from process import status
from test_counts import make_every_kind
from test_thresholds import names

RELEASE = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))
WITH_MPTCP = os.path.exists("/proc/sys/net/mptcp")
# Bound sockets that neither listen nor connect are listed since Linux 6.8.
LISTS_BOUND = RELEASE >= (6, 8)

SYSTEM_TESTS = pathlib.Path(served_counts.__code__.co_filename).parent
METHODS = {"full": mib.FULL, "derived": mib.DERIVED}

STEADY = 400
LEAKED = 2000

AT_FDCWD = -100
SYS_LANDLOCK_CREATE_RULESET, LANDLOCK_CREATE_RULESET_VERSION = 444, 1


def test_every_state_is_counted_by_each_method(maker, start_agent, record_property):
    """The counts are exact. This agent is killed at any system call that its filter denies."""
    agent = start_agent(AGENT)
    if WITH_MPTCP:
        maker.make_mptcp(4, 3)
        maker.make_mptcp(6, 2)
    make_every_kind(maker)
    for bound in ("no", "yes") if LISTS_BOUND else ("no",):
        unseen = {(4, "closed"): 0, (6, "closed"): 0} if bound == "no" else {}
        for method, number in METHODS.items():
            agent.reconfigure(countMethod=method, countBoundInactive=bound)
            wait_for_refresh()
            assert (method, bound, served_counts()) == (method, bound, {**maker.expected, **unseen})
            assert snmp.get_value(mib.REFRESH_METHOD) == number
    assert snmp.get_value(mib.REFRESH_ERRORS) == 0
    drops = [found.value for found in snmp.walk(mib.LISTEN_DROPPED)]
    assert drops and None not in drops
    record_property("observed", f"{sum(maker.expected.values())} sockets exact, listed and derived")
    record_property("observed", f"MPTCP {'counted' if WITH_MPTCP else 'absent'}")
    record_property("observed", f"bound sockets {'counted' if LISTS_BOUND else 'not listed'}")


def test_the_commands_methods_agree(maker):
    subprocess.run([BUILD / "tcp-states", "--verify"], check=True)


def absent_of_host():
    found = snmp.get(*map(mib.of_host, mib.HOST_NAMES))
    return {name for name, varbind in zip(mib.HOST_NAMES, found) if varbind.value is None}


def test_the_numbers_of_the_host(start_agent, record_property):
    start_agent(AGENT)
    assert absent_of_host() == {"tcpHostConntracks", "tcpHostConntracksMax"}
    record_property("observed", f"{len(mib.HOST_NAMES) - 2} of the kernel's own numbers")


def test_random_watches_are_accepted_and_exact():
    """The filters of 300 random configurations, over sockets in a namespace of their own."""
    subprocess.run([BUILD / "tests/unit/watch_counter"], check=True)


def owner_row(name, state):
    return mib.of_state(mib.OWNER_COUNT + (len(name), *name.encode()), state)


def test_watches_and_owners_of_units(start_agent, record_property):
    """The kernel's filters compare cgroups since Linux 5.8."""
    with Cgroups() as units, contextlib.ExitStack() as opened:
        with units.inside("a.service"):
            server = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = server.getsockname()[1]
        for _ in range(5):
            opened.enter_context(socket.create_connection(server.getsockname()))
            opened.enter_context(server.accept()[0])
        agent = start_agent(AGENT, watch=["unit unit a.service", f"pool peerPort {port}"])
        assert snmp.get_value(owner_row("a.service", "listen")) == 1
        expected = {"unit": test_watches.only(listen=1, established=5),
                    "pool": test_watches.only(established=5)}
        for family in (4, 6):
            for state in test_watches.MINISOCKETS:
                expected["unit"][family, state] = None
        for method in METHODS:
            agent.reconfigure(countMethod=method, watch=["unit unit a.service",
                                                         f"pool peerPort {port}"])
            wait_for_refresh()
            for name, sockets in expected.items():
                assert (method, name, test_watches.known_counts(name)) == (method, name, sockets)
            # Accepted sockets belong to the unit that listens.
            of_unit = snmp.get_value(owner_row("a.service", "established"))
            assert (method, of_unit) == (method, 5 if method == "full" else None)
    record_property("observed", "a unit's, an owner's and a pool's sockets exact, listed and"
                           " filtered")


def leak():
    """Start a program that leaks sockets; return it when it has done so."""
    program = subprocess.Popen([sys.executable, SYSTEM_TESTS / "traffic.py", "leak", str(LEAKED)],
                               stdout=subprocess.PIPE)
    assert program.stdout.readline() == b"\n"
    return program


def test_sockets_vanish_by_the_thousand(maker, snmptrapd, start_agent, record_property):
    """No other count is wrong in the meantime, and only the threshold of the leak is raised."""
    set_sysctl("tcp_tw_reuse", 0)
    maker.make(4, "established", STEADY)
    others, closing = maker.expected[4, "established"], maker.expected[4, "closeWait"]
    agent = start_agent(FAST_AGENT, refreshInterval=0.02, countMethod="derived", window=3600,
                        threshold=[f"leak state ipv4 closeWait {LEAKED // 2}",
                                   f"steady state ipv4 established {others - 2}:{others + 5}"])
    program = leak()
    wait_for_refresh()
    assert served_counts()[4, "closeWait"] == closing + LEAKED
    refreshes = snmp.get_value(mib.REFRESHES)
    program.kill()
    program.wait()
    program.stdout.close()
    until(lambda: served_counts()[4, "closeWait"] == closing, "the leaked sockets are gone")
    transitions = [("leak", "raised"), ("leak", "cleared")]
    until(lambda: len(names(snmptrapd.received())) >= len(transitions), "both notifications")
    least, most, refreshes_then, errors = (found.value for found in snmp.get(
        mib.of(mib.COUNT_MIN, 4, "established"), mib.of(mib.COUNT_MAX, 4, "established"),
        mib.REFRESHES, mib.REFRESH_ERRORS))
    assert others - 2 <= least <= most <= others + 5
    assert errors == 0
    assert names(snmptrapd.received()) == transitions
    until(lambda: snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED, "counts are derived")
    assert agent.running
    record_property("observed", f"established {least} to {most} for {others} while {LEAKED} in"
                    f" closeWait vanished, in {refreshes_then - refreshes} refreshes")


def landlock_version():
    """0 if the kernel has no Landlock."""
    return max(0, ctypes.CDLL(None).syscall(SYS_LANDLOCK_CREATE_RULESET, None, 0,
                                            LANDLOCK_CREATE_RULESET_VERSION))


def test_the_agent_is_confined(start_agent, record_property):
    """If the kernel lacks Landlock, the log says so."""
    agent = start_agent(BUILD / "tcp-state-agent")
    landlock = landlock_version()
    assert (landlock > 0) == (RELEASE >= (5, 13))
    assert ("Landlock" in agent.log) == (landlock == 0)
    assert status(agent.pid)["Seccomp"] == "2"
    assert "seccomp" not in agent.log
    with Injection(agent.pid) as injected:
        assert injected.call(SYSCALLS["openat"], AT_FDCWD, b"/etc/passwd", os.O_RDONLY) \
            in (-errno.EPERM, -errno.EACCES)
    record_property("observed", f"Landlock {landlock or 'absent, as logged'}, seccomp")
