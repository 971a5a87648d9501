# SPDX-License-Identifier: BSD-2-Clause
"""SNMP requests by the net-snmp commands, and a proxy that acts between requests."""

import collections
import datetime
import os
import re
import socket
import struct
import subprocess
import threading

ADDRESS = "udp:127.0.0.1:161"

_NOTHING = {"No Such Object": "noSuchObject", "No Such Instance": "noSuchInstance",
            "No more variables": "endOfMibView"}

# Timeouts in seconds: of requests that must be answered, even on a busy machine, and of requests
# that are repeated until something answers.
PATIENCE = 60
GLANCE = 0.5

Varbind = collections.namedtuple("Varbind", "oid type value")


class SnmpError(Exception):
    """The answer has an error-status, whose name is the argument."""


class SnmpTimeout(Exception):
    """There was no answer."""


def get(*oids, **how):
    return _run("snmpget", oids, **how)


def get_value(oid, **how):
    """Return the value of one instance, or None if it does not exist."""
    return get(oid, **how)[0].value


def get_octets(oid):
    """Return the value of one string instance as bytes."""
    found, = _run("snmpget", (oid,), "-Ox")
    assert found.type == "Hex-STRING"
    return bytes.fromhex(found.value)


def get_next(*oids, **how):
    return _run("snmpgetnext", oids, **how)


def get_bulk(*oids, non_repeaters=0, max_repetitions, **how):
    return _run("snmpbulkget", oids, f"-Cn{non_repeaters}", f"-Cr{max_repetitions}", **how)


def walk(oid, repetitions=50, **how):
    return _run("snmpbulkwalk", (oid,), f"-Cr{repetitions}", **how)


def set_integer(oid, value, type_letter="i", **how):
    return _run("snmpset", (oid,), assignment=(type_letter, str(value)), **how)


def answers(oid, **how):
    """Return whether the instance exists. A missing or silent agent is not an error."""
    try:
        return get_value(oid, timeout=GLANCE, **how) is not None
    except (SnmpTimeout, SnmpError):
        return False


def dotted(oid):
    return "." + ".".join(map(str, oid))


def as_user(name, authentication, privacy, context=""):
    """Return the options for requests of an SNMPv3 user in CONTEXT."""
    return ("-v3", "-u", name, "-l", "authPriv", "-a", "SHA-256", "-A", authentication,
            "-x", "AES", "-X", privacy, "-n", context)


def _run(command, oids, *options, community="public", credentials=None, timeout=PATIENCE,
         retries=0, assignment=()):
    credentials = credentials or ("-v2c", "-c", community)
    done = subprocess.run(
        [command, *credentials, f"-r{retries}", f"-t{timeout}", "-On", "-Oe", "-Ot", *options,
         ADDRESS, *map(dotted, oids), *assignment],
        env={**os.environ, "MIBS": "", "SNMPCONFPATH": "/nonexistent"},
        capture_output=True, text=True)
    if done.returncode == 0:
        # A value may span several lines. A varbind begins with its OID.
        return [varbind(line) for line in re.split(r"\n(?=\.\d|\Z)", done.stdout) if line]
    if "Timeout" in done.stderr:
        raise SnmpTimeout(done.stderr.strip())
    reason = re.search(r"^Reason: (\w+)", done.stderr, re.MULTILINE)
    raise SnmpError(reason[1] if reason else done.stderr.strip())


def varbind(line):
    """Parse a line "OID = TYPE: VALUE", as the commands and snmptrapd write it."""
    name, _, text = line.partition(" = ")
    oid = tuple(map(int, name[1:].split(".")))
    for words, kind in _NOTHING.items():
        if text.startswith(words):
            return Varbind(oid, kind, None)
    if text.isdigit():
        return Varbind(oid, "TimeTicks", int(text))
    if text == '""':
        return Varbind(oid, "STRING", "")
    kind, _, value = text.partition(": ")
    if kind == "STRING":
        return Varbind(oid, kind, value[1:-1])
    return Varbind(oid, kind, int(value) if re.fullmatch(r"-?\d+", value) else value.rstrip())


def date(value):
    """Return a DateAndTime, in hexadecimal digits as net-snmp prints it, with its zone."""
    *fields, tenths, sign, hours, minutes = struct.unpack(">H6BcBB", bytes.fromhex(value))
    offset = datetime.timedelta(hours=hours, minutes=minutes)
    return datetime.datetime(
        *fields, tenths * 100_000,
        tzinfo=datetime.timezone(offset if sign == b"+" else -offset))


class CountingProxy:
    """Forwards requests from `host` to snmpd, and counts them in `requests`.

    Calls ACTION() once, before it forwards request number AT, counted from 1.
    """

    def __init__(self, at, action):
        self._at, self._action = at, action
        self._stop = threading.Event()
        self._near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._near.bind(("127.0.0.1", 0))
        self._near.settimeout(0.1)
        self.host = f"127.0.0.1:{self._near.getsockname()[1]}"
        self.requests = 0
        self.failure = None
        self._thread = threading.Thread(target=self._relay, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._near.close()
        if self.failure:
            raise self.failure

    def _relay(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
            far.connect(("127.0.0.1", 161))
            far.settimeout(20)
            while not self._stop.is_set():
                try:
                    request, manager = self._near.recvfrom(65536)
                except TimeoutError:
                    continue
                try:
                    self._pass_on(far, request, manager)
                except Exception as failure:  # pylint: disable=broad-except
                    self.failure = failure
                    return

    def _pass_on(self, far, request, manager):
        self.requests += 1
        if self.requests == self._at:
            self._action()
        far.send(request)
        self._near.sendto(far.recv(65536), manager)
