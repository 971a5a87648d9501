# SPDX-License-Identifier: BSD-2-Clause
"""Cacti with the files of integrations/cacti. Each test continues from the previous one."""

import math
import re
import socket
import struct

from PIL import Image
import pytest

import browser
import mib
import snmp
from cacti_server import LOG, STEP, Cacti
from monitored_host import INTEGRATIONS, SOURCES, MonitoredHost

STATES = mib.STATES
FAMILIES = {4: "ipv4", 6: "ipv6"}
WATCHED_PORT, QUEUE_PORT = 8081, 8082
BACKLOG, QUEUED = 7, 3
GREEN, RED = (0x43, 0xA0, 0x47), (0xE5, 0x39, 0x35)  # as generate.py has established, synReceived

SOURCE = SOURCES / "integrations/cacti"
INSTALLED = "/var/lib/cacti/integration"
BY_STATE = "web - TCP sockets by state, {}".format
LARGEST = "web - Largest TCP counts by state, {}".format
TOTAL = "web - TCP sockets by state, both families, {}".format
PORT_USE = f"web - Local ports used, port {WATCHED_PORT}"
QUEUE = f"web - Accept queue of 127.0.0.1:{QUEUE_PORT}"
AGE = "web - Age of the TCP counts"

HISTORY = 24
POLLS = 1 + 10 + HISTORY  # of the three tests


