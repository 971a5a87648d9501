# SPDX-License-Identifier: BSD-2-Clause
"""The file for Telegraf, tested without Telegraf, which Debian does not package."""

import tomllib

from matplotlib.figure import Figure
import pytest

import cgroups
import mib
import snmp
from polling import until
from monitored_host import INTEGRATIONS

LABEL = "tcpStateCountLabel"
PORT = 8084


def inputs():
    """Return the configuration of the plugin."""
    configuration = tomllib.loads((INTEGRATIONS / "telegraf/tcp-states.conf").read_text())
    plugin, = configuration["inputs"]["snmp"]
    return plugin


@pytest.fixture(scope="module")
def plugin():
    return inputs()


def oid(text):
    return tuple(map(int, text.strip(".").split(".")))


def gather(plugin, measurement="tcp_states"):
    """Return {tag: {field: value}} of a table."""
    table, = (table for table in plugin["table"] if table["name"] == measurement)
    columns = {field["name"]: [found.value for found in snmp.walk(oid(field["oid"]))]
               for field in table["field"]}
    label, = (field["name"] for field in table["field"] if field.get("is_tag"))
    tags = columns.pop(label)
    return {tag: dict(zip(columns, values, strict=True))
            for tag, *values in zip(tags, *columns.values(), strict=True)}


def test_its_requests_return_the_counts(monitored, plugin, record_property):
    monitored.make_different_numbers()
    assert plugin["agents"] == [snmp.ADDRESS.replace(":", "://", 1)]
    fields = {field["name"]: snmp.get_value(oid(field["oid"])) for field in plugin["field"]}
    assert fields["tcpRefreshErrors"] == 0 and fields["tcpRefreshAge"] < 500
    counts, gathered = monitored.unchanged(lambda: gather(plugin))
    assert {tag: fields["tcpStateCount"] for tag, fields in gathered.items()} == {
        f"ipv{family} {state}": counts[family, state] for family, state in mib.ROWS}
    assert {tag: fields["tcpStateCountMax"] for tag, fields in gathered.items()} == {
        f"ipv{family} {state}": peak for (family, state), peak in monitored.peaks().items()}
    record_property("observed", "22 of 22 counts equal")


def test_its_requests_return_watches_owners_and_listeners(monitored, plugin, record_property):
    monitored.unmake()
    with monitored.waiting_connections(PORT, 4, 3):
        monitored.reconfigure(watch=f"web port {PORT}")
        until(lambda: snmp.answers(mib.of_watch(mib.WATCH_SOCKETS, "web")), "the watch is served")
        monitored.wait_until_counted()
        watches = gather(plugin, "tcp_watches")
        assert len(watches) == 22 and watches["web ipv4 established"]["tcpWatchCount"] == 3
        assert gather(plugin, "tcp_watch_ports") == {
            f"port {PORT}": {"tcpWatchSockets": 4, "tcpWatchPortUse": 0}}
        assert gather(plugin, "tcp_listeners")[f"127.0.0.1:{PORT}"]["tcpListenFill"] == 75
        owners = gather(plugin, "tcp_owners")
        if cgroups.root() is not None:
            assert sum(fields["tcpOwnerCount"] for tag, fields in owners.items()
                       if tag.endswith(" listen")) == 1
    monitored.reconfigure()
    monitored.wait_until_counted()
    record_property("observed", f"{len(watches)} rows of a watch, {len(owners)} of owners")


def test_a_spike_between_two_gatherings_is_seen(monitored, plugin, picture, record_property):
    """The maximum, which the picture shows next to the count, includes it."""
    tag, gathered = "ipv4 closeWait", []
    for times, sockets in ((3, 0), (3, 40), (3, 0)):
        monitored.unmake()
        monitored.make(4, "closeWait", sockets)
        gathered += [gather(plugin)[tag] for _ in range(times)]
    assert [fields["tcpStateCount"] for fields in gathered] == 3 * [0] + 3 * [40] + 3 * [0]
    assert [fields["tcpStateCountMax"] for fields in gathered][-3:] == 3 * [40]
    draw(gathered, tag, picture("telegraf"))
    record_property("observed", f"{tag}: 0 now, 40 at most")


def draw(gathered, tag, file):
    figure = Figure(figsize=(7, 2.5), layout="constrained")
    box = figure.subplots()
    for field in gathered[0]:
        box.step(range(len(gathered)), [fields[field] for fields in gathered], where="mid",
                 label=field)
    box.set(title=f"tcp_states, {LABEL}={tag}", xlabel="gathering", ylabel="sockets")
    box.legend(fontsize="small")
    figure.savefig(file, dpi=70)
