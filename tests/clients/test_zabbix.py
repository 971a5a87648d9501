# SPDX-License-Identifier: BSD-2-Clause
"""The templates for Zabbix: import, polling, problems, and no problems on healthy hosts.

The installed Zabbix imports the template of its version; both templates are looked at as files.
Two hosts are the same snmpd: "asked" is polled when the test says so, "watched" every second.
"""

import contextlib
import math
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import pytest
import yaml

import cgroups
import mib
import snmp
from daemons import BUILD
from polling import until
from monitored_host import ADDRESS_IPV6, INTEGRATIONS, MAX_AGE, MonitoredHost
from traffic import scan
from zabbix import Zabbix

VERSIONS = ("6.0", "7.0")
DIRECTORY = INTEGRATIONS / "zabbix"
TRAP_SCRIPT = pathlib.Path(__file__).parents[2] / "integrations/zabbix/trap-to-zabbix"
USER_PARAMETERS = TRAP_SCRIPT.with_name("userparameter-tcp-states.conf")
TEMPLATE = "TCP states by SNMP"
PORT = 443

SNMP_PACKETS = (1, 3, 6, 1, 2, 1, 11, 1, 0)  # snmpInPkts (RFC 3418)
POLL_MAX = 8

# The kernel reports these only in the first network namespace.
ABSENT = ("tcpHostOrphansMax", "tcpHostMemoryMax")

# The names of the user parameters tcp.status[...], in the order of mib.STATES.
WORDS = ("closed", "listen", "synsent", "synrecv", "established", "finwait1", "finwait2",
         "closewait", "lastack", "closing", "timewait")

# nodata() takes at least 30 s; "#1" is the last value.
WATCHED_MACROS = {"{$TCP.INTERVAL}": "1s", "{$TCP.DISCOVERY.INTERVAL}": "2s",
                  "{$TCP.MISSING.PERIOD}": "#1", "{$TCP.NODATA.PERIOD}": "30s",
                  "{$TCP.REFRESH.AGE.WARN}": "50", "{$TCP.STATUS.PERIOD}": "#1",
                  "{$TCP.RATE.PERIOD}": "#3",
                  '{$TCP.STATUS.PERIOD:"closewait"}': "#1", '{$TCP.STATUS.WARN:"closewait"}': "30",
                  '{$TCP.STATUS.WARN:"synsent"}': "30",
                  '{$TCP.STATUS.WARN:"timewait"}': "30", "{$TCP.REFRESH.ERRORS.PERIOD}": "10s"}
SNMP = "20"  # an item's type
SNMP_INTERFACE = {"type": 2, "main": 1, "useip": 1, "ip": "127.0.0.1", "dns": "", "port": "161",
                  "details": {"version": 2, "community": "public"}}

ASKED_MACROS = {"{$TCP.INTERVAL}": "1h", "{$TCP.DISCOVERY.INTERVAL}": "1h"}


def template(version):
    return (DIRECTORY / f"tcp-state-agent-{version}.yaml").read_text()


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    monitored = MonitoredHost(tmp_path_factory.mktemp("monitored"), watch=f"web port {PORT}",
                  threshold=["waiting state any closeWait 30 clear 10", "full listen any 120"])
    monitored.snmpd.more_lines = "trap2sink 127.0.0.1 public\n"
    with monitored:
        yield monitored


@pytest.fixture(scope="module")
def zabbix(monitored):
    with Zabbix(monitored) as zabbix:
        import_template(zabbix)
        yield zabbix


@pytest.fixture(scope="module")
def asked(zabbix):
    return Host(zabbix, "asked", ASKED_MACROS)


@pytest.fixture(scope="module")
def watched(zabbix, asked):
    return Host(zabbix, "watched", WATCHED_MACROS)


@pytest.fixture
def calm(monitored, watched):
    """Start without sockets and problems of earlier tests."""
    monitored.unmake()
    watched.wait_until_problems()


def rules(zabbix):
    """Import the file: create and update its objects, and delete all others."""
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
    """Like until(), but repeats the request, because the server ignores requests for new items."""
    last = -math.inf

    def asked_again():
        nonlocal last
        if time.monotonic() > last + 5:
            ask()
            last = time.monotonic()
        return condition()
    return until(asked_again, what, pause=0.2)


