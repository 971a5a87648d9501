# SPDX-License-Identifier: BSD-2-Clause
"""The objects served compared with the MIB, as read by net-snmp and by pysnmp.

The tests also run at another root. OTHER_ROOT_BUILD names a build made with --with-mib-root.
Otherwise one is built here.
"""

import asyncio
import importlib
import os
import re
import socket
import subprocess

import pytest
from pysnmp import hlapi
from pysnmp.proto import rfc1905

import mib
import snmp
from daemons import BUILD, SOURCES, build_at_other_root

# The names of snmpwalk for types on the wire.
WIRE_TYPES = {"Gauge32": "Gauge32", "Unsigned32": "Gauge32", "Counter32": "Counter32",
              "Counter64": "Counter64", "TimeTicks": "TimeTicks", "OCTET STRING": "STRING",
              "INTEGER": "INTEGER"}
PYSNMP_TYPES = {"OctetString": "STRING", "Integer": "INTEGER", "Integer32": "INTEGER"}


@pytest.fixture(scope="session")
def other_root_build(tmp_path_factory):
    return build_at_other_root(tmp_path_factory.mktemp("other-root"), "tcp-state-agent")


@pytest.fixture(params=["default", "other"])
def build(request):
    return BUILD if request.param == "default" else request.getfixturevalue("other_root_build")


