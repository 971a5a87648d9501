# SPDX-License-Identifier: BSD-2-Clause
"""Writes tcp-states-snmptrapd.conf for snmptrapd, and snmptt.conf.tcp-states for SNMPTT."""

import string

import objects

_SNMPTRAPD = string.Template("""\
# SPDX-License-Identifier: BSD-2-Clause
#
# Formats tcp-state-agent's notifications in snmptrapd's log. See README.md.
#
# $notifications
authCommunity log,execute,net public
outputOption sQ
format2 %.4y-%02.2m-%02.2l %02.2h:%02.2j:%02.2k %B: %v\\n
""")

# $1 to $8 are the objects of the notification; SNMPTT writes (null) for an empty top.
_SNMPTT_EVENT = string.Template("""
EVENT $name $oid "TCP thresholds" $severity
FORMAT $$1 is $what since $$7: $$2 is $$3, range $$4; top: $$8
SDESC
$description
EDESC
""")
_OBJECTS = ("tcpThresholdLabel", "tcpThresholdMetric", "tcpThresholdValue", "tcpThresholdRange",
            "tcpThresholdSince", "tcpThresholdClearRange", "tcpThresholdSinceDate",
            "tcpThresholdTop")

# mteTriggerFired of DISMAN-EVENT-MIB: $1 is the name of the trigger, $5 the value.
_SNMPTT_MISSING = string.Template("""
EVENT tcpStateAgentMissing .1.3.6.1.2.1.88.2.0.1 "TCP thresholds" CRITICAL
MATCH $$1: (^countsAbsent$$)
FORMAT Socket counts are absent: tcp-state-agent is missing, or its refreshes fail
SDESC
Sent by the countsAbsent monitor in snmpd.conf.d/tcp-state-monitors.conf.
EDESC
""")

mib, directory = objects.arguments()
raised, cleared = mib["tcpThresholdRaised"], mib["tcpThresholdCleared"]
if raised.objects != _OBJECTS or cleared.objects != _OBJECTS:
    raise SystemExit("the notifications have other objects than the formats")
events = [_SNMPTT_EVENT.substitute(name=found.name, oid=found.dotted, severity=severity,
                                   what=what, description=found.description)
          for found, severity, what in ((raised, "WARNING", "raised"),
                                        (cleared, "Normal", "cleared"))]
(directory / "tcp-states-snmptrapd.conf").write_text(_SNMPTRAPD.substitute(
    notifications=", ".join(f"{found.name} is {found.dotted}" for found in (raised, cleared))))
(directory / "snmptt.conf.tcp-states").write_text(
    "# SPDX-License-Identifier: BSD-2-Clause\n" + "".join(events) + _SNMPTT_MISSING.substitute())