class Host:
    """A host in Zabbix with the template."""

    def __init__(self, zabbix, name, macros):
        self._zabbix = zabbix
        found, = zabbix.api("template.get", filter={"host": TEMPLATE})
        group, = zabbix.api("hostgroup.get", filter={"name": "Linux servers"})
        made = zabbix.api("host.create", host=name, groups=[{"groupid": group["groupid"]}],
                          interfaces=[SNMP_INTERFACE], templates=[{"templateid": found["templateid"]}],
                          macros=[{"macro": macro, "value": value}
                                  for macro, value in macros.items()])
        self.id = made["hostids"][0]

    def items(self, **how):
        """Return {key: item}."""
        return {item["key_"]: item for item in self._zabbix.api(
            "item.get", hostids=self.id, output=["itemid", "key_", "type", "state", "error",
                                                 "lastvalue", "lastclock", "value_type"], **how)}

    def value(self, key):
        return self.items(filter={"key_": key})[key]["lastvalue"]

    def poll(self):
        # 7.0 disables items whose owner or endpoint is gone.
        self._zabbix.poll(item["itemid"] for item in self.items(filter={"status": 0}).values()
                          if item["type"] == SNMP)

    def discover(self):
        """Run the discovery rules, and poll everything."""
        self._zabbix.poll(rule["itemid"] for rule in self._zabbix.api(
            "discoveryrule.get", hostids=self.id, output=["itemid", "type"])
            if rule["type"] == SNMP)
        self.poll()

    def problems(self):
        """Return the names of the triggers in problem state."""
        return {trigger["description"] for trigger in self._zabbix.api(
            "trigger.get", hostids=self.id, output=["description"], filter={"value": 1},
            expandDescription=True)}

    def wait_until_problems(self, *names):
        """Wait until exactly these problems exist."""
        until(lambda: self.problems() == set(names),
              f"problems are {names}; they are {self.problems()}", pause=0.2)

    def poll_until_shows(self, wanted):
        """Poll until the values are those of wanted(), {key: number}."""
        def different():
            shown = {key.replace('"', ""): float(item["lastvalue"])
                     for key, item in self.items().items()
                     if item["lastclock"] != "0" and item["value_type"] in ("0", "3")}
            return {key: (value, shown.get(key)) for key, value in wanted().items()
                    if value != shown.get(key)}
        until_asked(self.poll, lambda: not different(),
                    lambda: f"all values are equal: {different()}")

    def history(self, key, since):
        item = self.items(filter={"key_": key})[key]
        points = self._zabbix.api("history.get", itemids=item["itemid"],
                                  history=item["value_type"], time_from=since)
        return [point["value"] for point in
                sorted(points, key=lambda point: (int(point["clock"]), int(point["ns"])))]


@contextlib.contextmanager
def waiting_connections(monitored, number, backlog, port=0):
    """Return a listener with NUMBER waiting connections when they are counted."""
    with contextlib.ExitStack() as held:
        with monitored.beside_the_sockets():
            listener = held.enter_context(socket.create_server(("127.0.0.1", port),
                                                               backlog=backlog))
            for _ in range(number):
                held.enter_context(socket.create_connection(listener.getsockname()))
        monitored.wait_until_counted()
        yield listener


# ---- files ----

def parts(version):
    """Return (template, triggers, graphs), including those of discovery rules."""
    export = yaml.safe_load(template(version))["zabbix_export"]
    only, = export["templates"]
    rules = only["discovery_rules"]
    triggers = [export, *only["items"]] + rules + sum(
        (rule["item_prototypes"] for rule in rules), [])
    return (only, sum((part.get("triggers", []) + part.get("trigger_prototypes", [])
                       for part in triggers), []),
            export["graphs"] + sum((rule.get("graph_prototypes", []) for rule in rules), []))