class Traffic:
    """Loopback connections to the port of the watch. Both ends count."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", WATCHED_PORT), backlog=256)
        self._pairs = []
        self._leaked = []

    def open(self, wanted):
        """Keep WANTED connections, which are twice as many established sockets."""
        while len(self._pairs) < wanted:
            self._pairs.append(self._connect())
        while len(self._pairs) > wanted:
            for end in self._pairs.pop():
                # A reset leaves no socket.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.close()

    def leak(self, wanted):
        """Keep WANTED connections that one end has closed, in finWait2 and closeWait."""
        while len(self._leaked) < wanted:
            self._leaked.append(self._connect())
            self._leaked[-1][0].shutdown(socket.SHUT_WR)

    def _connect(self):
        near = socket.create_connection(self._listener.getsockname())
        return near, self._listener.accept()[0]


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    with MonitoredHost(tmp_path_factory.mktemp("monitored"),
                       watch=f"web port {WATCHED_PORT}") as monitored:
        yield monitored


@pytest.fixture(scope="module")
def traffic(monitored):
    with monitored.beside_the_sockets():
        traffic = Traffic()
    with monitored.waiting_connections(QUEUE_PORT, BACKLOG, QUEUED):
        yield traffic


def install(monitored, polls, address="127.0.0.1"):
    """Return Cacti, set up with the commands of the README."""
    cacti = Cacti(monitored, polls)
    cacti.run("mkdir", INSTALLED, user="root")
    cacti.run("cp", *(INTEGRATIONS / "cacti").glob("*.xml"), SOURCE / "add-graphs", INSTALLED,
              user="root")
    for command in commands("As root"):
        cacti.run("sh", "-c", command, user="root", directory=INSTALLED)
    output = ""
    for command in commands("As Cacti's user"):
        output = as_user(cacti, command.replace("192.0.2.1", address),
                         TEMPLATE=numbered(output, "tcp-state-agent"),
                         DEVICE=numbered(output, "web"))
    return cacti


@pytest.fixture(scope="module")
def cacti(monitored, traffic):
    cacti = install(monitored, POLLS)
    # Two families, the totals, the watch with its families, owners, two endpoints and the agent.
    assert len(cacti.titles()) == 2 * 2 + 3 + 2 + 1 + len(owners()) + 2 * 2 + 2
    return cacti


def owners():
    """Return the names of all owners."""
    return [row.value.removesuffix(" listen") for row in snmp.walk(mib.OWNER_LABEL)
            if row.value.endswith(" listen")]


def commands(introduction):
    """Return the indented lines below the line of the README that begins with BEGINNING."""
    _, _, text = (SOURCE / "README.md").read_text().partition(f"\n{introduction}")
    _, _, text = text.partition("\n\n")
    block, _, _ = text.partition("\n\n")
    assert block.startswith("    ")
    return [line.strip() for line in block.splitlines()]


def as_user(cacti, command, **numbers):
    """Run COMMAND from the README, and return its output."""
    for name, number in numbers.items():
        command = command.replace(f"{name}-ID", number)
    return cacti.run("sh", "-c", command, directory=INSTALLED)


def numbered(output, name):
    """Return the number of the line that ends with NAME in a list of Cacti, or ""."""
    found = re.search(rf"^(\d+)\t(?:.*\t)?{name}$", output, re.MULTILINE)
    return found[1] if found else ""


def served(column, *indexes):
    """Return {state: value} of a COLUMN whose rows end with a state."""
    return {state: value.value for state, value in zip(STATES, snmp.get(
        *(column + indexes + (number,) for number in range(1, len(STATES) + 1))), strict=True)}


def unsuffixed(values, suffix):
    return {name.removesuffix(suffix): value for name, value in values.items()}


def test_stored_values_equal_the_agents(monitored, cacti, record_property):
    monitored.make_different_numbers()
    before, _ = monitored.unchanged(cacti.poll)

    compared = 0
    for number, (family, name) in enumerate(FAMILIES.items(), 1):
        counted = {state: before[family, state] for state in STATES}
        assert len(set(counted.values())) > 8
        assert cacti.last(BY_STATE(name)) == counted
        largest = unsuffixed(cacti.last(LARGEST(name)), "Max")
        assert largest == served(mib.COUNT_MAX, number) != dict.fromkeys(STATES, 0)
        in_watch = cacti.last(BY_STATE(f"web {name}"))
        assert in_watch == served(mib.of_watch(mib.WATCH_COUNT, "web"), number)
        assert in_watch["listen"] == (family == 4)
        compared += 3 * len(STATES)
    for column, name in ((mib.TOTAL, "now"), (mib.TOTAL_MIN, "smallest"),
                         (mib.TOTAL_MAX, "largest")):
        assert cacti.last(TOTAL(name)) == served(column)
        compared += len(STATES)
    assert cacti.last(TOTAL("now")) == {
        state: sum(before[family, state] for family in FAMILIES) for state in STATES}
    owner = next(name for name in owners() if name.startswith("/"))
    of_owner = cacti.last(BY_STATE(owner))
    assert of_owner["closeWait"] == sum(before[family, "closeWait"] for family in FAMILIES)
    assert "established" not in of_owner
    assert cacti.last(PORT_USE) == {"portUse": 0}
    assert cacti.last(QUEUE) == {"queued": QUEUED, "queuedMax": QUEUED, "backlog": BACKLOG}
    assert cacti.last(AGE)["interval"] == 100
    record_property("observed", f"{compared + 4} of {compared + 4} values equal")


def test_missing_counts_are_unknown_and_red(monitored, cacti, record_property):
    title = BY_STATE("ipv4")
    established = monitored.counts()[4, "established"]
    known = [cacti.poll(), cacti.poll()]
    assert not invalid_responses(cacti)

    monitored.refuse()
    refused = [cacti.poll() for _ in range(2)]
    before = snmp.get_value(mib.REFRESH_AGE)
    refused.append(cacti.poll())
    assert set(cacti.last(title).values()) == {None}
    # The agent is running, and reports how long refreshes have failed.
    assert before <= cacti.last(AGE)["age"] <= snmp.get_value(mib.REFRESH_AGE)
    monitored.allow()
    known += [cacti.poll(), cacti.poll()]

    monitored.stop_agent()
    stopped = [cacti.poll() for _ in range(3)]
    assert set(cacti.last(title).values()) == set(cacti.last(AGE).values()) == {None}
    monitored.start_agent()
    known += [cacti.poll(), cacti.poll()]

    # RRDtool itself bridges the first one.
    states = cacti.stored(title, known[0], known[-1])
    ages = cacti.stored(AGE, known[0], known[-1])
    assert {time for time, row in ages.items() if math.isnan(row["age"])} == set(stopped[1:])
    for state in STATES[:-1]:  # timeWaits end in the meantime
        assert {time for time, row in states.items() if math.isnan(row[state])} == {
            *refused[1:], *stopped[1:]}
    assert {row["established"] for row in states.values()
            if not math.isnan(row["established"])} == {established}
    for name, legend, times in ((title, "no counts", {refused[-1], stopped[-1]}),
                                (AGE, "no agent", {stopped[-1]})):
        drawn = cacti.exported(name, known[0], known[-1])
        assert {time for time, row in drawn.items() if row[legend] == math.inf} == times
    assert len(invalid_responses(cacti)) == len(refused) + len(stopped)
    record_property("observed", "while refreshes failed, and while there was no agent: NaN and red,"
                           f" at {len(states) - 4} other rows {established} established")


def invalid_responses(cacti):
    """Return Cacti's log messages about them."""
    return [line for line in cacti.run("cat", LOG).splitlines()
            if "WARNING: Invalid Response(s)" in line]


