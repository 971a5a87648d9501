# SPDX-License-Identifier: BSD-2-Clause
"""The templates for Zabbix: imported, polled, alerting and silent as they should.

The installed Zabbix imports the template of its version; both templates are looked at as files.
Two hosts are the same snmpd: "asked" is polled when the test says so, "watched" every second.
"""

import contextlib
import math
import pathlib
import re
import shutil
import socket
import time

import pytest
import yaml

import mib
import snmp
from polling import until
from stage import INTEGRATIONS, Stage
from zabbix import Zabbix

VERSIONS = ("6.0", "7.0")
DIRECTORY = INTEGRATIONS / "zabbix"
TRAP_SCRIPT = pathlib.Path(__file__).parents[2] / "integrations/zabbix/trap-to-zabbix"
TEMPLATE = "TCP states by SNMP"
PORT = 443

# Only in the first network namespace does the kernel tell these.
ABSENT = ("tcpOrphansMax", "tcpMemoryMax")

# What the user parameters tcp.status[...] were called, in the order of mib.STATES.
WORDS = ("closed", "listen", "synsent", "synrecv", "established", "finwait1", "finwait2",
         "closewait", "lastack", "closing", "timewait")

# nodata() looks no less far back than 30 s; "#1" is the last value alone.
WATCHED_MACROS = {"{$TCP.INTERVAL}": "1s", "{$TCP.DISCOVERY.INTERVAL}": "2s",
                  "{$TCP.MISSING.PERIOD}": "#1", "{$TCP.NODATA.PERIOD}": "30s",
                  "{$TCP.REFRESH.AGE.WARN}": "5", "{$TCP.STATUS.PERIOD}": "#1",
                  '{$TCP.STATUS.PERIOD:"closewait"}': "#1", '{$TCP.STATUS.WARN:"closewait"}': "30",
                  '{$TCP.STATUS.WARN:"synrecv"}': "40", '{$TCP.STATUS.WARN:"synsent"}': "30",
                  '{$TCP.STATUS.WARN:"timewait"}': "30", "{$TCP.REFRESH.ERRORS.PERIOD}": "10s"}
SNMP = "20"  # an item's type

ASKED_MACROS = {"{$TCP.INTERVAL}": "1h", "{$TCP.DISCOVERY.INTERVAL}": "1h"}


def template(version):
    return (DIRECTORY / f"tcp-state-agent-{version}.yaml").read_text()


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"), watchPort=PORT,
                  threshold="waiting state any closeWait 30 clear 10")
    stage.snmpd.more_lines = "trap2sink 127.0.0.1 public\n"
    with stage:
        yield stage


@pytest.fixture(scope="module")
def zabbix(stage):
    with Zabbix(stage) as zabbix:
        import_template(zabbix)
        yield zabbix


@pytest.fixture(scope="module")
def asked(zabbix):
    return Host(zabbix, "asked", ASKED_MACROS)


@pytest.fixture(scope="module")
def watched(zabbix, asked):
    return Host(zabbix, "watched", WATCHED_MACROS)


@pytest.fixture
def calm(stage, watched):
    """Without made sockets and problems, whatever went before."""
    stage.unmake()
    watched.wait_until_problems(seconds=60)


def rules(zabbix):
    """All that the file has is made and updated, and what it lacks is deleted."""
    everything = {"createMissing": True, "updateExisting": True, "deleteMissing": True}
    group = "groups" if zabbix.version < "6.2" else "template_groups"
    return {group: {"createMissing": True, "updateExisting": True},
            "templates": {"createMissing": True, "updateExisting": True},
            **{name: everything for name in
               ("items", "discoveryRules", "triggers", "graphs", "valueMaps")}}


def import_template(zabbix):
    assert zabbix.api("configuration.import", format="yaml", rules=rules(zabbix),
                      source=template(zabbix.version)) is True