def identified(value):
    """Return {UUID: name or key} of everything within VALUE that has one."""
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
def test_references_of_a_template_exist(version, record_property):
    only, triggers, graphs = parts(version)
    items = only["items"] + sum((rule["item_prototypes"] for rule in only["discovery_rules"]), [])
    keys = {item["key"] for item in items}
    assert len(keys) == len(items)
    for trigger in triggers:
        texts = [word for name in ("expression", "recovery_expression", "event_name")
                 for word in re.findall(r"\(/(?:TCP states by SNMP|\{HOST\.HOST\})/"
                                        r'((?:[a-z.]+)(?:\[(?:"[^"]*"|[^]"])*\])?)',
                                        trigger.get(name, ""))]
        assert texts and set(texts) <= keys, trigger["name"]
    for graph in graphs:
        assert {member["item"]["key"] for member in graph["graph_items"]} <= keys, graph["name"]
    valuemaps = {valuemap["name"] for valuemap in only["valuemaps"]}
    assert {item["valuemap"]["name"] for item in items if "valuemap" in item} == valuemaps
    used = set(re.findall(r"\{\$[^}]*\}", str([only["items"], only["discovery_rules"], triggers])))
    macros = {macro["macro"] for macro in only["macros"]}
    assert macros <= used
    assert {re.sub(':"[a-z]+"', "", macro) for macro in used - macros} <= macros
    record_property("observed",
                    f"{len(items)} items, {len(triggers)} triggers, {len(graphs)} graphs")


@pytest.mark.parametrize("version", VERSIONS)
def test_oids_are_served(monitored, version, record_property):
    with monitored.beside_the_sockets():
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
    absent.add(snmp.dotted(mib.THRESHOLD_SINCE_DATE))  # no threshold has been raised
    assert sorted(asked - instances - columns - absent) == []
    record_property("observed", f"{len(asked)} OIDs served")


