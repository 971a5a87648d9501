# SPDX-License-Identifier: BSD-2-Clause
"""Writes mib.md, the reference of TCP-STATE-COUNT-MIB, for people who read no ASN.1.

    PYTHONPATH=integrations python3 doc/mib.py build/mibs/TCP-STATE-COUNT-MIB.txt doc
"""

import re
import string

import objects

_PAGE = string.Template("""\
<!-- SPDX-License-Identifier: BSD-2-Clause -->
<!-- Written by doc/mib.py. After a change of the MIB, with a build at the default root in build/:
PYTHONPATH=integrations python3 doc/mib.py build/mibs/TCP-STATE-COUNT-MIB.txt doc -->
# $module

$description

| table or group | what | OID | index |
|---|---|---|---|
$overview

[Notifications](#notifications), [textual conventions](#textual-conventions),
[conformance](#conformance), and [all OIDs by number](#by-number).

## Reading it

All of it is below `$root`, unless the agent was built with
another `--with-mib-root`. Nothing can be set. Behind an object's OID comes `.0`, and behind a
column's the row's index.

The 22 rows of [`tcpStateCountTable`](#tcpstatecounttable) are always the same. They are asked for
by name where the manager has the MIB, and by number anywhere; one GET reads them all:

    snmpget -v2c -c public -m $module HOST tcpStateCount.ipv4.established
    snmpget -v2c -c public HOST $count.{1,2}.{1,2,3,4,5,6,7,8,9,10,11}

Tables whose rows come and go are walked:

    snmpbulkwalk -v2c -c public HOST $listen

At a shell `tcp-states` shows the same of this machine, and of another one
`tcp-states -H HOST -- -v2c -c public`.

| the answer | means |
|---|---|
| a number | counted, zeros too |
| `No Such Instance`, and [`tcpRefreshes`](#tcprefreshes) is there | refreshes fail: \
[`tcpRefreshLastError`](#tcprefreshlasterror) and the agent's log say why |
| `No Such Object` or `No Such Instance` for everything | the agent does not run, is not \
registered with snmpd, or the view leaves it out |
| `Timeout` | snmpd does not answer, or not to this community or address |

$sections

## Notifications

$notifications

## Textual conventions

$conventions

## Conformance

$conformance

## By number

Behind a column comes the row's index, behind other objects `.0`.

| OID | object |
|---|---|
$numbers
""")

# A row of each table, and what its OID ends with.
_ROWS = {"tcpStateCountTable": ((1, 5), "IPv4, established"),
         "tcpStateTotalTable": ((11,), "timeWait"),
         "tcpFamilyTable": ((2,), "IPv6"),
         "tcpListenQueueTable": ((1, 4, 192, 0, 2, 1, 443), "IPv4, its 4 octets, port 443"),
         "tcpPortStateTable": ((1, 443, 5), "IPv4, port 443, established"),
         "tcpThresholdTable": (tuple(b"web"), "the name web, in ASCII")}

# "closed(1)   text": the lines of a list, in descriptions
_ITEM = re.compile(r"(\w+(?:\(\d+\))?) {2,}(?=\S)")


