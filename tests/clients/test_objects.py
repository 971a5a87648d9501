# SPDX-License-Identifier: BSD-2-Clause
"""The input of the generators equals what net-snmp reads in the MIB, and follows its root."""

import re
import subprocess

import pytest

import mib
import objects
import snmp
from daemons import OTHER_ROOT, build_at_other_root
from monitored_host import INTEGRATIONS, MIB_FILE, SOURCES

DEFAULT_ROOT = re.compile(r"8072[^0-9]{1,3}9999|netSnmpPlaypen")


@pytest.fixture(scope="module")
def other_root_build(tmp_path_factory):
    return build_at_other_root(tmp_path_factory.mktemp("other-root"), "integrations/generated")


def translate(*options):
    directories = f"{MIB_FILE.parent}:{SOURCES}/mibs/stand-ins:/usr/share/snmp/mibs"
    return subprocess.run(["snmptranslate", "-M", directories, "-m", objects.MODULE, *options],
                          check=True, capture_output=True, text=True).stdout


def test_objects_are_those_that_net_snmp_reads(record_property):
    module = objects.read(MIB_FILE)
    assert module.root == snmp.dotted(mib.ROOT)
    ours = {found.name: found.dotted
            for found in (*module.objects.values(), *module.others.values()) if found.oid}
    theirs = dict(re.findall(r'^"(\w+)"\t+"(\S+)"$', translate("-Tz"), re.MULTILINE))
    assert ours == {name: "." + oid for name, oid in theirs.items()
                    if ("." + oid + ".").startswith(module.root + ".")}
    for name, found in module.objects.items():
        output = translate("-Td", f"{objects.MODULE}::{name}")
        description = re.search(r'^  DESCRIPTION\s+"([^"]*)"', output, re.MULTILINE)
        assert found.description.split() == description[1].split(), name
        values = re.search(r"^  SYNTAX\s+\w+ \{(.*)\}", output, re.MULTILINE)
        enumeration = {word: int(number) for word, number in
                       re.findall(r"(\w+)\((\d+)\)", values[1] if values else "")}
        enumeration.pop("unknown", None)  # of InetVersion, not counted
        assert found.enumeration == enumeration, name
        units = re.search(r'^  UNITS\s+"(.*)"', output, re.MULTILINE)
        assert found.units == (units[1] if units else ""), name
        if found.restriction:
            limits = re.search(r"^  SYNTAX\s+[\w ]+\((.*)\)", output, re.MULTILINE)
            assert re.sub(r"SIZE \((.*)\)", r"\1", found.restriction) == limits[1], name
        index = re.search(r"^  INDEX\s+\{ (.*) \}", output, re.MULTILINE)
        if index and found.kind == "entry":
            assert ", ".join(found.index) == index[1]
    everything = set(re.findall(r"^(\w+) OBJECT-TYPE", MIB_FILE.read_text(), re.MULTILINE))
    assert everything == {found.name for found in module.objects.values()
                          if found.kind != "notification"}
    record_property("observed", f"{len(ours)} objects at {module.root}")


def test_rows_are_those_that_the_agent_serves():
    module = objects.read(MIB_FILE)
    assert [(row.family, row.state) for row in module.rows] == [
        (f"ipv{family}", state) for family, state in mib.ROWS]
    assert [module["tcpStateCount"].instance(row) for row in module.rows] == [
        snmp.dotted(oid) for oid in mib.COUNTS]
    assert module["tcpRefreshAge"].instance() == snmp.dotted(mib.REFRESH_AGE)


@pytest.mark.parametrize("words, replacement, complaint", [
    ("SYNTAX Gauge32", "SYNTAX Guage32", "a syntax that is known"),
    ("::= { tcpStateCountEntry 4 }", "::= { tcpStateCountEntry 3 }", "numbered twice"),
    ("::= { tcpHost 1 }", "::= { tcpHots 1 }", "a parent that is known"),
    ("MAX-ACCESS read-only", "ACCESS read-only", "a clause that is known"),
    ("    STATUS current\n", "    STATUS current\n    STATUS current\n", "is there twice"),
    ("\nEND", "", "no end"),
], ids=("syntax", "number", "parent", "clause", "repetition", "end"))
def test_unknown_syntax_is_an_error(tmp_path, words, replacement, complaint):
    text = MIB_FILE.read_text()
    assert words in text
    broken = tmp_path / "MIB"
    broken.write_text(text.replace(words, replacement, 1))
    with pytest.raises(objects.MibError, match=complaint):
        objects.read(broken)


def test_all_files_follow_the_root(other_root_build, record_property):
    ours, theirs = ({path.relative_to(integrations): path.read_text()
                     for path in integrations.rglob("*") if path.is_file()}
                    for integrations in (INTEGRATIONS, other_root_build / "integrations"))
    assert ours and ours.keys() == theirs.keys()
    for path, text in theirs.items():
        assert not DEFAULT_ROOT.search(text), path
        # Only the root differs: it does not occur in any other form.
        same = ours[path]
        for written in (lambda root: root, lambda root: root[1:], re.escape):
            same = same.replace(written(snmp.dotted(mib.ROOT)), written(OTHER_ROOT))
        assert same == text, path
    record_property("observed", f"{len(theirs)} files without {snmp.dotted(mib.ROOT)}")