def until_asked(ask, condition, what):
    """As until(); asks again, as the server forgets what it was asked of items still new to it."""
    for more in (2, 1, 0):
        ask()
        try:
            return until(condition, what, 15, pause=0.2)
        except AssertionError:
            if not more:
                raise


class Host:
    """A host of Zabbix's that has the template."""

    def __init__(self, zabbix, name, macros):
        self._zabbix = zabbix
        found, = zabbix.api("template.get", filter={"host": TEMPLATE})
        group, = zabbix.api("hostgroup.get", filter={"name": "Linux servers"})
        interface = {"type": 2, "main": 1, "useip": 1, "ip": "127.0.0.1", "dns": "", "port": "161",
                     "details": {"version": 2, "community": "public"}}
        made = zabbix.api("host.create", host=name, groups=[{"groupid": group["groupid"]}],
                          interfaces=[interface], templates=[{"templateid": found["templateid"]}],
                          macros=[{"macro": macro, "value": value}
                                  for macro, value in macros.items()])
        self.id = made["hostids"][0]

    def items(self, **how):
        """{key: item}"""
        return {item["key_"]: item for item in self._zabbix.api(
            "item.get", hostids=self.id, output=["itemid", "key_", "type", "state", "error",
                                                 "lastvalue", "lastclock", "value_type"], **how)}

    def value(self, key):
        return self.items(filter={"key_": key})[key]["lastvalue"]

    def poll(self):
        self._zabbix.poll(item["itemid"] for item in self.items().values()
                          if item["type"] == SNMP)

    def discover(self):
        """By discovery rules that ask for themselves; others have their master items polled."""
        self._zabbix.poll(rule["itemid"] for rule in self._zabbix.api(
            "discoveryrule.get", hostids=self.id, output=["itemid", "type"])
            if rule["type"] == SNMP)
        self.poll()

    def problems(self):
        """Names of the triggers that are in problem."""
        return {trigger["description"] for trigger in self._zabbix.api(
            "trigger.get", hostids=self.id, output=["description"], filter={"value": 1},
            expandDescription=True)}

    def wait_until_problems(self, *names, seconds=20):
        """Exactly those."""
        until(lambda: self.problems() == set(names),
              f"problems are {names}; they are {self.problems()}", seconds, pause=0.2)

    def poll_until_shows(self, wanted):
        """WANTED is {key: number}."""
        def different():
            shown = {key.replace('"', ""): float(item["lastvalue"])
                     for key, item in self.items().items()
                     if item["lastclock"] != "0" and item["value_type"] in ("0", "3")}
            return {key: (value, shown.get(key)) for key, value in wanted.items()
                    if value != shown.get(key)}
        with contextlib.suppress(AssertionError):
            until_asked(self.poll, lambda: not different(), "all values are equal")
        assert not different()

    def history(self, key, since):
        item = self.items(filter={"key_": key})[key]
        points = self._zabbix.api("history.get", itemids=item["itemid"],
                                  history=item["value_type"], time_from=since)
        return [point["value"] for point in
                sorted(points, key=lambda point: (int(point["clock"]), int(point["ns"])))]


@contextlib.contextmanager
def waiting_connections(stage, number, backlog, port=0):
    """The listener that has NUMBER of connections to accept, when that is counted."""
    with contextlib.ExitStack() as held:
        with stage.beside_the_sockets():
            listener = held.enter_context(socket.create_server(("127.0.0.1", port),
                                                               backlog=backlog))
            for _ in range(number):
                held.enter_context(socket.create_connection(listener.getsockname()))
        stage.wait_until_counted()
        yield listener


# ---- the files ----

def parts(version):
    """(template, triggers, graphs), with those of the discovery rules."""
    export = yaml.safe_load(template(version))["zabbix_export"]
    only, = export["templates"]
    rules = only["discovery_rules"]
    triggers = [export, *only["items"]] + rules + sum(
        (rule["item_prototypes"] for rule in rules), [])
    return (only, sum((part.get("triggers", []) + part.get("trigger_prototypes", [])
                       for part in triggers), []),
            export["graphs"] + sum((rule.get("graph_prototypes", []) for rule in rules), []))


