# SPDX-License-Identifier: BSD-2-Clause
"""Draws the CPU time of a refresh over the number of sockets as an SVG with logarithmic axes."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 880, 540
LEFT, RIGHT, TOP, BOTTOM = 76, 644, 64, 470
LABEL_GAP = 17

# Okabe and Ito's colours for colour-blind readers, in the order of WAYS.
LINES = {
    "walk": ("#999999", "bare kernel walk"),
    "derived": ("#d55e00", "refresh, derived"),
    "full": ("#0072b2", "refresh, full"),
    "two-pass": ("#56b4e9", "two full dumps"),
    "ss": ("#009e73", "ss | awk"),
    "proc": ("#b8860b", "awk /proc/net/tcp"),
    "netstat": ("#cc79a7", "netstat | awk"),
    "psutil": ("#000000", "psutil"),
}

_HEAD = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" \
font-family="system-ui, 'DejaVu Sans', Arial, sans-serif" font-size="13" fill="#333">
<!-- SPDX-License-Identifier: BSD-2-Clause -->
<title>CPU time of a refresh by number of sockets</title>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>
<text x="{LEFT}" y="28" font-size="17" font-weight="600">Cost of counting the TCP sockets \
once</text>
<text x="{LEFT}" y="47" fill="#777">CPU time, median</text>
"""


class _Axis:
    """Convert the logarithm of a value to a position."""

    def __init__(self, low, high, begin, end):
        self._low, self._begin = math.log10(low), begin
        self._scale = (end - begin) / (math.log10(high) - self._low)

    def __call__(self, value):
        return self._begin + (math.log10(value) - self._low) * self._scale


def _points(results, name):
    return [(size, at.figures[name].median_cpu) for size, at in sorted(results.sizes.items())
            if size > 0 and at.figures[name].cpu]


def _time(ms):
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms"


def _sockets(size):
    if size >= 1_000_000:
        return f"{size / 1_000_000:g} million"
    return f"{size:,}"


def _grid_line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#e4e4e4"/>\n'


def _time_grid(y, low, high):
    for exponent in range(round(math.log10(low)), round(math.log10(high)) + 1):
        at = y(10 ** exponent)
        yield _grid_line(LEFT, at, RIGHT, at)
        yield (f'<text x="{LEFT - 10}" y="{at + 4:.1f}" text-anchor="end">'
               f'{_time(10 ** exponent)}</text>\n')


def _socket_grid(x, sizes):
    for size in sizes:
        yield _grid_line(x(size), TOP, x(size), BOTTOM)
        yield (f'<text x="{x(size):.1f}" y="{BOTTOM + 22}" text-anchor="middle">'
               f'{_sockets(size)}</text>\n')
    yield (f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 48}" text-anchor="middle" fill="#777">'
           f'ESTABLISHED sockets</text>\n')


def _line(name, places):
    colour, _ = LINES[name]
    width = 3.5 if name == "derived" else 2
    dashes = ' stroke-dasharray="6 4"' if name == "walk" else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield (f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" '
           f'stroke-linejoin="round"{dashes}/>\n')
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 1}" fill="{colour}"/>\n'


def _spread_labels(wanted):
    """Return the heights of the labels from the top: WANTED, or below where there is room."""
    heights = []
    for height in wanted:
        heights.append(max(height, heights[-1] + LABEL_GAP) if heights else height)
    return heights


def _labels(lines, points):
    """Return labels at the right ends of the lines."""
    names = sorted(lines, key=lambda name: lines[name][-1][1])
    heights = _spread_labels([lines[name][-1][1] for name in names])
    for name, height in zip(names, heights):
        colour, label = LINES[name]
        x, y = lines[name][-1]
        weight = ' font-weight="600"' if name == "derived" else ""
        cost = points[name][-1][1]
        shown = f"{cost / 1000:.2g} s" if cost >= 1000 else f"{cost:.3g} ms"
        yield (f'<line x1="{x + 6:.1f}" y1="{y:.1f}" x2="{RIGHT + 22}" y2="{height:.1f}" '
               f'stroke="{colour}" stroke-width="0.8"/>\n')
        yield (f'<text x="{RIGHT + 27}" y="{height + 4.5:.1f}" fill="{colour}"{weight}>'
               f'{escape(label)}, {shown}</text>\n')


def draw(results):
    """Return the SVG."""
    points = {name: found for name in LINES if (found := _points(results, name))}
    sizes = sorted({size for line in points.values() for size, _ in line})
    costs = [cost for line in points.values() for _, cost in line]
    low, high = 10 ** math.floor(math.log10(min(costs))), 10 ** math.ceil(math.log10(max(costs)))
    x, y = _Axis(sizes[0], sizes[-1], LEFT + 16, RIGHT), _Axis(low, high, BOTTOM, TOP)
    lines = {name: [(x(size), y(cost)) for size, cost in line] for name, line in points.items()}
    parts = [_HEAD, *_time_grid(y, low, high), *_socket_grid(x, sizes)]
    for name, places in lines.items():
        parts.extend(_line(name, places))
    parts.extend(_labels(lines, points))
    return "".join(parts) + "</svg>\n"
