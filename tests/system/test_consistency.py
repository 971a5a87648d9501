# SPDX-License-Identifier: BSD-2-Clause
"""Each SNMP request is answered from one snapshot, even with fast refreshes.

snmpd sends a request to the agent for each repetition of a GETBULK. In these responses, every row
of tcpStateCount occurs several times, in repetitions far apart, and so does tcpRefreshes. An
instance has one value in a snapshot, so two values are from two snapshots.
"""

import collections
import concurrent.futures

import mib
import snmp
from daemons import FAST_AGENT
from polling import until

REQUESTS = 1000
CLIENTS = 3
ROWS = len(mib.COUNTS)

# Row n is in repetition n of the first column, n - 1 of the second, and so on.
STARTS = (mib.COUNT, mib.COUNTS[0], mib.COUNTS[6], mib.COUNTS[13], mib.COUNTS[19])


def values_by_instance(answer):
    values = collections.defaultdict(list)
    for found in answer:
        if found.oid in mib.COUNTS or found.oid == mib.REFRESHES:
            values[found.oid].append(found.value)
    assert all(len(values[oid]) > 1 for oid in (mib.REFRESHES, *mib.COUNTS[1:]))
    return values


def is_mixed(values):
    return any(len(set(instance_values)) > 1 for instance_values in values.values())


def ask(**how):
    """tcpRefreshes first, and again in the repetition that reaches it from tcpRefreshInterval."""
    return snmp.get_bulk(mib.REFRESHES[:-1], mib.REFRESH_INTERVAL[:-1], *STARTS,
                         non_repeaters=1, max_repetitions=ROWS, **how)


def test_no_answer_mixes_two_snapshots(snmpd, make_agent, churn):
    snmpd.start()
    agent = make_agent("fast", FAST_AGENT)
    agent.configure(refreshInterval=0.001)
    agent.start()
    agent.wait_until_registered()
    until(lambda: any(found.value for found in snmp.get(*mib.COUNTS)), "sockets are counted")

    first = snmp.get_value(mib.REFRESHES)
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        answers = [values_by_instance(answer)
                   for answer in clients.map(lambda _: ask(), range(REQUESTS))]
    assert sum(is_mixed(values) for values in answers) == 0
    # The test could fail: refreshes were faster than requests, and the counts changed.
    assert snmp.get_value(mib.REFRESHES) - first > REQUESTS
    seen = {tuple(values[oid][0] for oid in mib.COUNTS) for values in answers}
    assert len(seen) > REQUESTS / 10