def test_both_templates_are_equal_to_an_upgraded_zabbix():
    older, newer = (identified(yaml.safe_load(template(version))) for version in VERSIONS)
    for uuid in {**older, **newer}:
        assert re.fullmatch(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", uuid)
    assert older == newer


def test_user_parameters_of_the_agent(monitored, tmp_path, record_property):
    """Asked as by zabbix_agentd -t, in the network namespace of the sockets."""
    configuration = tmp_path / "zabbix_agentd.conf"
    configuration.write_text(
        f"Server=127.0.0.1\nLogFile={tmp_path}/log\nInclude={USER_PARAMETERS}\n")

    def asked(key):
        done = subprocess.run(["zabbix_agentd", "-c", configuration, "-t", key],
                              capture_output=True, text=True,
                              env={**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}"})
        return re.fullmatch(r".*\[(.)\|(.*)\]\n", done.stdout).groups()
    monitored.unmake()
    monitored.make(4, "closeWait", 5)
    monitored.make(6, "closeWait", 2)
    with monitored.beside_the_sockets():
        assert asked("tcp.status[closewait]") == ("t", "7")
        assert asked("tcp.status[closewait,ipv4]") == ("t", "5")
        assert asked("tcp.status[closewait,ipv6]") == ("t", "2")
        assert asked("tcp.status[synrecv]") == ("t", "0")
        # An empty text is not a number, and makes the item unsupported.
        assert asked("tcp.status[closed]") == ("t", "")
        answers = [asked(f"tcp.status[{word}]") for word in WORDS]
    assert all(kind == "t" for kind, _ in answers[1:])
    record_property("observed", f"{len(answers) - 1} of 10 states, 7 in closewait")


# ---- a running Zabbix ----

def values_of_the_agent(monitored):
    """Return {key: number} of every state, by family and in total, and of all that are stable."""
    counts = monitored.counts()
    values = {}
    for state, word in zip(mib.STATES, WORDS, strict=True):
        values[f"tcp.status[{word}]"] = counts[4, state] + counts[6, state]
        # Sockets pass through other states, which increases these.
        values[f"tcp.status.max[{word}]"] = snmp.get_value(mib.of_state(mib.TOTAL_MAX, state))
        for family in (4, 6):
            values[f"tcp.status[{word},ipv{family}]"] = counts[family, state]
            values[f"tcp.status.max[{word},ipv{family}]"] = snmp.get_value(
                mib.of(mib.COUNT_MAX, family, state))
    for version, family in ((1, 4), (2, 6)):
        values[f"tcp.family[tcpFamilySockets,ipv{family}]"] = sum(
            number for (of, _), number in counts.items() if of == family)
        for name, column in (("tcpFamilyUdp", mib.FAMILY_UDP), ("tcpFamilyRaw", mib.FAMILY_RAW),
                             ("tcpFamilyFrag", mib.FAMILY_FRAG)):
            values[f"tcp.family[{name},ipv{family}]"] = snmp.get_value(column + (version,))
    for name in ("tcpHostTimeWaits", "tcpHostTimeWaitsMax", "tcpHostSocketsUsed"):
        values[f"tcp.host[{name}]"] = snmp.get_value(mib.of_host(name))
    return values | {"tcp.agent[tcpRefreshInterval]": 0.1, "tcp.agent[tcpRefreshWindow]": 300,
                     "tcp.agent[tcpRefreshMethod]": snmp.get_value(mib.REFRESH_METHOD),
                     "tcp.agent.registered": 1}


def test_values_are_the_agents(monitored, asked, record_property):
    with monitored.beside_the_sockets():
        udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
        for opened in udp:
            opened.bind(("127.0.0.1", 0))
    monitored.make_different_numbers()
    values = values_of_the_agent(monitored)
    assert values["tcp.family[tcpFamilyUdp,ipv4]"] == 3
    # Sockets in timeWait end within a minute, and a busy server may take longer.
    asked.poll_until_shows(lambda: values_of_the_agent(monitored))
    items = asked.items()
    assert {key for key, item in items.items() if item["state"] != "0"} == {
        f"tcp.host[{name}]" for name in ABSENT}
    assert float(items["tcp.agent[tcpRefreshAge]"]["lastvalue"]) <= MAX_AGE
    counts = monitored.counts()
    record_property("observed", f"{len(values)} values equal, {sum(counts.values())} sockets in"
                           f" {sum(map(bool, counts.values()))} of 22 rows")


def test_a_host_without_ipv4(monitored, zabbix, asked):
    interface, = zabbix.api("hostinterface.get", hostids=asked.id)
    zabbix.api("hostinterface.update", interfaceid=interface["interfaceid"], ip=ADDRESS_IPV6)
    try:
        monitored.make(4, "closeWait", 3)
        asked.poll_until_shows(lambda: values_of_the_agent(monitored))
    finally:
        zabbix.api("hostinterface.update", interfaceid=interface["interfaceid"],
                   ip=interface["ip"])


@pytest.mark.skipif(cgroups.root() is None, reason="no cgroup v2")
def test_discovered_owners(monitored, asked, record_property):
    monitored.unmake()
    with cgroups.Cgroups() as units:
        with units.inside("leak.service"):
            monitored.make(4, "closeWait", 5)
            monitored.make(6, "closeWait", 2)
        wanted = {"tcp.owner[closewait,leak.service]": 7, "tcp.owner[synsent,leak.service]": 0,
                  "tcp.owner.max[closewait,leak.service]": 7}
        until_asked(asked.discover, lambda: wanted.keys() <= {
            key.replace('"', "") for key in asked.items()}, "the owner is discovered")
        asked.poll_until_shows(lambda: wanted)
    record_property("observed", f"{len(wanted)} values equal")


def test_discovered_watches_listeners_and_thresholds(monitored, asked, zabbix, record_property):
    monitored.unmake()
    monitored.make(4, "closeWait", 31)
    with waiting_connections(monitored, 3, backlog=2, port=PORT):
        endpoint = f"127.0.0.1:{PORT}"
        wanted = {f"tcp.listener[tcpListenSockets,{endpoint}]": 1,
                  f"tcp.listener[tcpListenQueued,{endpoint}]": 3,
                  f"tcp.listener[tcpListenQueuedMax,{endpoint}]": 3,
                  f"tcp.listener[tcpListenBacklog,{endpoint}]": 2,
                  "tcp.threshold[tcpThresholdStatus,waiting]": 2,
                  "tcp.threshold[tcpThresholdValue,waiting]": 31,
                  **{f"tcp.watch.status[{word},ipv{family},web]": 0
                     for word in WORDS for family in (4, 6)},
                  "tcp.watch.status[listen,ipv4,web]": 1,
                  "tcp.watch.status[established,ipv4,web]": 3,
                  "tcp.watch[tcpWatchSockets,web]": 4,
                  "tcp.watch[tcpWatchPortUse,web]": 0}

        until_asked(asked.discover, lambda: wanted.keys() <= {
            key.replace('"', "") for key in asked.items()}, "all are discovered")
        asked.poll_until_shows(lambda: wanted)
        full, waiting = (snmp.get_value(mib.of_threshold(mib.THRESHOLD_TOP, name))
                         for name in ("full", "waiting"))
        assert full.startswith(f"127.0.0.1:{PORT} ") and full.endswith(" 150 %")
        texts = {"tcp.threshold[tcpThresholdTop,full]": full,
                 "tcp.threshold[tcpThresholdTop,waiting]": waiting,
                 **{f"tcp.threshold[tcpThresholdSinceDate,{name}]":
                        f"{date:%Y-%m-%d %H:%M:%S} +00:00"
                    for name, date in dates_of_thresholds().items()}}
        until_asked(asked.poll, lambda: texts.items() <= {
            key: item["lastvalue"] for key, item in asked.items().items()}.items(),
            "texts are equal")
        shown = {problem["name"]: problem["opdata"] for problem in zabbix.api(
            "problem.get", hostids=asked.id, output=["name", "opdata"])}
        # Zabbix cuts texts in operational data.
        assert shown["Threshold full is raised: listen any, range 120"] \
            == (full if len(full) <= 20 else f"{full[:20]}...")
    record_property("observed", f"{len(wanted)} values and {len(texts)} texts equal")


def dates_of_thresholds():
    """Return {name: date} of both thresholds, which are raised."""
    return {name: snmp.date(snmp.get_value(mib.of_threshold(mib.THRESHOLD_SINCE_DATE, name)))
            for name in ("waiting", "full")}


def test_triggers_fire_and_recover(monitored, watched, calm, record_property):
    for state in ("closeWait", "synSent"):
        monitored.make(6, state, 31)
    fired = ("Sockets in closeWait leak", "Peers do not answer",
             "Threshold waiting is raised: state any closeWait, range 30")
    watched.wait_until_problems(*fired)
    # Last, because these end within a minute.
    monitored.make(6, "timeWait", 31)
    fired += ("Many sockets in timeWait",)
    watched.wait_until_problems(*fired)
    monitored.unmake()
    watched.wait_until_problems()
    record_property("observed", "fired and recovered: " + ", ".join(fired))


def test_syn_flood_fires_and_recovers(monitored, watched, calm, record_property):
    with monitored.flood(3000):
        watched.wait_until_problems("SYN flood")
        assert snmp.get_value(mib.of_state(mib.TOTAL, "synReceived")) < 200
    watched.wait_until_problems()
    record_property("observed", "fired and recovered")


def test_scans_and_long_intervals_are_no_problem(monitored, watched, calm, record_property):
    """The drops of a scanned listener, and an age above the default of maxAge, are received."""
    with waiting_connections(monitored, 0, backlog=4) as listener:
        endpoint = "%s:%d" % listener.getsockname()
        key = f'tcp.listener[tcpListenDropped,"{endpoint}"]'
        until(lambda: key in watched.items(), "the listener is discovered", pause=0.2)
        problems = set()

        def scanned():
            with monitored.beside_the_sockets():
                scan(listener.getsockname()[1])
            problems.update(watched.problems())
            return float(watched.value(key)) > 10
        until(scanned, "drops are seen", pause=0.2)
        for _ in range(5):
            scanned()
        monitored.reconfigure(refreshInterval=20, maxAge=None)
        try:
            def old():
                problems.update(watched.problems())
                return float(watched.value("tcp.agent[tcpRefreshAge]")) > 6
            until(old, "the counts are old", pause=0.2)
        finally:
            monitored.reconfigure()
        assert not problems
    record_property("observed", f"{watched.value(key)} drops a second, no problem")


def test_full_accept_queue_fires_and_recovers(monitored, watched, calm, record_property):
    with waiting_connections(monitored, 4, backlog=4) as listener:
        name = "Accept queue of %s:%d fills" % listener.getsockname()
        watched.wait_until_problems(name)
        accepted = [listener.accept()[0] for _ in range(4)]
        watched.wait_until_problems()
        for connection in accepted:
            connection.close()
    record_property("observed", f"{name}: fired and recovered")


def test_missing_agent_fires_and_recovers(monitored, watched, calm, record_property):
    monitored.make(4, "established", 3)
    until(lambda: watched.value("tcp.status[established]") == "3", "the sockets are seen")
    monitored.stop_agent()
    try:
        since = int(time.time()) + 1
        watched.wait_until_problems("TCP state agent is missing")
        assert watched.value("tcp.agent.registered") == "0"
        assert watched.items()["tcp.status[established]"]["state"] == "1"
    finally:
        monitored.start_agent()
    watched.wait_until_problems()
    counted = watched.history("tcp.status[established]", since)
    assert set(counted) <= {"3"}, "a zero that nobody counted"
    record_property("observed", "missing: fired and recovered, no zero in between")


def test_failing_refreshes_fire_and_recover(monitored, watched, calm, record_property):
    """The errors, the age, and finally the absent counts, which Zabbix notices after 30 s."""
    monitored.refuse()
    try:
        watched.wait_until_problems("TCP refreshes fail", "TCP counts are old",
                                    "TCP counts are absent")
        assert watched.value("tcp.agent.registered") == "1"
    finally:
        monitored.allow()
    watched.wait_until_problems()
    record_property("observed", "errors, age and absence: fired and recovered")


def test_silent_snmpd_is_not_a_missing_agent(monitored, watched, calm, record_property):
    monitored.snmpd.pause()
    try:
        watched.wait_until_problems("TCP states: no answer by SNMP")
    finally:
        monitored.snmpd.resume()
    watched.wait_until_problems()
    record_property("observed", "no answer by SNMP: fired and recovered")


def differences(changes):
    """Return the changes in configuration.importcompare, which also lists equal discovery rules."""
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
    record_property("observed", f"{len(items)} items the same")


@pytest.fixture
def snmptrapd(monitored, zabbix):
    """snmptrapd that passes notifications to Zabbix with its script."""
    configuration = monitored.directory / "snmptrapd.conf"
    script = monitored.directory / "trap-to-zabbix"
    shutil.copy(TRAP_SCRIPT, script)
    configuration.write_text("authCommunity execute public\n"
                             f"traphandle default /bin/sh {script} {zabbix.traps}\n")
    daemon = monitored.launch("snmptrapd", [
        "snmptrapd", "-f", "-Lo", "-n", "-On", "-m", "", "-I", "-smux", "-X", "-C",
        "-c", configuration, "udp:127.0.0.1:162"])
    until(lambda: "NET-SNMP version" in daemon.log, "snmptrapd listens")
    return daemon


def test_a_poll_takes_few_requests(monitored, zabbix, watched, record_property):
    """Zabbix combines the items of a host. Each poll gives a value to every item."""
    item = watched.items()["tcp.agent[tcpRefreshInterval]"]
    period = 20

    def polls():
        return int(zabbix.api("history.get", itemids=item["itemid"], history=0, countOutput=True))
    until(polls, "the first poll")
    before, requests = polls(), snmp.get_value(SNMP_PACKETS)
    until(lambda: polls() >= before + period, "further polls", pause=0.5)
    taken = snmp.get_value(SNMP_PACKETS) - requests
    assert taken <= POLL_MAX * (polls() - before + 1)
    record_property("observed", f"{taken / (polls() - before):.1f} requests per poll of"
                                f" {len(watched.items())} items")


def test_history_survives_the_old_template(zabbix, watched, record_property):
    """A template with the same keys is unlinked, not cleared, and then this one takes over."""
    group, = zabbix.api("hostgroup.get", filter={"name": "Linux servers"})
    groups = [group] if zabbix.version < "6.2" else zabbix.api(
        "templategroup.get", filter={"name": "Templates"})
    old, = zabbix.api("template.create", host="Old states",
                      groups=[{"groupid": groups[0]["groupid"]}])["templateids"]
    zabbix.api("item.create", hostid=old, name="timewait", key_="tcp.status[timewait]",
               type=15, params="7", delay="1s", value_type=3)  # calculated
    host, = zabbix.api("host.create", host="migrated", groups=[{"groupid": group["groupid"]}],
                       interfaces=[SNMP_INTERFACE], templates=[{"templateid": old}])["hostids"]

    def item():
        found, = zabbix.api("item.get", hostids=host, filter={"key_": "tcp.status[timewait]"},
                            output=["itemid", "type", "templateid"])
        return found

    def sevens():
        return [point for point in zabbix.api("history.get", itemids=before["itemid"], history=3)
                if point["value"] == "7"]
    before = item()
    until(sevens, "the old item has a value", 60, 0.5)
    zabbix.api("host.update", hostid=host, templates=[])
    ours, = zabbix.api("template.get", filter={"host": TEMPLATE})
    zabbix.api("host.update", hostid=host, templates=[{"templateid": ours["templateid"]}])
    after = item()
    assert (after["itemid"], after["type"]) == (before["itemid"], SNMP)
    assert after["templateid"] != "0" and sevens()
    record_property("observed", f"{len(sevens())} values of the old item remain")
    zabbix.api("host.delete", [host])
    zabbix.api("template.delete", [old])


def test_notifications_are_received(monitored, watched, calm, snmptrapd, zabbix, record_property):
    """Each arrives once, with its values. Its trigger fires and recovers with the threshold."""
    trigger, = zabbix.api("trigger.get", hostids=watched.id, output=["triggerid"],
                          search={"description": "Notification of a raised threshold"})
    zabbix.api("trigger.update", triggerid=trigger["triggerid"], status=0)
    trap, = (key for key in watched.items() if key.startswith("snmptrap["))
    since = int(time.time())

    def received():
        return watched.history(trap, since)
    polled = "Threshold waiting is raised: state any closeWait, range 30"
    noticed = "Notification of a raised threshold"
    monitored.make(4, "closeWait", 29)
    monitored.make(6, "closeWait", 2)
    until(lambda: len(received()) == 1, "it was raised", pause=0.2)
    watched.wait_until_problems(polled, noticed, "Sockets in closeWait leak")
    event, = zabbix.api("problem.get", objectids=trigger["triggerid"], output=["name"],
                        selectTags=["tag", "value"])
    assert event["name"] == "Threshold waiting was raised"
    assert {"tag": "threshold", "value": "waiting"} in event["tags"]
    monitored.unmake()
    until(lambda: len(received()) == 2, "it was cleared", pause=0.2)
    watched.wait_until_problems()
    for notification, which in zip(received(), (mib.RAISED, mib.CLEARED), strict=True):
        assert f"{snmp.dotted(which)}\n" in notification
        assert '"waiting"' in notification and '"state any closeWait"' in notification
    assert re.search(r"\.1\.7\.1\.5\S* 31$", received()[0], re.MULTILINE)
    record_property("observed", f"raised and cleared, {len(received())} notifications")


def test_the_graph_shows_the_history(monitored, watched, calm, zabbix, picture, record_property):
    """The picture for README.md: a minute with a load of clients and a leaking server."""
    seen = []

    def polled_again():
        last = watched.items(filter={"key_": "tcp.status[established]"})[
            "tcp.status[established]"]["lastclock"]
        return last not in seen and not seen.append(last)
    with contextlib.ExitStack() as held:
        with monitored.beside_the_sockets():
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
            address = listener.getsockname()
        clients, leaked = [], []
        for second in range(60):
            with monitored.beside_the_sockets():
                while len(clients) < 25 + 15 * math.sin(second / 6):
                    clients.append((socket.create_connection(address), listener.accept()[0]))
                for near, far in clients[:3]:
                    near.close()
                    far.close()
                if second % 3 == 0:
                    clients[3][0].close()
                    leaked.append(clients.pop(3)[1])
                del clients[:3]
            until(polled_again, "the next poll")
        for connection in [*leaked, *(end for pair in clients for end in pair)]:
            held.enter_context(connection)
        monitored.wait_until_counted()
        for state in ("established", "closeWait", "timeWait"):
            assert monitored.counts()[4, state] >= 15
        wanted = {"tcp.status[established]": monitored.counts()[4, "established"],
                  "tcp.status[closewait]": len(leaked)}
        watched.poll_until_shows(lambda: wanted)
        graph, = zabbix.api("graph.get", hostids=watched.id, filter={"name": "TCP states"})
        drawn = zabbix.page("chart2.php", graphid=graph["graphid"], width=700, height=200,
                            profileIdx="web.charts.filter", **{"from": "now-1m", "to": "now"})
    assert drawn.startswith(b"\x89PNG")
    picture("zabbix").write_bytes(drawn)
    record_property("observed", f"{len(drawn)} bytes of PNG")
