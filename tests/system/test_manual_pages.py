# SPDX-License-Identifier: BSD-2-Clause
"""The manual pages tell of each option and directive that there is, and of no other."""

import pathlib
import re

import pytest

import usage
from daemons import AGENT, BUILD

SOURCES = pathlib.Path(__file__).parents[2]
PAGES = {path.stem: path for path in (SOURCES / "man").iterdir()}
# Each program with where its options are parsed.
PROGRAMS = {AGENT: ("tcp-state-agent", "agent/options.c"),
            BUILD / "tcp-states": ("tcp-states", "cli/options.c"),
            BUILD / "check_tcp_states": ("check_tcp_states", "cli/check_options.c")}


def parsed_options(source):
    """Those of the call of getopt in SOURCE, and of its table of long ones."""
    text = (SOURCES / "src" / source).read_text()
    letters, = re.findall(r'getopt(?:_long)?\(argc, argv, "\+?:?([\w:]+)"', text)
    names = re.findall(r'{"([\w-]+)", \w+_argument,', text)
    return {*letters.replace(":", ""), *("-" + name for name in names)}


def page_options(page):
    items = re.findall(r"^\.It (Fl .*)", PAGES[page].read_text(), re.MULTILINE)
    return {option.replace("\\", "") for item in items
            for option in re.findall(r"\bFl (\S+)", item)}


def page_directives():
    """{directive: the text about it} of tcp-state-agent.conf(5), in a line."""
    items = re.findall(r"^\.It Ic (\w+)(.*?)(?=^\.It Ic|^\.El)",
                       PAGES["tcp-state-agent.conf"].read_text(), re.MULTILINE | re.DOTALL)
    return {name: " ".join(re.sub(r"^\.\w\w ", "", told, flags=re.MULTILINE).split())
            for name, told in items}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_options_are_those_of_the_page(program):
    page, source = PROGRAMS[program]
    assert usage.options(program) == parsed_options(source) == page_options(page)


def test_directives_are_those_of_the_page():
    listed = re.findall(r"^  (\w+) +.*?(?:\(([^()]+)\))?$", usage.printed(AGENT, "-H"),
                        re.MULTILINE)
    told = page_directives()
    assert sorted(name for name, _ in listed) == sorted(told)
    for name, default in listed:
        assert ("default is" in told[name]) == bool(default), name
        assert re.search(rf"default is [^.;]*(?<!\S){re.escape(default)} ?[,.]( |$)",
                         told[name]) or not default, name


def test_pages_refer_to_each_other():
    sections = {name: path.suffix[1:] for name, path in PAGES.items()}
    assert len(sections) == 4
    for name, path in PAGES.items():
        body, also = path.read_text().split(".Sh SEE ALSO\n")
        referred = re.findall(r"^\.Xr (\S+) (\d)", also, re.MULTILINE)
        assert {(other, section) for other, section in sections.items() if other != name} \
            <= set(referred)
        for other, section in re.findall(r"^\.Xr (\S+) (\d)", body, re.MULTILINE):
            assert sections.get(other, section) == section
