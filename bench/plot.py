"""A plot of ratios as SVG: a line for each workload, a mark for each contender, a logarithmic scale."""

import math
from html import escape

from bench.tables import Table

_COLOURS = ("#1f4e9c", "#c0392b", "#27813b", "#8e44ad", "#d35400", "#555555", "#0e7c86", "#a67c00")
_LEFT, _RIGHT, _TOP, _STEP, _WIDTH = 130, 30, 70, 38, 860
_DIVISIONS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)


def ratios_svg(table: Table) -> str:
    """The plot of a table whose first row is 1 everywhere."""
    workloads = list(table.columns[1:])
    marks = [
        (contender, line, float(str(value)))
        for contender, row in enumerate(table.rows)
        for line, value in enumerate(row[1:])
    ]
    least = min(min(value for *_, value in marks), 0.5)
    most = max(max(value for *_, value in marks), 2.0)
    height = _TOP + _STEP * len(workloads) + 40

    def x(value: float) -> float:
        share = math.log(value / least) / math.log(most / least)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        f'<text x="10" y="22" font-size="15">{escape(table.title)} (left is better)</text>',
        *_legend([str(row[0]) for row in table.rows]),
    ]
    for division in _DIVISIONS:
        if least <= division <= most:
            parts += _division(x(division), division, height)
    for line, name in enumerate(workloads):
        y = _TOP + _STEP * (line + 0.5)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
    for contender, line, value in marks:
        y = _TOP + _STEP * (line + 0.5) + 2.5 * (contender - (len(table.rows) - 1) / 2)
        colour = _COLOURS[contender % len(_COLOURS)]
        parts.append(f'<circle cx="{x(value):.1f}" cy="{y:.1f}" r="5" fill="{colour}" fill-opacity="0.85"/>')
    return "\n".join([*parts, "</svg>", ""])


def _division(x: float, value: float, height: int) -> list[str]:
    colour, width = ("#1f4e9c", 1.5) if value == 1 else ("#eee", 1)
    bottom = height - 30
    stroke = f'stroke="{colour}" stroke-width="{width}"'
    return [
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" {stroke}/>',
        f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#555">{value:g}</text>',
    ]


def _legend(names: list[str]) -> list[str]:
    parts, x = [], 14.0
    for n, name in enumerate(names):
        parts.append(f'<circle cx="{x:.0f}" cy="45" r="5" fill="{_COLOURS[n % len(_COLOURS)]}"/>')
        parts.append(f'<text x="{x + 9:.0f}" y="49" font-size="11">{escape(name)}</text>')
        x += 24 + 5.9 * len(name)
    return parts