class Writer:
    """What is said about each definition of MIB, in Markdown."""

    def __init__(self, mib):
        self._mib = mib
        everything = [*mib.objects.values(), *mib.others.values()]
        self._places = sorted(
            (found for found in everything if found.kind in ("table", "OBJECT-IDENTITY")),
            key=lambda found: found.oid)
        self._headings = [found.name for found in everything if found.kind in (
            "table", "OBJECT-IDENTITY", "scalar", "column", "notification", "TEXTUAL-CONVENTION")]
        self._linked = re.compile(rf"(?<![\w`])({'|'.join(self._headings)})(?![\w`])")

    def page(self):
        mib = self._mib
        identity, = self._others("MODULE-IDENTITY")
        return _PAGE.substitute(
            module=objects.MODULE, root=mib.root,
            description=self._text(re.sub(r"\s+Copyright.*", "", identity.description,
                                          flags=re.DOTALL)),
            overview="\n".join(map(self._overview, self._places)),
            count=mib["tcpStateCount"].dotted, listen=mib["tcpListenQueueTable"].dotted,
            sections="\n\n".join(map(self._section, self._places)),
            notifications="\n\n".join(map(self._notification, mib.notifications)),
            conventions="\n\n".join(map(self._convention, self._others("TEXTUAL-CONVENTION"))),
            conformance="\n".join(map(self._conformance, self._others(
                "MODULE-COMPLIANCE", "OBJECT-GROUP", "NOTIFICATION-GROUP"))),
            numbers="\n".join(self._number(found) for found in sorted(
                (*mib.objects.values(), *self._others("OBJECT-IDENTITY")),
                key=lambda found: found.oid) if found.name in self._headings))

    def _others(self, *kinds):
        return [found for found in self._mib.others.values() if found.kind in kinds]

    # ---- lines of tables ----

    def _overview(self, place):
        entry = self._entry(place)
        index = ", ".join(f"`{name}`" for name in (entry.index if entry else ()))
        sentence = re.match(r".*?[.,](?=\s|$)", place.description, re.DOTALL)[0]
        return (f"| {self._link(place.name)} | {self._text(sentence.rstrip(',.'))}"
                f" | `{place.dotted}` | {index} |")

    def _number(self, found):
        return f"| `{found.dotted}` | {self._link(found.name)} |"

    def _conformance(self, found):
        return (f"- **{found.name}** `{found.dotted}`: {self._text(found.description)}"
                f" {', '.join(map(self._link, found.objects))}.")

    # ---- sections ----

    def _section(self, place):
        members = [found for found in self._mib.objects.values()
                   if found.oid[:len(place.oid)] == place.oid
                   and found.kind in ("scalar", "column")]
        paragraphs = [f"## {place.name}", f"`{place.dotted}`", self._text(place.description)]
        if place.kind == "table":
            paragraphs += self._rows(place, members)
        return "\n\n".join([*paragraphs, *map(self._object, members)])

    def _rows(self, table, members):
        entry = self._entry(table)
        end, meaning = _ROWS[table.name]
        yield f"A row: {self._text(entry.description)}"
        indexes = [self._mib.objects.get(name) for name in entry.index]
        yield "Index:\n\n" + "\n".join(
            f"- **{name}** {self._facts(found)}: {self._text(found.description)}" if found
            else f"- **{name}**, of TCP-MIB" for name, found in zip(entry.index, indexes))
        yield (f"For example `{members[0].dotted}{objects.dotted(end)}` is `{members[0].name}` of"
               f" the row `{objects.dotted(end)[1:]}`: {meaning}.")

    def _object(self, found):
        return "\n\n".join([f"### {found.name}", self._facts(found),
                            self._text(found.description), *self._reference(found)])

    def _notification(self, found):
        return "\n\n".join([f"### {found.name}", f"`{found.dotted}`",
                            self._text(found.description),
                            "Its objects: " + ", ".join(map(self._link, found.objects)) + "."])

    def _convention(self, found):
        return "\n\n".join([f"### {found.name}", self._values(found),
                            self._text(found.description), *self._reference(found)])

    # ---- pieces ----

    def _entry(self, place):
        """That of a table; a group of scalars has none."""
        return next((found for found in self._mib.objects.values()
                     if found.kind == "entry" and found.oid[:-1] == place.oid), None)

    def _facts(self, found):
        facts = (f"`{found.dotted}`", self._syntax(found), found.units, found.access)
        return ", ".join(filter(None, facts))

    def _syntax(self, found):
        if found.syntax in self._headings:
            return self._link(found.syntax)
        syntax = found.syntax + (f" ({found.restriction})" if found.restriction else "")
        return syntax + (f" {{{self._values(found)}}}" if found.enumeration else "")

    @staticmethod
    def _values(found):
        return ", ".join(f"{name}({number})" for name, number in found.enumeration.items())

    def _reference(self, found):
        if found.reference:
            yield f"See {self._marked(' '.join(found.reference.split()))}."

    def _link(self, name):
        return f"[`{name}`](#{name.lower()})" if name in self._headings else f"`{name}`"

    def _text(self, description):
        """DESCRIPTION, in paragraphs and lists that are no longer broken into lines."""
        return "\n\n".join(self._paragraph(paragraph.split("\n"))
                           for paragraph in description.split("\n\n"))

    def _paragraph(self, lines):
        items = []
        for line in lines:
            item = _ITEM.match(line)
            if item:
                items.append(f"- **{item[1]}**: {line[item.end():]}")
            elif items and not line.startswith(" "):
                raise objects.MibError(f"{line!r} is in a list, and is not")
            elif items:
                items[-1] += " " + line.strip()
        return self._marked("\n".join(items) if items else " ".join(lines))

    def _marked(self, text):
        text = re.sub(r"  +", " ", text)
        text = re.sub(r"(?<!\w)'([^']+)'(?!\w)", r"`\1`", text)
        text = re.sub(r"net\.\w+\.\w+|/proc/[\w/]+", r"`\g<0>`", text)
        return self._linked.sub(lambda found: self._link(found[1]), text)


mib, directory = objects.arguments()
(directory / "mib.md").write_text(Writer(mib).page(), encoding="utf-8")
