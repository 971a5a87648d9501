# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that was booted with ipv6.disable=1."""

import mib
import snmp
from daemons import AGENT, served_counts, wait_for_refresh
from test_counts import make_every_kind
from tun_peer import WITH_IPV6


def test_ipv4_is_counted_and_ipv6_is_0(maker, start_agent, record_property):
    assert not WITH_IPV6
    agent = start_agent(AGENT)
    make_every_kind(maker, families=(4,))
    wait_for_refresh()
    assert served_counts() == {**maker.expected, (4, "closed"): 0}
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED
    assert snmp.get_value(mib.REFRESH_ERRORS) == 0
    assert snmp.get_value(mib.FAMILY_SOCKETS + (2,)) == 0
    assert "IPv6" not in agent.log
    record_property("observed", f"{sum(maker.expected.values())} sockets exact, derived")
