# SPDX-License-Identifier: BSD-2-Clause
"""The manual pages document exactly the existing options and directives."""

import pathlib
import re

import pytest

import terminal
from daemons import AGENT, BUILD

SOURCES = pathlib.Path(__file__).parents[2]
PAGES = {path.stem: path for path in (SOURCES / "man").iterdir()}
PROGRAMS = {AGENT: "tcp-state-agent", BUILD / "tcp-states": "tcp-states",
            BUILD / "check_tcp_states": "check_tcp_states"}


def page_options(page):
    items = re.findall(r"^\.It (Fl .*)", PAGES[page].read_text(), re.MULTILINE)
    return {option.replace("\\", "") for item in items
            for option in re.findall(r"\bFl (\S+)", item)}


def page_directives():
    """Return {directive: description} of tcp-state-agent.conf(5), each in one line."""
    items = re.findall(r"^\.It Ic (\w+)(.*?)(?=^\.It Ic|^\.El)",
                       PAGES["tcp-state-agent.conf"].read_text(), re.MULTILINE | re.DOTALL)
    return {name: " ".join(re.sub(r"^\.\w\w ", "", text, flags=re.MULTILINE).split())
            for name, text in items}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_options_are_those_of_the_page(program):
    assert terminal.options(program) == page_options(PROGRAMS[program])


def test_directives_are_those_of_the_page():
    listed = re.findall(r"^  (\w+) +.*?(?:\(([^()]+)\))?$", terminal.printed(AGENT, "-H"),
                        re.MULTILINE)
    documented = page_directives()
    assert sorted(name for name, _ in listed) == sorted(documented)
    for name, default in listed:
        assert ("default is" in documented[name]) == bool(default), name
        assert re.search(rf"default is [^.;]*(?<!\S){re.escape(default)} ?[,.]( |$)",
                         documented[name]) or not default, name


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
