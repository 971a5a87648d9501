# SPDX-License-Identifier: BSD-2-Clause
"""The objects of TCP-STATE-COUNT-MIB, read from the built module, as input of the generators.

    mib = objects.read("mibs/TCP-STATE-COUNT-MIB.txt")
    mib["tcpRefreshAge"].dotted             ".1.3.….1.8.2"
    mib.scalars[0].instance()               ".1.3.….1.4.1.0"
    for row in mib.rows:                    the 22 of tcpStateCountTable, in order
        row.family, row.state, mib["tcpStateCount"].instance(row)

Unknown syntax is an error, so that nothing is omitted silently. A generator has the form

    mib, directory = objects.arguments()
    (directory / "file").write_text(…)
"""

import argparse
import collections
import dataclasses
import pathlib
import re

MODULE = "TCP-STATE-COUNT-MIB"

# Names that the module imports.
_IMPORTED = {"enterprises": (1, 3, 6, 1, 4, 1),
             "netSnmpPlaypen": (1, 3, 6, 1, 4, 1, 8072, 9999, 9999)}
_INET_VERSION = {"ipv4": 1, "ipv6": 2}  # the families in the module

_LISTS = ("OBJECTS", "NOTIFICATIONS", "MANDATORY-GROUPS")

_TOKEN = re.compile(r"""
    \s+ | --.*? (?=\n|\Z)
    | (?P<text> "[^"]*") | (?P<word> [A-Za-z][A-Za-z0-9-]*) | (?P<number> \d+)
    | (?P<mark> ::= | \.\. | [{}(),;|])""", re.VERBOSE)

Row = collections.namedtuple("Row", "family state index")


class MibError(Exception):
    """The module does not have the expected form."""


@dataclasses.dataclass(frozen=True)
class Object:
    """One object: KIND is scalar, column, index, entry, table or notification.

    SYNTAX is the name of its base type, such as Gauge32, or of a textual convention. ENUMERATION is
    {name: number}. RESTRICTION is a size or range, such as "SIZE (1..32)" or "1..65535". INDEX has
    the names of the index objects of columns, indexes and entries. OBJECTS are those of a
    notification.

    In Module.others, KIND is a macro, such as OBJECT-GROUP, and OBJECTS are those that it lists.
    """

    name: str
    oid: tuple
    kind: str
    syntax: str
    enumeration: dict
    units: str
    access: str
    description: str
    index: tuple = ()
    objects: tuple = ()
    restriction: str = ""
    reference: str = ""

    @property
    def dotted(self):
        return dotted(self.oid)

    def instance(self, row=None):
        """Return the dotted OID of a scalar, or of a column in ROW, a Row or its index."""
        index = row.index if isinstance(row, Row) else row or (0,)
        return dotted(self.oid + tuple(index))


class Module:
    """All Objects of the module by name, in the order of the module, which is that of their OIDs.

    OTHERS are what else it defines, by name, in the order of the module.
    """

    def __init__(self, root, objects, states, others):
        self.root = root
        self.objects = objects
        self.states = states
        self.others = others
        self.families = _INET_VERSION

    def __getitem__(self, name):
        return self.objects[name]

    @property
    def scalars(self):
        return [found for found in self.objects.values() if found.kind == "scalar"]

    @property
    def notifications(self):
        return [found for found in self.objects.values() if found.kind == "notification"]

    def columns(self, table):
        """Return the accessible columns of the table named TABLE."""
        place = self[table].oid
        return [found for found in self.objects.values()
                if found.kind == "column" and found.oid[:len(place)] == place]

    @staticmethod
    def text_index(text):
        """Return the index of a row whose only index is TEXT."""
        octets = tuple(text.encode())
        return len(octets), *octets

    @property
    def rows(self):
        """The rows of tcpStateCountTable."""
        return [Row(family, state, (version, number))
                for family, version in self.families.items()
                for state, number in self.states.items()]


def read(path):
    """Read the Module in the file PATH. MibError reports the error and its line."""
    return _Reader(pathlib.Path(path).read_text(encoding="ascii")).module()