class Module:
    """The MIB of a build, as net-snmp understands it."""

    def __init__(self, build):
        self._build = build
        shown = self._translate("-Tz")
        named = dict(re.findall(r'^"(\w+)"\s+"([\d.]+)"$', shown, re.MULTILINE))
        self.root = tuple(map(int, named["tcpStateCountMIB"].split(".")))
        oids = {name: tuple(map(int, text.split("."))) for name, text in named.items()}
        inside = {name: oid for name, oid in oids.items() if oid[:len(self.root)] == self.root}
        details = re.split(r"^(?=\.\d)", self._translate(
            "-Td", "-On", *(snmp.dotted(oid) for oid in inside.values())), flags=re.MULTILINE)
        self.numbers = {name: oid[-1] for name, oid in inside.items()
                        if oid[:len(self.root) + 1] in (self.root + (0,), self.root + (1,))}
        self.readable = {}  # {OID: type on the wire}
        for name, text in zip(inside, details[1:], strict=True):
            if re.search(r"MAX-ACCESS\s+read-only", text):
                syntax = re.search(r"SYNTAX\s+([\w ]*\w)", text)[1]
                self.readable[inside[name]] = self._wire_type(name, syntax)

    @staticmethod
    def _wire_type(name, syntax):
        """snmpwalk prints octets in hexadecimal digits if they are not a text, as in dates."""
        if name in ("tcpThresholdSinceDate", "tcpRefreshStarted"):
            assert syntax == "OCTET STRING"
            return "Hex-STRING"
        return WIRE_TYPES[syntax]

    def _translate(self, *options):
        done = subprocess.run(
            ["snmptranslate", "-M", f"+{self._build}/mibs:{SOURCES}/mibs/stand-ins",
             "-m", "TCP-STATE-COUNT-MIB", *options],
            env={**os.environ, "SNMPCONFPATH": "/nonexistent"},
            capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    def object_of(self, instance):
        """Return the object, None if the MIB does not define it."""
        return next((instance[:length] for length in range(len(instance), 0, -1)
                     if instance[:length] in self.readable), None)


@pytest.fixture(scope="session")
def modules():
    """{build: its module}"""
    return {}


@pytest.fixture
def module(build, modules):
    if build not in modules:
        modules[build] = Module(build)
    return modules[build]


@pytest.fixture
def instances(build, module, snmpd, make_agent):
    """The result of a walk while every table has rows, and nothing changes."""
    with socket.create_server(("127.0.0.1", 0)), \
            socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        snmpd.start()
        agent = make_agent("agent", build / "tcp-state-agent")
        agent.configure(refreshInterval=3600,
                        watch=["ssh port 22", f"own port {port}", "unit unit nosuch.service"],
                        threshold=["floor state any listen 5: hold 3", "raised state any listen 0",
                                   f"queue listen [::1]:{port} 50 clear 20",
                                   "buckets host tcpHostTimeWaits 80", "closed watch ssh listen 0"])
        agent.start()
        agent.wait_until_logged("registered with snmpd")
        yield snmp.walk(module.root)


def steady(found, module):
    """Except tcpRefreshAge, the only one that changes between refreshes."""
    age = module.root + mib.REFRESH_AGE[len(mib.ROOT):]
    return [tuple(varbind) for varbind in found if varbind.oid != age]


def test_served_objects_equal_defined_objects(module, instances):
    served = {module.object_of(found.oid) for found in instances}
    # A new network namespace does not have these limits.
    absent = {module.root + mib.of_host(name)[len(mib.ROOT):-1]
              for name in ("tcpHostOrphansMax", "tcpHostMemoryMax")}
    assert len(module.readable) > 50
    assert served == set(module.readable) - absent


def test_the_source_names_objects_as_the_mib_does(module):
    header = (SOURCES / "src/mib_objects.h").read_text()
    assert {name: int(number) for name, number in re.findall(r"\b(tcp\w+) = (\d+),", header)} \
        == module.numbers


def test_types_are_those_of_the_syntax(module, instances):
    wrong = [found for found in instances
             if found.type != module.readable[module.object_of(found.oid)]]
    assert not wrong


def test_a_walk_equals_single_gets(module, instances):
    assert steady((snmp.get(found.oid)[0] for found in instances), module) \
        == steady(instances, module)


def pysnmp_varbind(oid, value):
    kind = type(value).__name__
    text = value.prettyPrint()
    if kind == "OctetString" and text.startswith("0x"):
        return snmp.Varbind(tuple(oid), "Hex-STRING", bytes(value).hex(" ").upper())
    return snmp.Varbind(tuple(oid), PYSNMP_TYPES.get(kind, kind),
                        text if kind == "OctetString" else int(value))


def bulk_walk_arguments(api, target, root):
    return (api.SnmpEngine(), api.CommunityData("public"), target, api.ContextData(), 0, 25,
            api.ObjectType(api.ObjectIdentity(root)))


async def bulk_walk_responses(root):
    api = importlib.import_module("pysnmp.hlapi.v3arch.asyncio")
    target = await api.UdpTransportTarget.create(("127.0.0.1", 161))
    return [response async for response in api.bulk_walk_cmd(
        *bulk_walk_arguments(api, target, root), lookupMib=False, lexicographicMode=False)]


def bulk_walk(root):
    """Return the responses (error, status, index, varbinds) of pysnmp's walk.

    Since version 6.2 it has only an asynchronous interface.
    """
    if not hasattr(hlapi, "bulkCmd"):
        return asyncio.run(bulk_walk_responses(root))
    target = hlapi.UdpTransportTarget(("127.0.0.1", 161))
    return hlapi.bulkCmd(*bulk_walk_arguments(hlapi, target, root), lookupMib=False,
                         lexicographicMode=False)


def test_pysnmp_reads_the_same(module, instances):
    found = []
    for error, status, _, varbinds in bulk_walk(module.root):
        assert not error and not status
        found += [pysnmp_varbind(oid, value) for oid, value in varbinds
                  if not value.isSameTypeWith(rfc1905.endOfMibView)]
    assert steady(found, module) == steady(instances, module)


def test_nothing_is_served_at_the_default_root(other_root_build, snmpd, make_agent):
    snmpd.start()
    agent = make_agent("agent", other_root_build / "tcp-state-agent")
    agent.start()
    agent.wait_until_logged("registered with snmpd")
    assert snmp.walk(mib.ROOT)[0].type == "noSuchObject"
