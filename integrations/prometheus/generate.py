# SPDX-License-Identifier: BSD-2-Clause
"""Writes snmp_exporter's modules in both formats, and the input of snmp_exporter's generator.

The formats differ from 0.23 on: credentials are apart from modules.
"""

import itertools
import json

import objects
import yaml_lines

NAME = "tcp_state_count"

# Fixed instances are requested with GET, as many per request as fit into an Ethernet frame. The 22
# counts and their maxima come first, so that they are from one refresh. Texts
# are not time series, except tcpThresholdTop, which changes only with the status.
FIXED = ("tcpStateCount", "tcpStateCountMax", "tcpStateTotalMax",
         "tcpFamilyUdp", "tcpFamilyRaw", "tcpFamilyFrag")
WALKED = ("tcpListenQueued", "tcpListenQueuedMax", "tcpListenBacklog", "tcpListenDropped",
          "tcpListenFill", "tcpListenFillMax", "tcpListenSynQueue",
          "tcpWatchCount", "tcpWatchCountMax", "tcpWatchSockets", "tcpWatchPortUse",
          "tcpOwnerCount", "tcpOwnerCountMax",
          "tcpThresholdValue", "tcpThresholdStatus", "tcpThresholdRaises", "tcpThresholdTop",
          "tcpThresholdSinceDate")
PER_PDU = 48

# Tables with few rows are walked as a whole, which takes fewer requests than their columns do.
WHOLE = ("tcpListenQueueTable", "tcpThresholdTable", "tcpWatchTable")

# (indexes, column that becomes a label, whether it replaces the indexes)
LOOKUPS = ((("tcpListenerLocalAddress", "tcpListenerLocalPort"), "tcpListenLabel", True),
           (("tcpThresholdName",), "tcpThresholdMetric", False))

# Indexes of TCP-MIB. The exporter combines an address with its type.
IMPORTED = {"tcpListenerLocalAddress": "InetAddress", "tcpListenerLocalPort": "gauge"}
JOINED = "tcpListenerLocalAddressType"

# Types that need a name: a text is a label, and a date becomes seconds since 1970.
TYPES = {"SnmpAdminString": "DisplayString", "DateAndTime": "DateAndTime"}

CREDENTIALS = {"community": "public"}


def number(oid):
    """Return a string as the exporter writes it."""
    return oid.removeprefix(".")


def metrics(mib):
    """Return the objects that become metrics, in the order of the MIB."""
    return [found for found in mib.objects.values()
            if found.name in FIXED + WALKED
            or found.kind == "scalar" and found.syntax != "SnmpAdminString"]


def instances(mib, found):
    """Return the OIDs of all instances of a scalar or of a column with fixed rows."""
    rows = itertools.product(*(mib[name].enumeration.values() for name in found.index))
    return [number(found.instance(row)) for row in rows]


def type_of(found):
    if found.enumeration:
        return "EnumAsInfo" if found.kind == "index" else "EnumAsStateSet"
    if found.syntax in TYPES:
        return TYPES[found.syntax]
    return "counter" if found.syntax.startswith("Counter") else "gauge"


def enum_values(found):
    values = {value: name for name, value in found.enumeration.items()}
    return {"enum_values": values} if values else {}


def index(mib, found):
    made = []
    for name in found.index:
        if name in IMPORTED:
            made.append({"labelname": name, "type": IMPORTED[name]})
        elif name != JOINED:
            made.append({"labelname": name, "type": type_of(mib[name])})
            made[-1] |= enum_values(mib[name])
    return {"indexes": made} if made else {}


def lookups(mib, found):
    made = []
    for sources, name, dropped in LOOKUPS:
        if set(sources) <= set(found.index):
            made.append({"labels": list(sources), "labelname": name,
                         "oid": number(mib[name].dotted), "type": type_of(mib[name])})
            made += [{"labels": [], "labelname": source} for source in sources if dropped]
    return {"lookups": made} if made else {}


def metric(mib, found):
    about = " ".join(found.description.split()).partition(". ")[0]
    return {"name": found.name, "oid": number(found.dotted), "type": type_of(found),
            "help": f"{about} - {number(found.dotted)}",
            **index(mib, found), **lookups(mib, found), **enum_values(found)}


def within(mib, name):
    """Return whether the column is in a table that is walked as a whole."""
    return any(mib[name].dotted.startswith(f"{mib[table].dotted}.") for table in WHOLE)


def ignored(mib):
    """Return the columns of tables that are walked as a whole but do not become metrics."""
    return [found.name for found in mib.objects.values() if found.kind in ("column", "index")
            and within(mib, found.name) and found.name not in WALKED]


def exporter_module(mib):
    walked = [name for name in (*WALKED, *(name for _, name, _ in LOOKUPS))
              if not within(mib, name)]
    return {"walk": sorted(number(mib[name].dotted) for name in (*walked, *WHOLE)),
            "get": [oid for found in metrics(mib) if found.name not in WALKED
                    for oid in instances(mib, found)],
            "metrics": [metric(mib, found) for found in metrics(mib)],
            "max_repetitions": PER_PDU}


def generator_module(mib):
    """Return the generator's input for exporter_module(): scalars by name, rows by number."""
    enumerated = [found for found in mib.objects.values() if found.enumeration
                  and (found.kind == "index" or found in metrics(mib))]
    return {"walk": [name for found in metrics(mib) if not within(mib, found.name)
                     for name in (instances(mib, found) if found.name in FIXED else [found.name])]
            + list(WHOLE),
            "max_repetitions": PER_PDU,
            "lookups": [{"source_indexes": list(sources), "lookup": name,
                         "drop_source_indexes": dropped} for sources, name, dropped in LOOKUPS],
            "overrides": {found.name: {"type": type_of(found)} for found in enumerated}
            | {name: {"ignore": True} for name in ignored(mib)}}


def scalar(value, _indent):
    return [json.dumps(value)]


def write(path, about, value):
    path.write_text("\n".join([f"# {about}: made by tcp-state-agent's build.",
                               *yaml_lines.lines(value, scalar), ""]))


def main():
    mib, directory = objects.arguments()
    old = {"version": 2, "auth": CREDENTIALS}
    auths = {"auths": {"public_v2": CREDENTIALS | {"version": 2}}}
    write(directory / "snmp.yml", "For snmp_exporter 0.23 and later",
          auths | {"modules": {NAME: exporter_module(mib)}})
    write(directory / "snmp-0.22.yml", "For snmp_exporter up to 0.22",
          {NAME: exporter_module(mib) | old})
    write(directory / "generator.yml", "For snmp_exporter's generator 0.23 and later",
          auths | {"modules": {NAME: generator_module(mib)}})
    write(directory / "generator-0.22.yml", "For snmp_exporter's generator up to 0.22",
          {"modules": {NAME: generator_module(mib) | old}})


main()
