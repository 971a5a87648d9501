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
  name = "tcp_agent"
"""
_FIELD = """
  [[inputs.snmp{table}.field]]
    oid = "{oid}"
    name = "{name}"
"""
_TABLE = """
  # One row per count, tagged with its family and state, such as "ipv4 timeWait".
  [[inputs.snmp.table]]
    name = "tcp_states"
"""

mib, directory = objects.arguments()
text = _HEAD
for name in ("tcpRefreshAge", "tcpRefreshInterval", "tcpRefreshErrors", *RATES):
    text += _FIELD.format(table="", oid=mib[name].instance(), name=name)
text += _TABLE
for name in ("tcpStateCountLabel", "tcpStateCount", "tcpStateCountMin", "tcpStateCountMax"):
    text += _FIELD.format(table=".table", oid=mib[name].dotted, name=name).replace("\n  ", "\n    ")
text = text.replace('    name = "tcpStateCountLabel"\n', '    name = "tcpStateCountLabel"\n'
                    "      is_tag = true\n")
(directory / "tcp-states.conf").write_text(text)
