# SPDX-License-Identifier: BSD-2-Clause
"""The file for Telegraf, which Debian does not have: it is read, and asked for what it asks for."""

import tomllib

import mib
import snmp
from stage import INTEGRATIONS


def oid(text):
    return tuple(map(int, text.strip(".").split(".")))


def test_what_it_asks_for_are_the_counts(stage, record_property):
    stage.make_different_numbers()
    configuration = tomllib.loads((INTEGRATIONS / "telegraf/tcp-states.conf").read_text())
    plugin, = configuration["inputs"]["snmp"]
    assert plugin["agents"] == [snmp.ADDRESS.replace(":", "://", 1)]
    fields = {field["name"]: snmp.get_value(oid(field["oid"])) for field in plugin["field"]}
    assert fields["tcpRefreshErrors"] == 0 and fields["tcpRefreshAge"] < 500
    table, = plugin["table"]
    columns = {field["name"]: [found.value for found in snmp.walk(oid(field["oid"]))]
               for field in table["field"]}
    assert [field["name"] for field in table["field"] if field.get("is_tag")] == [
        "tcpStateCountLabel"]
    counts = stage.counts()
    assert dict(zip(columns["tcpStateCountLabel"], columns["tcpStateCount"])) == {
        f"ipv{family} {state}": counts[family, state] for family, state in mib.ROWS}
    assert dict(zip(mib.ROWS, columns["tcpStateCountMax"])) == stage.peaks()
    record_property("saw", "22 of 22 counts equal")