def test_graphs_show_the_history(monitored, cacti, traffic, picture, record_property):
    for poll in range(HISTORY):
        with monitored.beside_the_sockets():
            traffic.open(40 + round(30 * math.sin(poll / HISTORY * 2 * math.pi)))
            traffic.leak(max(0, 3 * (poll - 8)))
        if poll == 6:
            monitored.make(4, "timeWait", 70)
        if poll == 18:
            monitored.make(4, "synReceived", 50)
        monitored.wait_until_counted()
        ended = cacti.poll()
        counts = monitored.counts()
        stored = cacti.last(BY_STATE("ipv4"))
        assert [stored[state] for state in STATES[:-1]] == [
            counts[4, state] for state in STATES[:-1]]  # timeWaits may have ended meanwhile

    graph, page = picture("cacti"), monitored.directory / "page.png"
    graph.write_bytes(cacti.get("graph_image.php", BY_STATE("ipv4"),
                                graph_start=cacti.began - STEP, graph_end=ended))
    assert pixels(graph, GREEN) > 5000 and pixels(graph, RED) > 1000

    # The scripts of the page take some seconds to load its parts.
    browser.capture(cacti.url("graph_view.php?action=preview&columns=1&thumbnails=false"
                              "&rfilter=TCP+sockets"),
                    page, (1500, 1500), "--virtual-time-budget=15000")
    assert pixels(page, GREEN, near=24) > 5000
    record_property("observed", f"{HISTORY} polls equal; graph and page show them")


def test_a_second_import_adds_only_new_objects(monitored, cacti, record_property):
    before = cacti.titles()
    first, *_, last = commands("As Cacti's user")
    imported = re.findall(r"\[success\] .* \[(\w+)\]", as_user(cacti, first))
    assert len(imported) > 20 and "new" not in imported
    as_user(cacti, last, DEVICE="1")
    after = cacti.titles()
    assert before.items() <= after.items()
    endpoints = sum(monitored.counts()[family, "listen"] for family in FAMILIES)
    # There were two, and the owners of the sockets that were there first.
    new_owners = sum(BY_STATE(name) not in before for name in owners())
    assert len(after) == len(before) + 2 * (endpoints - 2) + new_owners
    record_property("observed",
                    f"{len(imported)} objects known, graphs for {endpoints - 2} endpoints")


def pixels(image, colour, near=0):
    """Return the number of pixels in the file IMAGE that have the COLOUR."""
    with Image.open(image) as shown:
        return sum(all(abs(a - b) <= near for a, b in zip(pixel, colour))
                   for pixel in shown.convert("RGB").getdata())