def arguments():
    """Return (Module, output directory) from the command line of a generator."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mib", help=f"{MODULE}, as built")
    parser.add_argument("directory", type=pathlib.Path, help="where to write the files")
    given = parser.parse_args()
    return read(given.mib), given.directory


def dotted(oid):
    return "." + ".".join(map(str, oid))


class _Reader:
    """A cursor over the module's tokens."""

    def __init__(self, text):
        self._tokens = list(_tokens(text))
        self._next = 0
        self._oids = dict(_IMPORTED)
        self._conventions = {"InetVersion": ("InetVersion", _INET_VERSION, "")}
        self._objects = {}
        self._others = {}
        self._root = None

    def module(self):
        self._expect(MODULE, "DEFINITIONS", "::=", "BEGIN", "IMPORTS")
        self._until(";")
        while not self._accept("END"):
            self._definition()
        if self._next != len(self._tokens):
            raise MibError("something follows END")
        if self._root is None or "TcpState" not in self._conventions:
            raise MibError("MODULE-IDENTITY or TcpState is missing")
        return Module(self._root, self._with_indexes(), self._conventions["TcpState"][1],
                      self._others)

    def _definition(self):
        name = self._take()
        if self._accept("::="):
            if self._accept("SEQUENCE"):
                self._until("}")
            else:
                self._expect("TEXTUAL-CONVENTION")
                clauses = self._clauses("SYNTAX")
                self._conventions[name] = clauses["SYNTAX"]
                self._others[name] = self._object(name, (), "TEXTUAL-CONVENTION", clauses)
            return
        macro = self._take()
        if macro == "OBJECT":
            self._expect("IDENTIFIER")
            clauses = {}
        elif macro in ("MODULE-IDENTITY", "OBJECT-IDENTITY", "OBJECT-TYPE", "NOTIFICATION-TYPE",
                       "MODULE-COMPLIANCE", "OBJECT-GROUP", "NOTIFICATION-GROUP"):
            clauses = self._clauses("::=")
        else:
            self._fail("a macro that is known")
        if not self._accept("::="):
            self._fail("::=")
        oid = self._assigned()
        if name in self._oids or oid in self._oids.values():
            raise MibError(f"{name} {dotted(oid)}: named or numbered twice")
        self._oids[name] = oid
        if macro == "MODULE-IDENTITY":
            self._root = dotted(oid)
        found = self._object(name, oid, macro, clauses)
        (self._others if found.kind == macro else self._objects)[name] = found

    def _object(self, name, oid, macro, clauses):
        kind = {"NOTIFICATION-TYPE": "notification", "OBJECT-TYPE": "leaf"}.get(macro, macro)
        syntax, enumeration, restriction = clauses.get("SYNTAX", ("", {}, ""))
        index = clauses.get("INDEX", ())
        if syntax.startswith("SEQUENCE OF "):
            kind = "table"
        elif index:
            kind = "entry"
        listed = next((clauses[clause] for clause in _LISTS if clause in clauses), ())
        return Object(name, oid, kind, syntax, enumeration, clauses.get("UNITS", ""),
                      clauses.get("MAX-ACCESS", ""), clauses.get("DESCRIPTION", ""), index,
                      listed, restriction, clauses.get("REFERENCE", ""))

    def _with_indexes(self):
        """Return the objects. Leaves are scalars, columns and indexes."""
        entries = {found.oid: found for found in self._objects.values() if found.kind == "entry"}
        made = {}
        for name, found in self._objects.items():
            if found.kind == "leaf":
                entry = entries.get(found.oid[:-1])
                if entry is None:
                    found = dataclasses.replace(found, kind="scalar")
                else:
                    found = dataclasses.replace(
                        found, kind="index" if name in entry.index else "column",
                        index=entry.index)
                if (found.kind == "index") != (found.access == "not-accessible"):
                    raise MibError(f"{name}: {found.kind}, but {found.access}")
            made[name] = found
        return dict(sorted(made.items(), key=lambda item: item[1].oid))

    def _clauses(self, end):
        """Return {clause: value} up to END, or to the SYNTAX that ends a textual convention."""
        clauses = {}
        while self._peek() != "::=":
            clause = self._take()
            if clause == "REVISION":  # has a separate DESCRIPTION
                self._text()
                self._expect("DESCRIPTION")
                self._text()
                continue
            if clause == "MODULE":  # this one
                continue
            if clause == "GROUP":  # optional
                self._take()
                self._expect("DESCRIPTION")
                self._text()
                continue
            value = self._clause(clause)
            if clause in clauses:
                raise MibError(f"line {self._line}: {clause} is there twice")
            clauses[clause] = value
            if clause == end:
                break
        return clauses

    def _clause(self, clause):
        if clause == "SYNTAX":
            return self._syntax()
        if clause == "INDEX" or clause in _LISTS:
            return self._names()
        if clause in ("STATUS", "MAX-ACCESS"):
            return self._take()
        if clause in ("LAST-UPDATED", "ORGANIZATION", "CONTACT-INFO", "DESCRIPTION", "REFERENCE",
                      "UNITS"):
            return self._text()
        return self._fail("a clause that is known")

    def _syntax(self):
        """Return (name, enumeration, restriction)."""
        name = self._take()
        if name == "SEQUENCE":
            self._expect("OF")
            return f"SEQUENCE OF {self._take()}", {}, ""
        if name in self._conventions:
            enumeration = self._conventions[name][1]
        elif name == "INTEGER" and self._peek() == "{":
            enumeration = self._enumeration()
        elif name in ("Gauge32", "Counter32", "Counter64", "Unsigned32", "TimeTicks", "TimeStamp",
                      "DateAndTime",
                      "SnmpAdminString", "InetPortNumber") or name.endswith("Entry"):
            enumeration = {}
        else:
            self._fail("a syntax that is known")
        return name, enumeration, self._restriction() if self._accept("(") else ""

    def _restriction(self):
        if self._accept("SIZE"):
            self._expect("(")
            restriction = f"SIZE ({self._restriction()})"
            self._expect(")")
            return restriction
        begin = self._next
        self._until(")")
        return "".join(token for token, _ in self._tokens[begin:self._next - 1])

    def _enumeration(self):
        self._expect("{")
        values = {}
        while True:
            name = self._take()
            self._expect("(")
            values[name] = int(self._take())
            self._expect(")")
            if self._accept("}"):
                return values
            self._expect(",")

    def _names(self):
        self._expect("{")
        names = []
        while True:
            names.append(self._take())
            if self._accept("}"):
                return tuple(names)
            self._expect(",")

    def _assigned(self):
        """Return the OID of { parent name(number)... number }."""
        self._expect("{")
        parent = self._take()
        if parent not in self._oids:
            self._fail("a parent that is known")
        oid = self._oids[parent]
        while not self._accept("}"):
            number = self._take()
            if not number.isdigit():
                self._expect("(")
                number = self._take()
                self._expect(")")
            oid += (int(number),)
        return oid

    def _text(self):
        """Return a quoted text with its paragraphs and tables, without indentation."""
        quoted = self._take()
        if not quoted.startswith('"'):
            self._fail("a text")
        first, *others = quoted.strip('"').split("\n")
        indent = min((len(line) - len(line.lstrip()) for line in others if line.strip()),
                     default=0)
        return "\n".join([first, *(line[indent:] for line in others)]).strip()

    def _peek(self):
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _take(self):
        if self._next == len(self._tokens):
            raise MibError("the module has no end")
        self._next += 1
        return self._tokens[self._next - 1][0]

    def _accept(self, token):
        found = self._peek() == token
        self._next += found
        return found

    def _expect(self, *tokens):
        for token in tokens:
            if self._take() != token:
                self._fail(token)

    def _until(self, token):
        while self._take() != token:
            pass

    @property
    def _line(self):
        return self._tokens[self._next - 1][1]

    def _fail(self, wanted):
        raise MibError(f"line {self._line}: {wanted} expected, not"
                       f" {self._tokens[self._next - 1][0]}")


def _tokens(text):
    """Return the tokens as (token, line)."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        line = text.count("\n", 0, place) + 1
        if found is None:
            raise MibError(f"line {line}: {text[place]!r} is not understood")
        if found.lastgroup:
            yield found[0], line
        place = found.end()
