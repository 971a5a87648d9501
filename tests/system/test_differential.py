# SPDX-License-Identifier: BSD-2-Clause
"""Every source of counts against every other, after each of many random changes to real sockets.

The kernel lists sockets in /proc/net/tcp and tcp6 and through netlink (ss), an agent derives and
another one lists, tcp-states derives, and random_sockets knows the truth. All must agree on each
family and state. There is one known difference: sockets that are bound but neither listen nor
connect are counted, on request, by the agent and tcp-states, but not listed in /proc, and by ss
only with -B.

A failure prints its steps. `SEED=N pytest -k drawn` repeats those of N. A seed that finds a defect
is added to REGRESSIONS.
"""

import collections
import random
import subprocess

import pytest

import mib
import snmp
from daemons import BUILD, FAST_AGENT
from polling import until
from random_sockets import RandomSockets
from reporting import SEED
from sockets import StateMaker, listed_counts

REGRESSIONS = (1, 2, 3)
STEPS = 30
CLOSED = {(4, "closed"): 0, (6, "closed"): 0}

_SS_STATES = {"UNCONN": "closed", "LISTEN": "listen", "SYN-SENT": "synSent",
              "SYN-RECV": "synReceived", "ESTAB": "established", "FIN-WAIT-1": "finWait1",
              "FIN-WAIT-2": "finWait2", "CLOSE-WAIT": "closeWait", "LAST-ACK": "lastAck",
              "CLOSING": "closing", "TIME-WAIT": "timeWait"}


def counts_of_ss():
    counts = dict.fromkeys(mib.ROWS, 0)
    for family in (4, 6):
        listed = subprocess.run(["ss", f"-Htan{family}"], capture_output=True, text=True,
                                check=True).stdout
        for state, number in collections.Counter(
                line.split()[0] for line in listed.splitlines()).items():
            counts[family, _SS_STATES[state]] = number
    return {**counts, **CLOSED}


def counts_of_tcp_states():
    output = subprocess.run([BUILD / "tests/system/tcp-states", "-B", "-o", "csv"],
                            capture_output=True, text=True, check=True).stdout
    rows = (line.split(",") for line in output.splitlines()[1:])
    return {({"ipv4": 4, "ipv6": 6}[family], state): int(number)
            for family, state, number, *_ in rows}


def counts_of_agent(method, community):
    """Counts of a refresh that began after the call; METHOD is the one that it must have used."""
    before = snmp.get_value(mib.REFRESHES, community=community)

    def later():
        refreshes, used, *counts = (found.value for found in snmp.get(
            mib.REFRESHES, mib.REFRESH_METHOD, *mib.COUNTS, community=community))
        return refreshes >= before + 2 and (used, dict(zip(mib.ROWS, counts, strict=True)))
    used, counts = until(later, "two more refreshes")
    assert used == method
    return counts


def disagreements(expected, counts):
    """Where COUNTS, by source, differ from EXPECTED."""
    return [f"ipv{family} {state}: {expected[family, state]} expected, {source} has {number}"
            for source, found in counts.items()
            for (family, state), number in found.items() if number != expected[family, state]]


def check(sockets, derived, closed_counted):
    """Compare every source with the truth, again if sockets changed meanwhile."""
    wrong = []

    def settled():
        expected = sockets.expected()
        listed = {**expected, **CLOSED}
        wrong[:] = disagreements(listed, {"/proc": {**listed_counts(), **CLOSED}})
        return not wrong and sockets.expected() == expected

    def compared():
        until(settled, lambda: "; ".join(wrong))
        expected = sockets.expected()
        served = expected if closed_counted else {**expected, **CLOSED}
        found = disagreements({**expected, **CLOSED}, {"ss": counts_of_ss()})
        found += disagreements(expected, {"tcp-states": counts_of_tcp_states()})
        found += disagreements(served, {
            derived: counts_of_agent(mib.DERIVED, "public"),
            "full": counts_of_agent(mib.FULL, "public-ns1")})
        return settled() and sockets.expected() == expected and [found]

    found, = until(compared, "no socket changes during a comparison")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("seed", (*REGRESSIONS, SEED), ids=(*map(str, REGRESSIONS), "drawn"))
def test_every_source_agrees(snmpd, make_agent, seed, record_property):
    draw = random.Random(f"{seed}")
    method = draw.choice(("derived", "auto"))
    closed_counted = draw.choice((False, True))
    snmpd.start()
    for name, count_method, options in ((method, method, ()), ("full", "full", ("-n", "ns1"))):
        agent = make_agent(name, FAST_AGENT)
        agent.configure(refreshInterval=0.01, countMethod=count_method,
                        countBoundInactive="yes" if closed_counted else "no")
        agent.start(*options)
        agent.wait_until_registered(community="public-ns1" if options else "public")
    print(f"seed {seed}: countMethod {method}, bound sockets counted: {closed_counted}")
    steps = 0
    with StateMaker() as maker:
        sockets = RandomSockets(maker, draw)
        while steps < STEPS and not sockets.about_to_expire:
            steps += 1
            print(f"step {steps}:", sockets.step())
            check(sockets, method, closed_counted)
        sockets.close()
    record_property("saw", f"{steps} steps")