def identified(value):
    """{UUID: name or key} of everything within VALUE that has one."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return {}
    found = [(value["uuid"], value.get("key", value["name"]))] if "uuid" in value else []
    for inner in value.values():
        found += identified(inner).items()
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_template_refers_to_is_there(version, record_property):
    only, triggers, graphs = parts(version)
    items = only["items"] + sum((rule["item_prototypes"] for rule in only["discovery_rules"]), [])
    keys = {item["key"] for item in items}
    assert len(keys) == len(items)
    for trigger in triggers:
        told = [word for name in ("expression", "recovery_expression", "event_name")
                for word in re.findall(r"\(/(?:TCP states by SNMP|\{HOST\.HOST\})/"
                                       r'((?:[a-z.]+)(?:\[(?:"[^"]*"|[^]"])*\])?)',
                                       trigger.get(name, ""))]
        assert told and set(told) <= keys, trigger["name"]
    for graph in graphs:
        assert {member["item"]["key"] for member in graph["graph_items"]} <= keys, graph["name"]
    for polled in items + only["discovery_rules"]:
        if "master_item" in polled:
            assert polled["master_item"]["key"] in keys
    valuemaps = {valuemap["name"] for valuemap in only["valuemaps"]}
    assert {item["valuemap"]["name"] for item in items if "valuemap" in item} == valuemaps
    used = set(re.findall(r"\{\$[^}]*\}", str([only["items"], only["discovery_rules"], triggers])))
    macros = {macro["macro"] for macro in only["macros"]}
    assert macros <= used
    assert {re.sub(':"[a-z]+"', "", macro) for macro in used - macros} <= macros
    record_property("saw", f"{len(items)} items, {len(triggers)} triggers, {len(graphs)} graphs")


@pytest.mark.parametrize("version", VERSIONS)
def test_oids_are_served(stage, version, record_property):
    """Columns and instances; what is asked for by get[] is an instance."""
    with stage.beside_the_sockets():
        listener = socket.create_server(("127.0.0.1", 0))
    until(lambda: snmp.walk(mib.LISTEN_LABEL)[0].value, "the listener is served")
    instances = {snmp.dotted(varbind.oid) for varbind in snmp.walk(mib.ROOT)}
    columns = {snmp.dotted(oid[:len(mib.COUNT)]) for oid in
               (varbind.oid for varbind in snmp.walk(mib.ROOT))}
    text = template(version)
    asked = {oid for oid in re.findall(r"\.1(?:\.[0-9]+)+", text)
             if not oid.startswith(snmp.dotted(mib.ROOT + (0,)))}
    listener.close()
    absent = {snmp.dotted(mib.of_host(name)) for name in ABSENT}
    assert sorted(asked - instances - columns - absent) == []
    assert not set(re.findall(r"get\[(.*?)\]", text)) - instances - absent
    record_property("saw", f"{len(asked)} OIDs served")


def test_both_templates_are_the_same_to_an_upgraded_zabbix():
    older, newer = (identified(yaml.safe_load(template(version))) for version in VERSIONS)
    for uuid in {**older, **newer}:
        assert re.fullmatch(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", uuid)
    assert older.items() <= newer.items()
    assert all(key.startswith("tcp.walk[") for uuid, key in newer.items() if uuid not in older)


# ---- the running Zabbix ----

def test_values_are_the_agents(stage, asked, record_property):
    """Of every state, in each family and in total, and of all that does not move by itself."""
    with stage.beside_the_sockets():
        udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
        for opened in udp:
            opened.bind(("127.0.0.1", 0))
    stage.make_different_numbers()
    counts = stage.counts()
    wanted = {}
    for state, word in zip(mib.STATES, WORDS, strict=True):
        wanted[f"tcp.status[{word}]"] = counts[4, state] + counts[6, state]
        # Sockets come through other states, so that these are more.
        wanted[f"tcp.status.max[{word}]"] = snmp.get_value(mib.of_state(mib.TOTAL_MAX, state))
        for family in (4, 6):
            wanted[f"tcp.status[{word},ipv{family}]"] = counts[family, state]
            wanted[f"tcp.status.max[{word},ipv{family}]"] = snmp.get_value(
                mib.of(mib.COUNT_MAX, family, state))
    for version, family in ((1, 4), (2, 6)):
        wanted[f"tcp.family[tcpFamilySockets,ipv{family}]"] = sum(
            number for (of, _), number in counts.items() if of == family)
        for name, column in (("tcpFamilyUdp", mib.FAMILY_UDP), ("tcpFamilyRaw", mib.FAMILY_RAW),
                             ("tcpFamilyFrag", mib.FAMILY_FRAG)):
            wanted[f"tcp.family[{name},ipv{family}]"] = snmp.get_value(column + (version,))
    assert wanted["tcp.family[tcpFamilyUdp,ipv4]"] == 3
    for name in ("tcpTimeWaits", "tcpTimeWaitsMax", "socketsUsed"):
        wanted[f"tcp.host[{name}]"] = snmp.get_value(mib.of_host(name))
    wanted |= {"tcp.agent[tcpRefreshInterval]": 0.1, "tcp.agent[tcpRefreshWindow]": 300,
               "tcp.agent[tcpRefreshMethod]": snmp.get_value(mib.REFRESH_METHOD),
               "tcp.agent.registered": 1}
    asked.poll_until_shows(wanted)
    items = asked.items()
    assert {key for key, item in items.items() if item["state"] != "0"} == {
        f"tcp.host[{name}]" for name in ABSENT}
    assert float(items["tcp.agent[tcpRefreshAge]"]["lastvalue"]) < 3
    record_property("saw", f"{len(wanted)} values equal, {sum(counts.values())} sockets in"
                           f" {sum(map(bool, counts.values()))} of 22 rows")


def test_discovered_ports_listeners_and_thresholds(stage, asked, record_property):
    stage.unmake()
    stage.make(4, "closeWait", 31)
    with waiting_connections(stage, 3, backlog=7, port=PORT):
        endpoint = f"127.0.0.1:{PORT}"
        wanted = {f"tcp.listener[tcpListenSockets,{endpoint}]": 1,
                  f"tcp.listener[tcpListenQueued,{endpoint}]": 3,
                  f"tcp.listener[tcpListenQueuedMax,{endpoint}]": 3,
                  f"tcp.listener[tcpListenBacklog,{endpoint}]": 7,
                  "tcp.threshold[tcpThresholdStatus,waiting]": 2,
                  "tcp.threshold[tcpThresholdValue,waiting]": 31,
                  **{f"tcp.port.status[{word},ipv{family},{PORT}]": 0
                     for word in WORDS for family in (4, 6)},
                  f"tcp.port.status[listen,ipv4,{PORT}]": 1,
                  f"tcp.port.status[established,ipv4,{PORT}]": 3}

        until_asked(asked.discover, lambda: wanted.keys() <= {
            key.replace('"', "") for key in asked.items()}, "all are discovered")
        asked.poll_until_shows(wanted)
    record_property("saw", f"{len(wanted)} values equal")


def test_triggers_fire_and_recover(stage, watched, calm, record_property):
    for state, more in (("synReceived", 41), ("closeWait", 31), ("synSent", 31), ("timeWait", 31)):
        stage.make(6, state, more)
    fired = ("SYN flood", "Sockets in closeWait leak", "Peers do not answer",
             "Many sockets in timeWait",
             "Threshold waiting is raised: state any closeWait, range 30")
    watched.wait_until_problems(*fired, seconds=30)
    stage.unmake()
    watched.wait_until_problems()
    record_property("saw", "fired and recovered: " + ", ".join(fired))


def test_full_accept_queue_fires_and_recovers(stage, watched, calm, record_property):
    with waiting_connections(stage, 4, backlog=4) as listener:
        name = "Accept queue of %s:%d fills" % listener.getsockname()
        watched.wait_until_problems(name, seconds=30)
        accepted = [listener.accept()[0] for _ in range(4)]
        watched.wait_until_problems()
        for connection in accepted:
            connection.close()
    record_property("saw", f"{name}: fired and recovered")


def test_missing_agent_fires_and_recovers(stage, watched, calm, record_property):
    stage.make(4, "established", 3)
    until(lambda: watched.value("tcp.status[established]") == "3", "the sockets are seen", 20)
    stage.stop_agent()
    try:
        since = int(time.time()) + 1
        watched.wait_until_problems("TCP state agent is missing")
        assert watched.value("tcp.agent.registered") == "0"
        assert watched.items()["tcp.status[established]"]["state"] == "1"
    finally:
        stage.start_agent()
    watched.wait_until_problems()
    counted = watched.history("tcp.status[established]", since)
    assert set(counted) <= {"3"}, "a zero that nobody counted"
    record_property("saw", "missing: fired and recovered, no zero in between")


def test_failing_refreshes_fire_and_recover(stage, watched, calm, record_property):
    """First the errors, then the age too, at last the absent counts."""
    stage.refuse()
    try:
        watched.wait_until_problems("TCP refreshes fail")
        watched.wait_until_problems("TCP refreshes fail", "TCP counts are old")
        watched.wait_until_problems("TCP refreshes fail", "TCP counts are old",
                                    "TCP counts are absent", seconds=90)
        assert watched.value("tcp.agent.registered") == "1"
    finally:
        stage.allow()
    watched.wait_until_problems(seconds=60)
    record_property("saw", "errors, age and absence: fired and recovered")


def test_silent_snmpd_is_not_a_missing_agent(stage, watched, calm, record_property):
    stage.snmpd.pause()
    try:
        watched.wait_until_problems("TCP states: no answer by SNMP", seconds=90)
    finally:
        stage.snmpd.resume()
    watched.wait_until_problems(seconds=60)
    record_property("saw", "no answer by SNMP: fired and recovered")


def differences(changes):
    """Those of configuration.importcompare, which names discovery rules that are the same too."""
    if isinstance(changes, list):
        for inner in changes:
            yield from differences(inner)
    elif isinstance(changes, dict):
        if "before" in changes or "after" in changes:
            if changes.get("before") != changes.get("after"):
                yield changes
        for name, inner in changes.items():
            if name not in ("before", "after"):
                yield from differences(inner)


def test_reimport_changes_nothing(zabbix, watched, record_property):
    found, = zabbix.api("template.get", filter={"host": TEMPLATE})

    def exported():
        text = zabbix.api("configuration.export", format="yaml",
                          options={"templates": [found["templateid"]]})
        return re.sub(r"^  date: .*", "", text, flags=re.MULTILINE)
    before, items = exported(), {key: item["itemid"] for key, item in watched.items().items()}
    changes = zabbix.api("configuration.importcompare", format="yaml", rules=rules(zabbix),
                         source=template(zabbix.version))
    assert list(differences(changes)) == []
    import_template(zabbix)
    assert exported() == before
    assert {key: item["itemid"] for key, item in watched.items().items()} == items
    record_property("saw", f"{len(items)} items the same")


@pytest.fixture
def snmptrapd(stage, zabbix):
    """Hands what comes to the script, by which Zabbix gets it."""
    configuration = stage.directory / "snmptrapd.conf"
    script = stage.directory / "trap-to-zabbix"
    shutil.copy(TRAP_SCRIPT, script)
    configuration.write_text("authCommunity execute public\n"
                             f"traphandle default /bin/sh {script} {zabbix.traps}\n")
    daemon = stage.launch("snmptrapd", [
        "snmptrapd", "-f", "-Lo", "-n", "-On", "-m", "", "-I", "-smux", "-X", "-C",
        "-c", configuration, "udp:127.0.0.1:162"])
    until(lambda: "NET-SNMP version" in daemon.log, "snmptrapd listens")
    return daemon


def test_notifications_are_received(stage, watched, calm, snmptrapd, zabbix, record_property):
    """Each once, with its values; the trigger for them fires and recovers by its threshold."""
    trigger, = zabbix.api("trigger.get", hostids=watched.id, output=["triggerid"],
                          search={"description": "Notification of a raised threshold"})
    zabbix.api("trigger.update", triggerid=trigger["triggerid"], status=0)
    trap, = (key for key in watched.items() if key.startswith("snmptrap["))
    since = int(time.time())

    def received():
        return watched.history(trap, since)
    polled = "Threshold waiting is raised: state any closeWait, range 30"
    noticed = "Notification of a raised threshold"
    stage.make(4, "closeWait", 29)
    stage.make(6, "closeWait", 2)
    until(lambda: len(received()) == 1, "it was raised", 20, pause=0.2)
    watched.wait_until_problems(polled, noticed, "Sockets in closeWait leak")
    event, = zabbix.api("problem.get", objectids=trigger["triggerid"], output=["name"],
                        selectTags=["tag", "value"])
    assert event["name"] == "Threshold waiting was raised"
    assert {"tag": "threshold", "value": "waiting"} in event["tags"]
    stage.unmake()
    until(lambda: len(received()) == 2, "it was cleared", 20, pause=0.2)
    watched.wait_until_problems()
    for told, which in zip(received(), (mib.RAISED, mib.CLEARED), strict=True):
        assert f"{snmp.dotted(which)}\n" in told
        assert '"waiting"' in told and '"state any closeWait"' in told
    assert re.search(r"\.1\.7\.1\.5\S* 31$", received()[0], re.MULTILINE)
    record_property("saw", f"raised and cleared, {len(received())} notifications")


def test_graph_shows_what_was_seen(stage, watched, calm, zabbix, picture, record_property):
    """The picture of README.md: a minute of clients that come and go, and a server that leaks."""
    seen = []

    def polled_again():
        last = watched.items(filter={"key_": "tcp.status[established]"})[
            "tcp.status[established]"]["lastclock"]
        return last not in seen and not seen.append(last)
    with contextlib.ExitStack() as held:
        with stage.beside_the_sockets():
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
            address = listener.getsockname()
        clients, leaked = [], []
        for second in range(60):
            with stage.beside_the_sockets():
                while len(clients) < 25 + 15 * math.sin(second / 6):
                    clients.append((socket.create_connection(address), listener.accept()[0]))
                for near, far in clients[:3]:
                    near.close()
                    far.close()
                if second % 3 == 0:
                    clients[3][0].close()
                    leaked.append(clients.pop(3)[1])
                del clients[:3]
            until(polled_again, "the next poll", 10)
        for connection in [*leaked, *(end for pair in clients for end in pair)]:
            held.enter_context(connection)
        stage.wait_until_counted()
        for state in ("established", "closeWait", "timeWait"):
            assert stage.counts()[4, state] >= 15
        watched.poll_until_shows({"tcp.status[established]": stage.counts()[4, "established"],
                                  "tcp.status[closewait]": len(leaked)})
        graph, = zabbix.api("graph.get", hostids=watched.id, filter={"name": "TCP states"})
        drawn = zabbix.page("chart2.php", graphid=graph["graphid"], width=700, height=200,
                            profileIdx="web.charts.filter", **{"from": "now-1m", "to": "now"})
    assert drawn.startswith(b"\x89PNG")
    picture("zabbix").write_bytes(drawn)
    record_property("saw", f"{len(drawn)} bytes of PNG")
