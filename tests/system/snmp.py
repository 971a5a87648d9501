# SPDX-License-Identifier: BSD-2-Clause
"""SNMP requests by net-snmp's own commands; an answer is a list of Varbinds."""

import collections
import os
import re
import subprocess

ADDRESS = "udp:127.0.0.1:161"

_NOTHING = {"No Such Object": "noSuchObject", "No Such Instance": "noSuchInstance",
            "No more variables": "endOfMibView"}

Varbind = collections.namedtuple("Varbind", "oid type value")


class SnmpError(Exception):
    """An error-status in the answer, by its name."""


class SnmpTimeout(Exception):
    """No answer."""


def get(*oids, **how):
    return _run("snmpget", oids, **how)


def get_value(oid, **how):
    """The value of one instance, None where it does not exist."""
    return get(oid, **how)[0].value


def get_next(*oids, **how):
    return _run("snmpgetnext", oids, **how)


def get_bulk(*oids, non_repeaters=0, max_repetitions, **how):
    return _run("snmpbulkget", oids, f"-Cn{non_repeaters}", f"-Cr{max_repetitions}", **how)


def walk(oid, **how):
    return _run("snmpbulkwalk", (oid,), "-Cr50", **how)


def set_integer(oid, value, type_letter="i", **how):
    return _run("snmpset", (oid,), assignment=(type_letter, str(value)), **how)


def answers(oid, **how):
    """Whether the instance is there; a missing or silent agent is no error."""
    try:
        return get_value(oid, timeout=0.05, **how) is not None
    except (SnmpTimeout, SnmpError):
        return False


def dotted(oid):
    return "." + ".".join(map(str, oid))


def as_user(name, authentication, privacy, context=""):
    """The credentials of an SNMPv3 user, who asks in CONTEXT."""
    return ("-v3", "-u", name, "-l", "authPriv", "-a", "SHA-256", "-A", authentication,
            "-x", "AES", "-X", privacy, "-n", context)


def _run(command, oids, *options, community="public", credentials=None, timeout=2, assignment=()):
    credentials = credentials or ("-v2c", "-c", community)
    done = subprocess.run(
        [command, *credentials, "-r0", f"-t{timeout}", "-On", "-Oe", "-Ot", *options,
         ADDRESS, *map(dotted, oids), *assignment],
        env={**os.environ, "MIBS": "", "SNMPCONFPATH": "/nonexistent"},
        capture_output=True, text=True)
    if done.returncode == 0:
        # A value may go on over lines; a varbind begins with its OID.
        return [varbind(told) for told in re.split(r"\n(?=\.\d|\Z)", done.stdout) if told]
    if "Timeout" in done.stderr:
        raise SnmpTimeout(done.stderr.strip())
    reason = re.search(r"^Reason: (\w+)", done.stderr, re.MULTILINE)
    raise SnmpError(reason[1] if reason else done.stderr.strip())


def varbind(line):
    """Of a line "OID = TYPE: VALUE", as the commands and snmptrapd write it."""
    name, _, told = line.partition(" = ")
    oid = tuple(map(int, name[1:].split(".")))
    for words, kind in _NOTHING.items():
        if told.startswith(words):
            return Varbind(oid, kind, None)
    if told.isdigit():
        return Varbind(oid, "TimeTicks", int(told))
    if told == '""':
        return Varbind(oid, "STRING", "")
    kind, _, value = told.partition(": ")
    if kind == "STRING":
        return Varbind(oid, kind, value[1:-1])
    return Varbind(oid, kind, int(value) if re.fullmatch(r"-?\d+", value) else value)
