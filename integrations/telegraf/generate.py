# SPDX-License-Identifier: BSD-2-Clause
"""Writes tcp-states.conf for Telegraf's inputs.snmp plugin."""

import objects
from levels import RATES

_HEAD = """\
# SPDX-License-Identifier: BSD-2-Clause
#
# tcp-state-agent's counts. Set the address and community; see README.md.

[[inputs.snmp]]
  agents = ["udp://127.0.0.1:161"]
  version = 2
  community = "public"
  # The 22 counts in one request.
  max_repetitions = 23
  name = "tcp_agent"
"""
_FIELD = """
  [[inputs.snmp{table}.field]]
    oid = "{oid}"
    name = "{name}"
"""
_TABLE = """
  # {comment}
  [[inputs.snmp.table]]
    name = "{name}"
"""

# Tables: the measurement, what its rows are, the column that becomes a tag, and the other columns.
_TABLES = (
    ("tcp_states", 'One row per count, tagged with its family and state, such as "ipv4 timeWait".',
     "tcpStateCountLabel", ("tcpStateCount", "tcpStateCountMin", "tcpStateCountMax")),
    ("tcp_watches", 'The sockets of the agent\'s watches, such as "db ipv4 closeWait".',
     "tcpWatchCountLabel", ("tcpWatchCount", "tcpWatchCountMin", "tcpWatchCountMax")),
    ("tcp_watch_ports", "The local ports that each watch uses, in percent, and all its sockets.",
     "tcpWatchFilter", ("tcpWatchSockets", "tcpWatchPortUse")),
    ("tcp_owners", 'Sockets by systemd unit or container, such as "nginx.service closeWait".',
     "tcpOwnerLabel", ("tcpOwnerCount", "tcpOwnerCountMax")),
    ("tcp_listeners", 'Listening endpoints with their accept queues, such as "0.0.0.0:443".',
     "tcpListenLabel", ("tcpListenFill", "tcpListenFillMax", "tcpListenSynQueue",
                        "tcpListenDropped")))


def field(name, oid, table="", tag=False):
    text = _FIELD.format(table=table, oid=oid, name=name)
    if tag:
        text += "    is_tag = true\n"
    return text.replace("\n  ", "\n    ") if table else text


mib, directory = objects.arguments()
parts = [_HEAD, *(field(name, mib[name].instance()) for name in (
    "tcpRefreshAge", "tcpRefreshInterval", "tcpRefreshErrors", *RATES))]
for measurement, comment, label, columns in _TABLES:
    parts.append(_TABLE.format(comment=comment, name=measurement))
    parts += [field(name, mib[name].dotted, ".table", name == label)
              for name in (label, *columns)]
(directory / "tcp-states.conf").write_text("".join(parts))
