#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draws doc/tcp-states.svg: tcp-states -w on a real terminal, while a program leaks sockets.

    sudo unshare --net doc/terminal_picture.py BUILD

Takes a minute, the time that the graph shows. Debian packages: iproute2, python3-pyte.
"""

import html
import pathlib
import random
import socket
import subprocess
import sys
import time

SOURCES = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCES / "tests/system"))

from terminal import Terminal  # noqa: E402, in the directory of the tests

COLUMNS, LINES = 76, 24
WIDTH, HEIGHT, TOP = 8.4, 18, 12
COLOURS = {"default": "#d8dee9", "red": "#ff6b6b", "green": "#8ccf7e", "brown": "#e5c76b"}
BACKGROUND = "#141b1e"
SECONDS = 66


class Load:
    """Connections of a busy server, of which a program leaves more and more half-closed."""

    def __init__(self):
        self._server = socket.create_server(("127.0.0.1", 8080), backlog=1024)
        self._held = []
        for _ in range(400):
            self._connect()

    def _connect(self):
        client = socket.create_connection(self._server.getsockname())
        self._held.append((client, self._server.accept()[0]))

    def step(self):
        for _ in range(random.randint(0, 3)):
            self._connect()
        for _ in range(random.randint(0, 2)):
            for end in self._held.pop(0):
                end.close()
        client, server = self._held[-1]
        client.shutdown(socket.SHUT_WR)  # the server is in closeWait now, and stays there
        self._held.insert(len(self._held) // 2, self._held.pop())


def style_of(character):
    colour = COLOURS.get(character.fg, COLOURS["default"])
    return colour, "bold" if character.bold else "normal"


def row_of(number, characters):
    """Return the text elements of a row, one for each run of the same style."""
    elements, begin = [], 0
    while begin < COLUMNS:
        end = begin
        while end < COLUMNS and style_of(characters[end]) == style_of(characters[begin]):
            end += 1
        text = "".join(characters[i].data for i in range(begin, end))
        colour, weight = style_of(characters[begin])
        if text.strip():
            elements.append(
                f'<text x="{TOP + begin * WIDTH:.1f}" y="{TOP + (number + 1) * HEIGHT - 5}"'
                f' fill="{colour}" font-weight="{weight}" textLength="{len(text) * WIDTH:.1f}"'
                f' xml:space="preserve">{html.escape(text)}</text>')
        begin = end
    return elements


def drawn(screen):
    elements = [element for number in range(LINES)
                for element in row_of(number, screen.buffer[number])]
    width, height = COLUMNS * WIDTH + 2 * TOP, LINES * HEIGHT + 2 * TOP
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}"'
        ' font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">',
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>', *elements, "</svg>", ""])


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    socket.sethostname("web1")
    load = Load()
    with Terminal([build / "tcp-states", "-w", "1"], COLUMNS, LINES) as terminal:
        for _ in range(SECONDS):
            load.step()
            time.sleep(1)
            terminal.rows  # noqa: B018, reads what has been written
        (SOURCES / "doc/tcp-states.svg").write_text(drawn(terminal.screen))


if __name__ == "__main__":
    main()
